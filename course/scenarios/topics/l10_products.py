"""Lesson 10: Hessian-vector products."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, part, scenario


def hvp(T: Any) -> Any:
    """Return ``hvp(f, x, v)``: torch's, or the student's part."""
    if T.__name__ != "torch":
        return part(T, "hvp")
    return lambda f, x, v: T.autograd.functional.hvp(f, x, v)[1]


@scenario("hvp.of-a-quadratic-form", lesson=10, contract=True, asks="f is x A x: is the product (A + A') v?")
def of_a_quadratic_form(T: Any, draw: Draw) -> Yields:
    matrix = T.tensor(draw.normal(3, 3))
    x, v = T.tensor(draw.normal(3)), T.tensor(draw.normal(3))
    yield "product", attempt(hvp(T), lambda t: (t * (matrix @ t)).sum(), x, v)


@scenario("hvp.where-it-counts", lesson=10, contract=True, asks="f is not quadratic: is the product taken at x?")
def where_it_counts(T: Any, draw: Draw) -> Yields:
    x, v = T.tensor(draw.normal(4)), T.tensor(draw.normal(4))
    yield "product", hvp(T)(lambda t: (t.exp() * t.roll(1)).sum(), x, v)


@scenario(
    "hvp.with-ones", lesson=10, contract=True, asks="v is all ones: is the product the sum of the Hessian's columns?"
)
def with_ones(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3))
    yield "product", hvp(T)(lambda t: (t.exp() * t.roll(1)).sum(), x, T.tensor(draw.array([1.0, 1.0, 1.0])))


@scenario("hvp.of-a-matrix", lesson=10, contract=True, asks="x is a matrix: what shape has the product?")
def of_a_matrix(T: Any, draw: Draw) -> Yields:
    x, v = T.tensor(draw.normal(2, 3)), T.tensor(draw.normal(2, 3))
    yield "product", hvp(T)(lambda t: (t @ t.t()).tanh().sum(), x, v)


@scenario("hvp.leaves-x-alone", lesson=10, contract=True, asks="x is a leaf, or has a history: is it as it was?")
def leaves_x_alone(T: Any, draw: Draw) -> Yields:
    v = T.tensor(draw.normal(3))
    for name, x in {
        "data": T.tensor(draw.normal(3)),
        "leaf": T.tensor(draw.normal(3), requires_grad=True),
        "result": T.tensor(draw.normal(3), requires_grad=True) * 2,
    }.items():
        product = hvp(T)(lambda t: (t**4).sum(), x, v)
        yield f"{name}: product", product
        yield f"{name}: flags", [x.requires_grad, x.is_leaf, product.requires_grad]
        if x.is_leaf:
            yield f"{name}: grad", x.grad


@scenario(
    "hvp.leaves-weights-alone", lesson=10, contract=True, asks="f uses weights that require grad: what becomes of them?"
)
def leaves_weights_alone(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), requires_grad=True)
    x, v = T.tensor(draw.normal(3)), T.tensor(draw.normal(3))
    product = hvp(T)(lambda t: (t.exp() * w).sum(), x, v)
    yield "product", product
    yield "w.grad", w.grad
    yield "requires_grad", product.requires_grad


@scenario("hvp.called-once", lesson=10, contract=True, asks="How often is f called?")
def called_once(T: Any, draw: Draw) -> Yields:
    calls: list[int] = []

    def f(t: Any) -> Any:
        calls.append(1)
        return (t**3).sum()

    x, v = T.tensor(draw.normal(5)), T.tensor(draw.normal(5))
    yield "product", hvp(T)(f, x, v)
    yield "calls", len(calls)


@scenario("hvp.nothing-to-find", lesson=10, contract=True, asks="f is linear, or does not use x: what is the product?")
def nothing_to_find(T: Any, draw: Draw) -> Yields:
    x, v, a = [T.tensor(draw.normal(3)) for _ in range(3)]
    w = T.tensor(draw.normal(3), requires_grad=True)
    yield "linear", attempt(hvp(T), lambda t: (t * a).sum(), x, v)
    yield "linear, with a weight", attempt(hvp(T), lambda t: (t * w).sum(), x, v)
    yield "a constant", attempt(hvp(T), lambda t: a.sum(), x, v)
    yield "another's", attempt(hvp(T), lambda t: (w * w).sum(), x, v)


@scenario(
    "hvp.inside-no-grad", lesson=10, contract=True, asks="Recording is off outside: is there a product all the same?"
)
def inside_no_grad(T: Any, draw: Draw) -> Yields:
    x, v = T.tensor(draw.normal(3)), T.tensor(draw.normal(3))
    with T.no_grad():
        yield "product", attempt(hvp(T), lambda t: (t**3).sum(), x, v)
        yield "mode", T.is_grad_enabled()
    yield "afterwards", T.is_grad_enabled()
