"""Gradients of gradients: create_graph, and what a gradient's own graph looks like."""

from __future__ import annotations

from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, heard, scenario


@scenario("double.powers", lesson=10, asks="What are the first, second and third derivative of x**4?")
def powers(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x**4
    for order in (1, 2, 3):
        (y,) = T.autograd.grad(y.sum(), x, create_graph=True)
        yield f"order {order}", y


@scenario("double.elementary", lesson=10, asks="Are the second derivatives of the elementary functions right?")
def elementary(T: Any, draw: Draw) -> Yields:
    for name in ("exp", "log", "sin", "cos", "tanh", "sigmoid", "sqrt"):
        x = T.tensor(draw.uniform(3, low=0.5, high=2.0), requires_grad=True)
        (first,) = T.autograd.grad(getattr(x, name)().sum(), x, create_graph=True)
        (second,) = T.autograd.grad(first.sum(), x)
        yield name, second


@scenario(
    "double.products",
    lesson=10,
    asks="What are the mixed second derivatives of a quotient and a matrix product?",
)
def products(T: Any, draw: Draw) -> Yields:
    a = T.tensor(draw.normal(2, 2), requires_grad=True)
    b = T.tensor(draw.uniform(2, 2, low=0.5, high=2.0), requires_grad=True)
    for name, y in {"quotient": a / b, "matmul": (a @ b) ** 2}.items():
        first = T.autograd.grad(y.sum(), [a, b], create_graph=True)
        yield f"{name}: first", first
        yield f"{name}: second", T.autograd.grad((first[0] * first[1]).sum(), [a, b])


@scenario("double.gradient-penalty", lesson=10, asks="Does a penalty on the gradient's length train the weights?")
def gradient_penalty(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3, 3), requires_grad=True)
    x = T.tensor(draw.normal(2, 3), requires_grad=True)
    score = (x @ w).tanh().sum()
    (slope,) = T.autograd.grad(score, x, create_graph=True)
    penalty = ((slope**2).sum(dim=1).sqrt() - 1) ** 2
    penalty.mean().backward()
    yield "penalty", penalty
    yield "w.grad", w.grad
    yield "x.grad", x.grad


@scenario("double.without-create-graph", lesson=10, asks="I forgot create_graph: what fails, and with which words?")
def without_create_graph(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    (slope,) = T.autograd.grad((x**3).sum(), x)
    yield "slope.requires_grad", slope.requires_grad
    yield "again", attempt(T.autograd.grad, slope.sum(), x)


@scenario(
    "double.linear-and-piecewise",
    lesson=10,
    asks="Does the slope of a linear function, of relu and of abs have a graph?",
)
def linear_and_piecewise(T: Any, draw: Draw) -> Yields:
    cases: Cases = {
        "3 * x": lambda t: 3 * t,
        "relu": lambda t: t.relu(),
        "abs": lambda t: t.abs(),
    }
    for name, f in cases.items():
        x = T.tensor(draw.normal(3), requires_grad=True)
        (slope,) = T.autograd.grad(f(x).sum(), x, create_graph=True)
        yield f"{name}: requires_grad", slope.requires_grad
        yield f"{name}: second", attempt(T.autograd.grad, slope.sum(), x)


@scenario(
    "double.create-graph-implies-retain",
    lesson=10,
    asks="Does create_graph=True retain the first graph, and what if I say retain_graph=False?",
)
def create_graph_implies_retain(T: Any, draw: Draw) -> Yields:
    cases: Cases = {"x**3": lambda t: t**3, "sin(exp(x))": lambda t: t.exp().sin()}
    for name, f in cases.items():
        for said, kwargs in {"nothing": {}, "retain_graph=False": {"retain_graph": False}}.items():
            x = T.tensor(draw.normal(3), requires_grad=True)
            y = f(x).sum()
            (slope,) = T.autograd.grad(y, x, create_graph=True, **kwargs)
            yield (
                f"{name}, {said}: slope's graph",
                attempt(T.autograd.grad, slope.sum(), x, retain_graph=True),
            )
            yield f"{name}, {said}: first graph", attempt(T.autograd.grad, y, x)


@scenario(
    "double.backward-warns",
    lesson=10,
    asks="What does backward(create_graph=True) warn about, and what is x.grad then?",
)
def backward_warns(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = (x**3).sum()
    yield "warning", heard(y.backward, create_graph=True)
    yield "x.grad", x.grad
    yield "x.grad.requires_grad", x.grad.requires_grad
    x.grad = None


@scenario(
    "double.accumulating-with-a-graph",
    lesson=10,
    asks="With create_graph=True: is x.grad added to in place, or made anew?",
)
def accumulating_with_a_graph(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    (x**2).sum().backward()
    first = x.grad
    (x**3).sum().backward(create_graph=True)
    second = x.grad
    yield "made anew", second is not first
    (x**2).sum().backward()
    yield "then in place", x.grad is second
    yield "first", first
    yield "x.grad", x.grad
    x.grad = None


@scenario(
    "double.mode-in-backward",
    lesson=10,
    asks="Is grad mode on inside backward with create_graph=True, even under no_grad?",
)
def mode_in_backward(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    seen = []
    for create in (False, True):
        y = (x**2).sum()
        y.register_hook(lambda g: seen.append(T.is_grad_enabled()))
        with T.no_grad():
            T.autograd.grad(y, x, create_graph=create)
    yield "seen", seen


@scenario("double.gradcheck", lesson=10, asks="Do gradcheck and gradgradcheck accept a right derivative?")
def gradcheck(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.uniform(3, low=0.5, high=1.5), dtype=T.float64, requires_grad=True)
    yield "gradcheck", T.autograd.gradcheck(lambda t: (t.exp() * t).sum(), (x,))
    yield "gradgradcheck", T.autograd.gradgradcheck(lambda t: (t.exp() * t).sum(), (x,))
