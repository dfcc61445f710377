"""The rules of lesson 1, asked one at a time: no walk through a graph is needed for that."""

from __future__ import annotations

import math
from typing import Any

from course.scenarios import Cases, Draw, Yields, part, scenario

ONE_INPUT: Cases = {
    "exp": lambda t: t.exp(),
    "log": lambda t: t.log(),
    "sin": lambda t: t.sin(),
    "tanh": lambda t: t.tanh(),
    "sigmoid": lambda t: t.sigmoid(),
    "relu": lambda t: t.relu(),
}
KEEPS_ITS_INPUT = ("log", "sin")


def sent_back(T: Any, f: Any, values: Any, gradient: Any) -> Any:
    """What the node of ``f(x)`` makes of a gradient: the node is called, nothing is walked."""
    x = T.tensor(values, requires_grad=True)
    return f(x).grad_fn(T.tensor(gradient))


def by_rule(T: Any, name: str, gradient: Any, **kept: Any) -> Any:
    """Call a rule on plain arrays, as an ordinary backward pass does."""
    return T.tensor(part(T, name)(gradient, **kept))


def of_one(T: Any, name: str, values: Any, gradient: Any) -> Any:
    """The gradient of one of the functions above; in torch by its node, here by the rule alone."""
    f = ONE_INPUT[name]
    if T.__name__ == "torch":
        return sent_back(T, f, values, gradient)
    if name in KEEPS_ITS_INPUT:
        return by_rule(T, f"{name}_self", gradient, self=values)
    return by_rule(T, f"{name}_self", gradient, result=f(T.tensor(values)).numpy())


@scenario("derivatives.rule-of-exp", lesson=1, asks="What does the node of exp(x) send back to x?")
def rule_of_exp(T: Any, draw: Draw) -> Yields:
    values = draw.normal(4)
    yield "x = 0", sent_back(T, lambda t: t.exp(), draw.array([0.0]), draw.normal(1))
    yield "a gradient of ones", sent_back(T, lambda t: t.exp(), values, draw.array([1.0] * 4))
    yield "any gradient", sent_back(T, lambda t: t.exp(), values, draw.normal(4))


@scenario("derivatives.rule-of-log", lesson=1, asks="What does the node of log(x) send back to x?")
def rule_of_log(T: Any, draw: Draw) -> Yields:
    values = draw.uniform(4, low=1.5, high=4.0)
    yield "x = 1", sent_back(T, lambda t: t.log(), draw.array([1.0]), draw.normal(1))
    yield "a gradient of ones", sent_back(T, lambda t: t.log(), values, draw.array([1.0] * 4))
    yield "any gradient", sent_back(T, lambda t: t.log(), values, draw.normal(4))
    yield "x = 0", sent_back(T, lambda t: t.log(), draw.array([0.0]), draw.array([1.0]))


@scenario("derivatives.rule-of-sin", lesson=1, asks="What does the node of sin(x) send back to x?")
def rule_of_sin(T: Any, draw: Draw) -> Yields:
    values = draw.uniform(4, low=0.5, high=1.5)
    yield "x = 0", sent_back(T, lambda t: t.sin(), draw.array([0.0]), draw.normal(1))
    yield "x = pi / 4", sent_back(T, lambda t: t.sin(), draw.array([math.pi / 4]), draw.normal(1))
    yield "a gradient of ones", sent_back(T, lambda t: t.sin(), values, draw.array([1.0] * 4))
    yield "any gradient", sent_back(T, lambda t: t.sin(), values, draw.normal(4))
    yield "beyond pi / 2", sent_back(T, lambda t: t.sin(), values + 1.5, draw.normal(4))


@scenario("derivatives.rule-of-tanh", lesson=1, asks="What does the node of tanh(x) send back to x?")
def rule_of_tanh(T: Any, draw: Draw) -> Yields:
    yield "x = 0", sent_back(T, lambda t: t.tanh(), draw.array([0.0]), draw.normal(1))
    yield "x = 40", sent_back(T, lambda t: t.tanh(), draw.array([40.0]), draw.array([1.0]))
    yield "x = -40", sent_back(T, lambda t: t.tanh(), draw.array([-40.0]), draw.array([1.0]))
    values = draw.uniform(4, low=0.25, high=1.5)
    yield "a gradient of ones", sent_back(T, lambda t: t.tanh(), values, draw.array([1.0] * 4))
    yield "any gradient", sent_back(T, lambda t: t.tanh(), values, draw.normal(4))


