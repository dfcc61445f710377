"""`autograd.functional` on both engines: numbers, forms, flags, graphs and errors."""

from __future__ import annotations

import inspect
import itertools

import numpy as np
import pytest
import torch as real
from hypothesis import given, settings
from hypothesis import strategies as st

import course.nptorch as engine
from tests.engine.helper import plug_in

NAMES = ("vjp", "jvp", "vhp", "hvp", "jacobian", "hessian")
PRODUCTS = NAMES[:4]
X, Y = np.array([0.3, -1.2, 0.7]), np.array([[0.5, 1.5, -0.4], [1.1, 0.2, 0.9]])


def form(T, result):
    """Return a result as plain data: tuples stay tuples, Tensors show what can be seen."""
    if isinstance(result, tuple | list):
        return type(result).__name__, [form(T, one) for one in result]
    if isinstance(result, str):
        return result
    assert isinstance(result, T.Tensor)
    values = np.round(np.array(result.detach().tolist(), dtype=float), 9) + 0.0
    return str(result.dtype), tuple(result.shape), result.requires_grad, result.grad_fn is None, values.tolist()


def said(T, program):
    try:
        return form(T, program(T))
    except (RuntimeError, TypeError, AssertionError, IndexError, NotImplementedError) as error:
        return type(error).__name__, str(error)


def same(program):
    """Run `program` on both engines; return what both of them did."""
    plug_in()
    want, got = said(real, program), said(engine, program)
    assert got == want
    return want


def several(T, x, y):
    return (x * y).exp(), x.sin(), (y**3).sum()


FUNCTIONS = {
    "scalar": lambda T, x, y: (x.exp() * y.tanh()).sum(),
    "cubic": lambda T, x, y: (x**3).sum() * (y**2).sum(),
    "one element": lambda T, x, y: (x * y).sum().reshape(1, 1),
    "matrix": lambda T, x, y: x * y**2,
    "several": several,
    "without y": lambda T, x, y: (x**2).sum(),
    "linear": lambda T, x, y: 2 * x.sum() + y.sum(),
    "linear in y": lambda T, x, y: (x**2).sum() + y.sum(),
    "constant": lambda T, x, y: T.tensor(3.0),
    "constant and one": lambda T, x, y: (T.ones(2), x**2),
    "no tensor": lambda T, x, y: 3.0,
    "no tensor in a tuple": lambda T, x, y: (x, 3.0),
    "list": lambda T, x, y: [x, y],
    "detached": lambda T, x, y: (x.detach() * y).sum(),
    "identity": lambda T, x, y: (x, y),
    "other dtype": lambda T, x, y: x.float() * 2,
    "integers": lambda T, x, y: x.long(),
    "no elements": lambda T, x, y: x[:0],
    "no_grad": lambda T, x, y: _silent(T, x),
    "output of something else": lambda T, x, y: (x * y, _other(T) * 3),
    "slope of something else": lambda T, x, y: (x**2).sum() + (y * _other(T)).sum(),
}


def _other(T):
    return T.tensor(2.0, dtype=T.float64, requires_grad=True)


def _silent(T, x):
    with T.no_grad():
        return (x**2).sum()


def vectors(T, name, f, x, y):
    """Return a `v` of the right form for `name`, if the function is one that can be called."""
    like = (x, y)
    if name == "vjp":
        like = f(T, x, y)
        if isinstance(like, tuple):
            return tuple(T.full_like(one, 0.5) for one in like if isinstance(one, T.Tensor))
        return T.full_like(like, 0.5) if isinstance(like, T.Tensor) else T.ones(1)
    return tuple(one.detach().cos() for one in like)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("what", FUNCTIONS)
@pytest.mark.parametrize("requires_grad", [False, True], ids=["", "requires grad"])
def test_functions_of_two_inputs(name, what, requires_grad):
    for strict, create_graph in itertools.product((False, True), (False, True)):

        def program(T, strict=strict, create_graph=create_graph):
            x = T.tensor(X, requires_grad=requires_grad)
            y = T.tensor(Y, requires_grad=requires_grad)
            f = FUNCTIONS[what]
            given = [vectors(T, name, f, x, y)] if name in PRODUCTS else []
            call = getattr(T.autograd.functional, name)
            return call(lambda a, b: f(T, a, b), (x, y), *given, create_graph=create_graph, strict=strict)

        same(program)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("packed", [False, True], ids=["tensor", "tuple"])
@pytest.mark.parametrize("out", ["tensor", "tuple"])
def test_tuples_come_back_where_they_were_given(name, packed, out):
    def program(T):
        x = T.tensor([0.7])

        def f(t):
            return (t.exp(),) if out == "tuple" else t.exp()

        return getattr(T.autograd.functional, name)(f, (x,) if packed else x)

    same(program)


