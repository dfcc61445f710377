"""Lesson 10: a Function of one's own whose gradient is differentiated again."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, derived, part, scenario


def swish(T: Any) -> Any:
    """Return ``x * sigmoid(x)`` as a function: torch's own, or a Function of the student's two parts."""
    if T.__name__ == "torch":
        return T.nn.functional.silu
    forward, backward = part(T, "swish_forward"), part(T, "swish_backward")
    body = {
        "forward": staticmethod(lambda ctx, x: forward(ctx, x)),
        "backward": staticmethod(lambda ctx, g: backward(ctx, g)),
    }
    made: Any = derived("Swish", T.autograd.Function, body)
    return made.apply


@scenario("swish.value-and-slope", lesson=10, contract=True, asks="What is swish of a few numbers, and its gradient?")
def value_and_slope(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(4), requires_grad=True)
    y = swish(T)(x)
    yield "y", y
    y.backward(T.tensor(draw.normal(4)))
    yield "x.grad", x.grad


@scenario("swish.slope-at-zero", lesson=10, contract=True, asks="What is the slope of swish at 0, and far out?")
def slope_at_zero(T: Any, draw: Draw) -> Yields:
    for where in (0.0, 40.0):
        x = T.tensor(draw.array([where]), requires_grad=True)
        swish(T)(x).sum().backward()
        yield f"at {where}", x.grad


@scenario("swish.second-derivative", lesson=10, contract=True, asks="What is the second derivative of swish?")
def second_derivative(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(4), requires_grad=True)
    (slope,) = T.autograd.grad(swish(T)(x).sum(), x, create_graph=True)
    yield "slope", slope
    yield "second", attempt(T.autograd.grad, slope.sum(), x)


@scenario("swish.third-derivative", lesson=10, contract=True, asks="Can swish be differentiated three times?")
def third_derivative(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    (slope,) = T.autograd.grad((swish(T)(x) * 2).sum(), x, create_graph=True)
    (second,) = T.autograd.grad(slope.sum(), x, create_graph=True)
    yield "third", T.autograd.grad(second.sum(), x)


@scenario(
    "swish.through-the-incoming-gradient",
    lesson=10,
    contract=True,
    asks="The gradient that arrives depends on a leaf: does the second pass find it?",
)
def through_the_incoming_gradient(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    g = T.tensor(draw.normal(3), requires_grad=True)
    (slope,) = T.autograd.grad(swish(T)(x), x, g, create_graph=True)
    yield "slope", slope
    yield "to g", attempt(T.autograd.grad, slope.sum(), g, retain_graph=True)
    yield "to both", attempt(T.autograd.grad, slope.sum(), [x, g])


@scenario(
    "swish.inside-a-net",
    lesson=10,
    contract=True,
    asks="Swish between two layers: does a penalty on the slope train the layer below?",
)
def inside_a_net(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(2, 3), requires_grad=True)
    x = T.tensor(draw.normal(4, 2), requires_grad=True)
    (slope,) = T.autograd.grad(swish(T)(x @ w).sum(), x, create_graph=True)
    (slope**2).sum().backward()
    yield "w.grad", w.grad
    yield "x.grad", x.grad


@scenario(
    "swish.input-changed",
    lesson=10,
    contract=True,
    asks="The input is changed in place before backward: is that noticed?",
)
def input_changed(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True) * 1
    y = swish(T)(x)
    x.add_(1)
    yield "backward", attempt(y.sum().backward)


@scenario(
    "swish.second-backward", lesson=10, contract=True, asks="Backward twice without retain_graph: what does swish say?"
)
def second_backward(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = swish(T)(x).sum()
    y.backward()
    yield "again", attempt(y.backward)
    yield "x.grad", x.grad


@scenario("swish.in-single-precision", lesson=10, contract=True, asks="Does swish keep the dtype of its input?")
def in_single_precision(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3).astype("float32"), requires_grad=True)
    y = swish(T)(x)
    y.sum().backward()
    yield "dtypes", [str(y.dtype), str(x.grad.dtype)]