@scenario("derivatives.rule-of-sigmoid", lesson=1, asks="What does the node of sigmoid(x) send back to x?")
def rule_of_sigmoid(T: Any, draw: Draw) -> Yields:
    yield "x = 0", sent_back(T, lambda t: t.sigmoid(), draw.array([0.0]), draw.normal(1))
    yield "x = 40", sent_back(T, lambda t: t.sigmoid(), draw.array([40.0]), draw.array([1.0]))
    yield "x = -40", sent_back(T, lambda t: t.sigmoid(), draw.array([-40.0]), draw.array([1.0]))
    values = draw.uniform(4, low=0.25, high=1.5)
    yield "a gradient of ones", sent_back(T, lambda t: t.sigmoid(), values, draw.array([1.0] * 4))
    yield "any gradient", sent_back(T, lambda t: t.sigmoid(), values, draw.normal(4))


@scenario("derivatives.rule-of-relu", lesson=1, asks="What does relu let through: below 0, at 0 and above?")
def rule_of_relu(T: Any, draw: Draw) -> Yields:
    for name, value in (("below 0", -1.0), ("at 0", 0.0), ("above 0", 0.25)):
        for sign in (1.0, -1.0):
            given = draw.array([sign * 3])
            yield f"{name}, gradient {sign * 3:g}", sent_back(T, lambda t: t.relu(), draw.array([value]), given)
    yield "a gradient of ones", sent_back(T, lambda t: t.relu(), draw.array([-2.0, 0.0, 4.0]), draw.array([1.0] * 3))
    yield "any gradient", sent_back(T, lambda t: t.relu(), draw.normal(5), draw.normal(5))


@scenario(
    "derivatives.rule-of-relu-stops-infinity",
    lesson=1,
    asks="An infinite gradient meets a relu that lets nothing through: is it stopped?",
)
def rule_of_relu_stops_infinity(T: Any, draw: Draw) -> Yields:
    endless = draw.array([float("inf")] * 3)
    yield "sent back", sent_back(T, lambda t: t.relu(), draw.array([-1.0, 0.0, 2.0]), endless)


@scenario(
    "derivatives.rules-on-arrays",
    lesson=1,
    asks="An ordinary backward pass calls the rules on NumPy arrays: do they give the same there?",
)
def rules_on_arrays(T: Any, draw: Draw) -> Yields:
    for name in ONE_INPUT:
        values, gradient = draw.uniform(2, 3, low=0.25, high=2.0), draw.normal(2, 3)
        yield name, of_one(T, name, values, gradient)
        yield f"{name}: the gradient afterwards", T.tensor(gradient)
        yield f"{name}: x afterwards", T.tensor(values)


@scenario(
    "derivatives.rules-leave-the-gradient-alone",
    lesson=1,
    asks="The gradient that a node is given belongs to others too: is it the same afterwards?",
)
def rules_leave_the_gradient_alone(T: Any, draw: Draw) -> Yields:
    for name, f in ONE_INPUT.items():
        x = T.tensor(draw.uniform(3, low=0.25, high=2.0), requires_grad=True)
        g = T.tensor(draw.normal(3))
        y = f(x)
        yield name, y.grad_fn(g)
        yield f"{name}: the gradient afterwards", g
        yield f"{name}: the result afterwards", y


@scenario(
    "derivatives.rules-can-be-recorded",
    lesson=1,
    asks="The rules are called on tensors that require grad: can what comes out be differentiated again?",
)
def rules_can_be_recorded(T: Any, draw: Draw) -> Yields:
    for name in ("exp", "log", "sin", "tanh", "sigmoid"):
        got = sent_back(T, ONE_INPUT[name], draw.uniform(3, low=0.5), draw.normal(3))
        yield f"{name}: requires_grad", got.requires_grad


@scenario("derivatives.rule-of-a-product", lesson=1, asks="What does the node of x * w send back to x and to w?")
def rule_of_a_product(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.uniform(4, low=1.5, high=3.0), requires_grad=True)
    w = T.tensor(draw.uniform(4, low=-3.0, high=-1.5), requires_grad=True)
    for name, g in (("ones", draw.array([1.0] * 4)), ("any gradient", draw.normal(4))):
        for_x, for_w = (x * w).grad_fn(T.tensor(g))
        yield f"{name}: to x", for_x
        yield f"{name}: to w", for_w


