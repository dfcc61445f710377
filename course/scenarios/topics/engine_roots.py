"""Where backward starts: the gradient it is given, and several roots at once."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, scenario


@scenario(
    "engine.gradient-must-be-a-tensor",
    lesson=2,
    asks="May I pass a number, a list or None as the gradient of backward()?",
)
def gradient_must_be_a_tensor(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    yield "a number", attempt((x * 2).backward, 1.0)
    yield "a list", attempt((x * 2).backward, [1.0, 1.0])
    yield "None for a vector", attempt((x * 2).backward, None)
    yield "x.grad", x.grad
    yield "None for one element", attempt((x[:1] * 2).backward, None)
    yield "x.grad at last", x.grad


@scenario(
    "engine.gradient-of-higher-precision",
    lesson=2,
    asks="A float64 gradient is given to a float32 result: is that an error, and which dtype comes back?",
)
def gradient_of_higher_precision(T: Any, draw: Draw) -> Yields:
    x = T.tensor([1.0, 2.0], dtype=T.float32, requires_grad=True)
    yield "float64", attempt((x * 3).backward, T.tensor([1.0, 0.5], dtype=T.float64))
    yield "x.grad", x.grad
    yield "float16", attempt((x * 3).backward, T.tensor([1.0, 0.5], dtype=T.float16))
    yield "x.grad after both", x.grad


@scenario(
    "engine.gradient-of-one-element",
    lesson=2,
    asks="A result of shape (1, 1): may its gradient have shape () or (1,)?",
)
def gradient_of_one_element(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(1, 1), requires_grad=True)
    for shape in ((), (1,), (1, 1)):
        yield f"{shape}", attempt((x * 2).backward, T.tensor(draw.normal(*shape)))
    yield "x.grad", x.grad


@scenario(
    "engine.gradient-with-a-graph", lesson=2, asks="The gradient I pass in requires grad itself: does it get one?"
)
def gradient_with_a_graph(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    g = T.tensor(draw.normal(2), requires_grad=True)
    (x * x).backward(g * 2)
    yield "x.grad", x.grad
    yield "x.grad.requires_grad", x.grad.requires_grad
    yield "g.grad", g.grad


@scenario(
    "engine.weights-of-roots", lesson=2, asks="Several roots with a gradient each: are they the weights of a sum?"
)
def weights_of_roots(T: Any, draw: Draw) -> Yields:
    values, weights = draw.normal(3), draw.normal(2)
    x = T.tensor(values, requires_grad=True)
    T.autograd.backward([x.exp(), x.sin()], [T.tensor(weights[0]).expand(3), T.tensor(weights[1]).expand(3)])
    yield "both roots", x.grad
    x = T.tensor(values, requires_grad=True)
    (x.exp() * T.tensor(weights[0]) + x.sin() * T.tensor(weights[1])).backward(T.ones_like(x))
    yield "the sum", x.grad


@scenario("engine.none-for-a-scalar-root", lesson=2, asks="Of two roots one is a scalar: may its gradient be None?")
def none_for_a_scalar_root(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    g = T.tensor(draw.normal(3))
    yield "None for the scalar", attempt(T.autograd.backward, [x.exp(), x[0] * 2], [g, None])
    yield "x.grad", x.grad
    yield "None for the vector", attempt(T.autograd.backward, [x.exp(), x[0] * 2], [None, g[0]])


@scenario("engine.one-gradient-for-each-root", lesson=2, asks="Two roots and one gradient: what is said?")
def one_gradient_for_each_root(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    g = T.tensor(draw.normal(2))
    yield "too few", attempt(T.autograd.backward, [x * 2, x * 3], [g])
    yield "too many", attempt(T.autograd.backward, [x * 2], [g, g])
    yield "one root and one gradient, without lists", attempt(T.autograd.backward, x * 2, g)
    yield "x.grad", x.grad


@scenario("engine.same-root-twice", lesson=2, asks="The same loss stands in the list twice: does it count twice?")
def same_root_twice(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(), requires_grad=True)
    y = x.exp()
    T.autograd.backward([y, y])
    yield "x.grad", x.grad


@scenario(
    "engine.a-root-without-a-graph",
    lesson=2,
    asks="The second of two roots has no graph: which one does the error name?",
)
def a_root_without_a_graph(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(), requires_grad=True)
    plain = T.tensor(draw.normal())
    yield "backward", attempt(T.autograd.backward, [x * 2, plain])
    yield "x.grad", x.grad


@scenario(
    "engine.a-leaf-among-the-roots",
    lesson=2,
    asks="A leaf and a loss of it are both roots: what does the leaf receive?",
)
def a_leaf_among_the_roots(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(), requires_grad=True)
    T.autograd.backward([x, x * 3], [T.tensor(draw.array(10.0)), None])
    yield "x.grad", x.grad


@scenario("engine.no-roots", lesson=2, asks="backward of an empty list: an error, or nothing?")
def no_roots(T: Any, draw: Draw) -> Yields:
    yield "backward", attempt(T.autograd.backward, [])


@scenario("engine.wide-fan", lesson=2, asks="One tensor is used 200 times: is every use counted?")
def wide_fan(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    h = x.exp()
    total = h * 0
    for n in range(200):
        total = total + h * n
    total.backward(T.ones_like(x))
    yield "x.grad", x.grad


@scenario("engine.fibonacci", lesson=2, asks="a, b = b, a + b: how often does the first number count at the end?")
def fibonacci(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.array(1.0), requires_grad=True)
    y = T.tensor(draw.array(1.0), requires_grad=True)
    a, b = x, y
    for _ in range(30):
        a, b = b, a + b
    b.backward()
    yield "x.grad, y.grad", [x.grad, y.grad]


@scenario(
    "engine.half-of-the-graph-needs-no-grad",
    lesson=2,
    asks="Only one input of each operation wants a gradient: is the other one left alone?",
)
def half_of_the_graph_needs_no_grad(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    data = T.tensor(draw.normal(3))
    ((data * 2).exp() * x + data / (x * x + 1) - data).backward(T.ones_like(x))
    yield "x.grad", x.grad
    yield "data.grad", data.grad


@scenario(
    "engine.leaf-dies-before-backward",
    lesson=2,
    asks="The name x is bound to something else before backward(): whose .grad is filled?",
)
def leaf_dies_before_backward(T: Any, draw: Draw) -> Yields:
    first = x = T.tensor(draw.normal(3), requires_grad=True)
    y = x * 2
    x = T.tensor(draw.normal(3), requires_grad=True)
    y.backward(T.ones_like(y))
    yield "the tensor that was x", first.grad
    yield "the tensor that is x", x.grad


@scenario(
    "engine.zero-gradient-runs-all-the-same",
    lesson=2,
    asks="The gradient is 0: does the walk stop, or go on to the leaves?",
)
def zero_gradient_runs_all_the_same(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.array([0.0, 1.0]), requires_grad=True)
    (1 / x * 0).backward(T.ones_like(x))
    yield "0 times infinity", x.grad
