"""gradcheck on functions that are right, and on all the ways to be wrong."""

from __future__ import annotations

import pytest

import course.nptorch as nptorch
from tests.programs.both import same


def first_line(T, check):
    """Return the first line of what a check raises, in torch's spelling."""
    try:
        return str(check())
    except Exception as error:
        return f"{type(error).__name__}: {str(error).split(chr(10))[0]}"


def right_and_wrong(T, note):
    gradcheck = T.autograd.gradcheck

    class Wrong(T.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 3

    class Offset(T.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x + 1

        @staticmethod
        def backward(ctx, g):
            return T.ones(2)

    class FullyDefined(T.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x + 1

        @staticmethod
        def backward(ctx, g):
            if g is None:
                raise RuntimeError("no gradient came")
            return g

    x = T.tensor([1.0, 2.0], requires_grad=True)
    note("right", gradcheck(lambda a: (a * a).sum(), (x,)))
    note("wrong", first_line(T, lambda: gradcheck(Wrong.apply, (x,))))
    note("quietly", gradcheck(Wrong.apply, (x,), raise_exception=False))
    note("offset", first_line(T, lambda: gradcheck(Offset.apply, (x,))))
    note("undefined", first_line(T, lambda: gradcheck(FullyDefined.apply, (x,))))
    note("not asked", gradcheck(FullyDefined.apply, (x,), check_undefined_grad=False))
    note(
        "shape",
        first_line(
            T, lambda: gradcheck(lambda a: a if bool((a >= 1).all()) else a[:1], (x.detach()[:1].requires_grad_(),))
        ),
    )
    two = lambda a: T.cat([a, a]) if bool((a >= 1).all()) else a  # noqa: E731
    note("length", first_line(T, lambda: gradcheck(two, (T.ones(1, requires_grad=True),))))
    kind = lambda a: a.float() if bool((a >= 1).all()) else a  # noqa: E731
    note("dtype", first_line(T, lambda: gradcheck(kind, (T.ones(1, requires_grad=True),))))
    note("none", first_line(T, lambda: gradcheck(lambda a: a, (x.detach(),))))
    note("nothing asked", first_line(T, lambda: gradcheck(lambda a: a, (x,), check_backward_ad=False)))
    note("second", T.autograd.gradgradcheck(lambda a: a**3, (x,)))


def test_gradcheck():
    same(right_and_wrong)


@pytest.mark.parametrize("option", ["check_forward_ad", "check_batched_grad"])
def test_checks_that_need_what_is_absent_are_refused(option):
    x = nptorch.ones(2, dtype=nptorch.float64, requires_grad=True)
    with pytest.raises(NotImplementedError, match=f"course.nptorch has no {option}=True"):
        nptorch.autograd.gradcheck(lambda a: a * 2, (x,), **{option: True})