@pytest.mark.parametrize("name", PRODUCTS)
@pytest.mark.parametrize(
    "v",
    [
        lambda T: None,
        lambda T: T.ones(3),
        lambda T: T.ones(2),
        lambda T: (T.ones(3), T.ones(2, 3)),
        lambda T: (T.ones(3), T.ones(3)),
        lambda T: (T.ones(3),),
        lambda T: (T.ones(3), 2),
        lambda T: [T.ones(3), T.ones(2, 3)],
        lambda T: 2.0,
        lambda T: (T.ones(3, dtype=T.float32), T.ones(2, 3, dtype=T.float32)),
    ],
)
def test_vectors_that_fit_or_not(name, v):
    for f in ("scalar", "several", "identity"):
        same(
            lambda T, f=f: getattr(T.autograd.functional, name)(
                lambda a, b: FUNCTIONS[f](T, a, b), (T.tensor(X), T.tensor(Y)), v(T)
            )
        )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("inputs", [lambda T: 2.0, lambda T: (T.ones(2), 3), lambda T: [T.ones(2)], lambda T: ()])
def test_inputs_that_are_no_tensors(name, inputs):
    refused = same(lambda T: getattr(T.autograd.functional, name)(lambda *xs: xs[0].sum(), inputs(T)))
    assert refused[0] in ("TypeError", "RuntimeError", "IndexError")


MADE_TO_REQUIRE_GRAD = {
    "jacobian": lambda T, x: T.autograd.functional.jacobian(lambda t: t * 2, x),
    "method": lambda T, x: x.requires_grad_(),
    "attribute": lambda T, x: setattr(x, "requires_grad", True),
    "switched off": lambda T, x: x.requires_grad_(False),
}


@pytest.mark.parametrize("how", MADE_TO_REQUIRE_GRAD)
def test_integers_cannot_require_gradients(how):
    refused = same(lambda T: MADE_TO_REQUIRE_GRAD[how](T, T.tensor([1, 2])))
    assert (refused[0] == "RuntimeError") == (how != "switched off")


PLACES = {
    "a leaf": lambda T: (T.ones(2), False),
    "a view of a leaf": lambda T: (T.ones(2, requires_grad=True), True),
    "a view of a result": lambda T: (T.ones(2, requires_grad=True) * 1, True),
}


@pytest.mark.parametrize("where", PLACES)
def test_functions_that_write_to_their_input(where):
    def program(T):
        x, create_graph = PLACES[where](T)
        return T.autograd.functional.jacobian(lambda t: t.mul_(2), x, create_graph=create_graph)

    assert (same(program)[0] == "RuntimeError") == (where != "a view of a result")


def test_inside_each_other():
    def jacobian_of_jacobian(T, create_graph):
        jacobian = T.autograd.functional.jacobian
        return jacobian(lambda t: jacobian(lambda a: a**3, t, create_graph=create_graph), T.tensor(X))

    def product_of_product(T):
        hvp, v = T.autograd.functional.hvp, T.ones(3, dtype=T.float64)
        return hvp(lambda t: hvp(lambda a: (a**5).sum(), t, v, create_graph=True)[1].sum(), T.tensor(X), v)

    for create_graph in (False, True):
        same(lambda T, create_graph=create_graph: jacobian_of_jacobian(T, create_graph))
    same(product_of_product)


def test_the_result_leads_back_to_the_inputs():
    for name in NAMES:

        def program(T, name=name):
            x = T.tensor(X, requires_grad=True)
            v = [T.tensor(X + 1, requires_grad=True)] if name in PRODUCTS else []
            if name == "vjp":
                v = [T.tensor(2.0, dtype=T.float64, requires_grad=True)]
            found = getattr(T.autograd.functional, name)(lambda t: (t**4).sum(), x, *v, create_graph=True)
            result = found[1] if name in PRODUCTS else found
            return T.autograd.grad(result.sum(), [x, *v], allow_unused=name == "jacobian"), result

        assert same(program)[0] == "tuple"


@pytest.mark.parametrize("name", ["jacobian", "hessian"])
def test_the_graph_of_a_matrix_ends_in_torchs_node(name):
    def program(T):
        x = T.tensor(X, requires_grad=True)
        found = getattr(T.autograd.functional, name)(lambda t: (t**4).sum(), x, create_graph=True)
        return found.grad_fn.name()

    assert same(program) == "ViewBackward0"


def test_the_inputs_themselves_are_left_alone():
    def program(T):
        x = T.tensor(X, requires_grad=True)
        seen = []
        T.autograd.functional.jacobian(lambda t: seen.append((t is x, t.is_leaf, t._version)) or t * 2, x)
        T.autograd.functional.jvp(lambda t: seen.append((t is x, t.is_leaf)) or t * 2, x, x, create_graph=True)
        # x itself inside the function is a constant: only the argument counts
        captured = T.autograd.functional.jacobian(lambda t: t * x, x)
        assert x.grad is None
        assert seen == [(False, True, 0), (False, False)]
        return captured

    assert same(program)[0] == "torch.float64"


