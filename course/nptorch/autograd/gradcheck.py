"""``gradcheck`` and ``gradgradcheck``: backward against differences of the function itself.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/autograd.html#module-torch.autograd.gradcheck
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.absent import nothing_else_in
from course.nptorch.autograd.gradcheck_more import (
    GradcheckError,
    check_linear,
    check_same_form,
    check_undefined,
    refuse,
)

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]


NONE_REQUIRED = (
    "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True."
)
NOT_DOUBLE = (
    "Input #{index} requires gradient and is not a double precision floating point or complex. This "
    "check will likely fail if all the inputs are not of double precision floating point or complex. "
)
STRIDE_0 = (
    "The {index}th input has a dimension with stride 0. gradcheck only supports inputs that are "
    "non-overlapping to be able to compute the numerical gradients correctly. You should call "
    ".contiguous on the input before passing it to gradcheck."
)
NOT_REENTRANT = (
    "Backward is not reentrant, i.e., running backward with same input and grad_output multiple "
    "times gives different values, although analytical gradient matches numerical gradient.The "
    "tolerance for nondeterminism was {tolerance}."
)
MISMATCH = "Jacobian mismatch for output {output} with respect to input {input},\n"


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Check the gradients of `func` against central differences.

    Parameters
    ----------
    func : function
        From Tensors to a Tensor or a tuple of them.
    inputs : Tensor or tuple
        Where; those that require grad are checked and should be float64.
    eps : float
        Half the distance between the two points of a difference.
    atol, rtol : float
        How far apart the two may be.
    raise_exception : bool
        Raise where they differ, instead of returning False.
    nondet_tol : float
        How far apart two runs of the same backward may be.
    check_undefined_grad : bool
        Also check that backward copes with outputs that get no gradient.
    check_backward_ad, check_grad_dtypes, fast_mode, masked : bool
        Accepted as in torch; every check here is the full one.
    check_batched_grad, check_batched_forward_grad, check_forward_ad : bool
        Refused: they need vmap and forward mode.

    Returns
    -------
    bool
        Whether they agree.

    Raises
    ------
    GradcheckError
        ``Jacobian mismatch for output 0 with respect to input 0,`` and both matrices.
    ValueError
        If no input requires grad.
    NotImplementedError
        For a check that is refused.
    """
    if not (check_forward_ad or check_backward_ad):
        raise AssertionError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    refuse(
        check_batched_grad=check_batched_grad,
        check_batched_forward_grad=check_batched_forward_grad,
        check_forward_ad=check_forward_ad,
    )
    given = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    try:
        _check_inputs(given)
        _check(func, given, eps, atol, rtol, nondet_tol)
        if check_undefined_grad:
            check_undefined(func, given, _differentiable)
    except (GradcheckError, ValueError):
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Check the gradients of the gradients of `func` against central differences.

    Parameters
    ----------
    func, inputs, eps, atol, rtol, raise_exception, nondet_tol
        As for `gradcheck`.
    grad_outputs : Tensor or tuple, optional
        Gradients with respect to the outputs; random ones without it.

    Returns
    -------
    bool
        Whether they agree.

    Raises
    ------
    GradcheckError
        If they differ.
    """
    from course.nptorch.autograd import grad

    if not (check_fwd_over_rev or check_rev_over_rev):
        raise AssertionError("Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True")
    refuse(check_batched_grad=check_batched_grad, check_fwd_over_rev=check_fwd_over_rev)
    given = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    outputs = _differentiable(func(*given))
    if grad_outputs is None:
        draw = np.random.default_rng(0)
        starts = tuple(_random_like(draw, y) for y in outputs)
    else:
        starts = (grad_outputs,) if isinstance(grad_outputs, Tensor) else tuple(grad_outputs)

    def gradients(*args: Any) -> tuple[Any, ...]:
        xs, gs = args[: len(given)], args[len(given) :]
        wanted = [x for x in xs if isinstance(x, Tensor) and x.requires_grad]
        found = grad(_differentiable(func(*xs)), wanted, gs, create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None)

    return gradcheck(
        gradients,
        given + starts,
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
    )


def _random_like(draw: np.random.Generator, y: Tensor) -> Tensor:
    made = wrap(np.asarray(draw.standard_normal(y._data.shape), y._data.dtype))
    return made.requires_grad_()


def _check_inputs(inputs: tuple[Any, ...]) -> None:
    required = False
    for index, x in enumerate(inputs):
        if not isinstance(x, Tensor) or not x.requires_grad:
            continue
        required = True
        if x._data.dtype != np.float64:
            warnings.warn(NOT_DOUBLE.format(index=index), UserWarning, stacklevel=3)
        steps = zip(x._array.strides, x._data.shape, strict=True)
        if any(stride == 0 and extent > 1 for stride, extent in steps):
            raise RuntimeError(STRIDE_0.format(index=index))
    if not required:
        raise ValueError(NONE_REQUIRED)


def _differentiable(outputs: Any) -> tuple[Any, ...]:
    several = outputs if isinstance(outputs, tuple | list) else (outputs,)
    return tuple(y for y in several if y.requires_grad)


def _check(
    func: Callable[..., Any], inputs: tuple[Any, ...], eps: float, atol: float, rtol: float, nondet: float
) -> None:
    outputs = _differentiable(func(*inputs))
    checked = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]
    if not outputs:
        for x in checked:
            if any(np.any(j) for j in _numerical(func, inputs, x, eps, lambda ys: ys)):
                raise GradcheckError("Numerical gradient for function expected to be zero")
        return
    expected = [_numerical(func, inputs, x, eps, _differentiable) for x in checked]
    for at_output, y in enumerate(outputs):
        found, again = _analytical(y, checked), _analytical(y, checked)
        for at_input in range(len(checked)):
            a, n = found[at_input], expected[at_input][at_output]
            if not np.allclose(a, n, rtol, atol):
                raise GradcheckError(
                    MISMATCH.format(output=at_output, input=at_input)
                    + f"numerical:{wrap(n)!r}\nanalytical:{wrap(a)!r}\n"
                )
            if np.any(np.abs(a - again[at_input]) > nondet):
                raise GradcheckError(NOT_REENTRANT.format(tolerance=nondet))
    check_linear(outputs, checked)


def _numerical(
    func: Callable[..., Any], inputs: tuple[Any, ...], x: Tensor, eps: float, which: Callable[[Any], Any]
) -> list[Any]:
    """Return, per output, the matrix of (element of `x`, element of the output) differences."""
    data = x._array.reshape(-1) if x._array.flags.c_contiguous else None
    rows = []
    for i in range(x._array.size):
        place = (i,) if data is not None else np.unravel_index(i, x._array.shape)
        target = data if data is not None else x._array
        kept = target[place]
        ends = []
        for sign in (1, -1):
            target[place] = kept + sign * eps
            ys = which(func(*inputs))
            ys = ys if isinstance(ys, tuple | list) else (ys,)
            ends.append([(y, np.array(y._data).reshape(-1)) for y in ys])
        target[place] = kept
        row = []
        for (y, up), (other, down) in zip(*ends, strict=True):
            check_same_form(other, y, eps, tuple([int(n) for n in np.unravel_index(i, x._array.shape)]))
            row.append((up - down) / (2 * eps))
        rows.append(row)
    if not rows:
        return [np.zeros((0, y._data.size)) for y in _differentiable(func(*inputs))]
    return [np.stack(columns) for columns in zip(*rows, strict=True)]


def _analytical(y: Tensor, inputs: list[Tensor]) -> list[Any]:
    """Return, per input, the matrix of (element of the input, element of `y`) by backward."""
    from course.nptorch.autograd import grad

    count = int(y._data.size)
    found = [np.zeros((int(x._data.size), count), x._data.dtype) for x in inputs]
    for j in range(count):
        start = np.zeros(count, y._data.dtype)
        start[j] = 1
        gradients = grad(y, inputs, wrap(start.reshape(y._data.shape)), retain_graph=True, allow_unused=True)
        for matrix, g in zip(found, gradients, strict=True):
            if g is not None:
                matrix[:, j] = np.asarray(g._data).reshape(-1)
    return found


__getattr__ = nothing_else_in("autograd.gradcheck")