@scenario("derivatives.rule-of-a-quotient", lesson=1, asks="What does the node of x / w send back to x and to w?")
def rule_of_a_quotient(T: Any, draw: Draw) -> Yields:
    x, w = draw.uniform(3, low=1.5, high=3.0), draw.uniform(3, low=1.5, high=3.0)
    one = draw.array([1.0] * 3)
    cases: dict[str, tuple[Any, Any, Any]] = {
        "ones": (x, w, one),
        "any gradient": (x, w, None),
        "0 / w": (0 * x, w, None),
        "1 / w": (one, w, None),
        "x / 1": (x, one, None),
        "x / -1": (x, -one, None),
        "x / -w": (x, -w, None),
    }
    for name, (top, bottom, ones) in cases.items():
        g = draw.normal(3) if ones is None else ones  # drawn here: who fails is shown what was drawn last
        above, below = T.tensor(top, requires_grad=True), T.tensor(bottom, requires_grad=True)
        for_x, for_w = (above / below).grad_fn(T.tensor(g))
        yield f"{name}: to x", for_x
        yield f"{name}: to w", for_w


@scenario("derivatives.rule-of-a-square", lesson=1, asks="x * x: what is sent back along each of the two edges?")
def rule_of_a_square(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    g = T.tensor(draw.normal(3))
    yield "x * x", (x * x).grad_fn(g)
    yield "x / x", (x / x).grad_fn(g)


@scenario("derivatives.rule-beside-a-number", lesson=1, asks="x * 3 and 3 * x: what is sent back, and to whom?")
def rule_beside_a_number(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    data = T.tensor(draw.normal(3))
    g = T.tensor(draw.normal(3))
    for name, y in (("x * 3", x * 3), ("3 * x", 3 * x), ("x * data", x * data), ("data * x", data * x)):
        yield name, y.grad_fn(g)
    for name, y in (("x / data", x / data), ("data / x", data / x)):
        yield name, y.grad_fn(g)


@scenario(
    "derivatives.rules-of-two-inputs-on-arrays",
    lesson=1,
    asks="An ordinary backward pass calls the rules of * and / on NumPy arrays: do they give the same there?",
)
def rules_of_two_inputs_on_arrays(T: Any, draw: Draw) -> Yields:
    a, b, g = draw.uniform(2, 3, low=0.5, high=2.0), draw.uniform(2, 3, low=0.5, high=2.0), draw.normal(2, 3)
    if T.__name__ == "torch":
        x, w = T.tensor(a, requires_grad=True), T.tensor(b, requires_grad=True)
        of_product, of_quotient = (x * w).grad_fn(T.tensor(g)), (x / w).grad_fn(T.tensor(g))
    else:
        of_product = by_rule(T, "mul_self", g, other=b), by_rule(T, "mul_other", g, self=a)
        of_quotient = by_rule(T, "div_self", g, other=b), by_rule(T, "div_other", g, self=a, other=b)
    yield "x * w", of_product
    yield "x / w", of_quotient
    yield "the gradient afterwards", T.tensor(g)
    yield "x and w afterwards", (T.tensor(a), T.tensor(b))


@scenario(
    "derivatives.rules-of-two-inputs-leave-the-gradient-alone",
    lesson=1,
    asks="Both rules of a node are given the same gradient: is it the same afterwards?",
)
def rules_of_two_inputs_leave_the_gradient_alone(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.uniform(3, low=0.5), requires_grad=True)
    w = T.tensor(draw.uniform(3, low=0.5), requires_grad=True)
    for name, y in (("x * w", x * w), ("x / w", x / w)):
        g = T.tensor(draw.normal(3))
        yield name, y.grad_fn(g)
        yield f"{name}: the gradient afterwards", g


@scenario(
    "derivatives.rules-of-two-inputs-can-be-recorded",
    lesson=1,
    asks="What is sent back through * and /: can it be differentiated again?",
)
def rules_of_two_inputs_can_be_recorded(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.uniform(3, low=0.5), requires_grad=True)
    w = T.tensor(draw.uniform(3, low=0.5), requires_grad=True)
    g = T.tensor(draw.normal(3))
    yield "x * w", [sent.requires_grad for sent in (x * w).grad_fn(g)]
    yield "x / w", [sent.requires_grad for sent in (x / w).grad_fn(g)]