@pytest.mark.parametrize("mode", ["no_grad", "inference_mode", "enable_grad"])
@pytest.mark.parametrize("name", NAMES)
def test_grad_modes(name, mode):
    for strict, create_graph in itertools.product((False, True), (False, True)):

        def program(T, strict=strict, create_graph=create_graph):
            with getattr(T, mode)():
                x = T.tensor([0.4], requires_grad=mode != "inference_mode")
                call = getattr(T.autograd.functional, name)
                return call(lambda t: (t**3).sum(), x, strict=strict, create_graph=create_graph)

        same(program)


@pytest.mark.parametrize("strategy", ["reverse-mode", "forward-mode", "sideways"])
@pytest.mark.parametrize("name", ["jacobian", "hessian"])
def test_strategies(name, strategy):
    word = "strategy" if name == "jacobian" else "outer_jacobian_strategy"
    for strict, create_graph in itertools.product((False, True), (False, True)):
        same(
            lambda T, strict=strict, create_graph=create_graph: getattr(T.autograd.functional, name)(
                lambda t: (t**3).sum(), T.tensor(X), create_graph, strict, **{word: strategy}
            )
        )


def test_what_the_engine_has_not_is_named():
    plug_in()
    x = engine.tensor(X)
    for name, word in (("jacobian", "strategy"), ("hessian", "outer_jacobian_strategy")):
        call = getattr(engine.autograd.functional, name)
        with pytest.raises(NotImplementedError, match="no vectorize=True"):
            call(lambda t: t.sum(), x, vectorize=True)
        with pytest.raises(NotImplementedError, match='no strategy="forward-mode"'):
            call(lambda t: t.sum(), x, vectorize=True, **{word: "forward-mode"})
    for program in (
        lambda T: T.autograd.functional.jacobian(lambda t: t.sum(), T.ones(2), strict=True, vectorize=True),
        lambda T: T.autograd.functional.hessian(lambda t: t.sum(), T.ones(2), strict=True, vectorize=True),
    ):
        assert same(program)[0] == "RuntimeError"


def test_names_and_signatures():
    assert set(engine.autograd.functional.__all__) == set(real.autograd.functional.__all__)
    for name in NAMES:
        want = inspect.signature(getattr(real.autograd.functional, name)).parameters.values()
        got = inspect.signature(getattr(engine.autograd.functional, name)).parameters.values()
        assert [(p.name, p.default, p.kind) for p in got] == [(p.name, p.default, p.kind) for p in want]


STEPS = {
    "exp": lambda t: (t * 0.3).exp(),
    "sin": lambda t: t.sin(),
    "square": lambda t: t * t,
    "tanh": lambda t: t.tanh(),
    "double": lambda t: t * 2,
    "mean": lambda t: t - t.mean(),
    "flip": lambda t: t.flip(0),
    "clone": lambda t: t.clone(),
}
NUMBERS = st.floats(-1.5, 1.5).map(lambda v: round(v, 3))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    steps=st.lists(st.sampled_from(list(STEPS)), min_size=1, max_size=4),
    x=st.lists(NUMBERS, min_size=1, max_size=3),
    v=st.lists(NUMBERS, min_size=3, max_size=3),
)
def test_products_are_products_with_the_matrices(steps, x, v):
    """vjp, jvp, vhp and hvp of any chain agree with jacobian and hessian, and those with torch's."""
    plug_in()
    found = {}
    for T in (real, engine):
        F = T.autograd.functional

        def chain(t):
            for step in steps:
                t = STEPS[step](t)
            return t

        def total(t, chain=chain):
            return (chain(t) ** 2).sum()

        point, vector = T.tensor(x, dtype=T.float64), T.tensor(v[: len(x)], dtype=T.float64)
        j, h = F.jacobian(chain, point), F.hessian(total, point)
        pairs = {
            "vjp": (F.vjp(chain, point, vector)[1], vector @ j),
            "jvp": (F.jvp(chain, point, vector)[1], j @ vector),
            "vhp": (F.vhp(total, point, vector)[1], vector @ h),
            "hvp": (F.hvp(total, point, vector)[1], h @ vector),
        }
        for name, (got, want) in pairs.items():
            assert np.allclose(got.tolist(), want.tolist(), rtol=1e-9, atol=1e-9), name
        found[T] = [j.tolist(), h.tolist()]
    for got, want in zip(found[engine], found[real], strict=True):
        assert np.allclose(got, want, rtol=1e-9, atol=1e-9)
