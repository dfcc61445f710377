"""Hidden scenarios of lesson 1: rules where they are easily wrong, and estimates in odd places."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, scenario
from course.scenarios.topics.l01_estimates import ROUGH, estimated
from course.scenarios.topics.l01_rules import ONE_INPUT, by_rule, of_one, sent_back


@scenario(
    "derivatives.rules-in-a-row",
    lesson=1,
    hidden=True,
    ulps=1024,  # what is off in one step is carried on by the next
    asks="The chain rule by hand, from node to node: what arrives at x?",
)
def rules_in_a_row(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.uniform(3, low=0.5, high=1.5), requires_grad=True)
    steps = [x]
    for name in ("sin", "exp", "tanh", "sigmoid", "log"):
        steps.append(ONE_INPUT[name](steps[-1]))
    g = T.tensor(draw.normal(3))
    for number, y in reversed(list(enumerate(steps[1:], 1))):
        g = y.grad_fn(g)
        yield f"after step {number}", g


@scenario(
    "derivatives.rules-far-out",
    lesson=1,
    hidden=True,
    asks="The slopes of all six functions where they are 0, huge or infinite?",
)
def rules_far_out(T: Any, draw: Draw) -> Yields:
    values = draw.array([-1000.0, -700.0, 700.0, 1000.0])
    for name in ("exp", "tanh", "sigmoid", "relu"):
        yield name, sent_back(T, ONE_INPUT[name], values, draw.normal(4))
    yield "log", sent_back(T, ONE_INPUT["log"], draw.array([1e-300, 1e-3, 1e300]), draw.normal(3))
    yield "log below 0", sent_back(T, ONE_INPUT["log"], draw.array([-2.0, -0.5]), draw.normal(2))


@scenario(
    "derivatives.rules-in-single-precision",
    lesson=1,
    hidden=True,
    asks="x is float32: in which dtype is the gradient of each function computed?",
)
def rules_in_single_precision(T: Any, draw: Draw) -> Yields:
    for name in ONE_INPUT:
        values = draw.uniform(3, low=0.25, high=2.0).astype("float32")
        yield name, of_one(T, name, values, draw.normal(3).astype("float32"))


@scenario(
    "derivatives.rules-of-one-number",
    lesson=1,
    hidden=True,
    asks="x has no dimensions: has what is sent back none either?",
)
def rules_of_one_number(T: Any, draw: Draw) -> Yields:
    for name, f in ONE_INPUT.items():
        yield name, sent_back(T, f, draw.uniform(low=0.5, high=1.0), draw.normal())


@scenario(
    "derivatives.product-of-three",
    lesson=1,
    hidden=True,
    asks="x * w * v, from node to node: what arrives at each?",
)
def product_of_three(T: Any, draw: Draw) -> Yields:
    x, w, v = (T.tensor(draw.normal(3), requires_grad=True) for _ in range(3))
    inner = x * w
    for_inner, for_v = (inner * v).grad_fn(T.tensor(draw.normal(3)))
    yield "v", for_v
    yield "x and w", inner.grad_fn(for_inner)


@scenario(
    "derivatives.quotients-in-a-row",
    lesson=1,
    hidden=True,
    asks="x / w / v, large and small denominators: what arrives at each?",
)
def quotients_in_a_row(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(4), requires_grad=True)
    w = T.tensor(draw.array([1e-3, -4.0, 7.0, 1e3]), requires_grad=True)
    v = T.tensor(draw.array([-2.0, 0.25, 3.0, -1e-2]), requires_grad=True)
    inner = x / w
    for_inner, for_v = (inner / v).grad_fn(T.tensor(draw.normal(4)))
    yield "v", for_v
    yield "x and w", inner.grad_fn(for_inner)


@scenario(
    "derivatives.rules-of-two-inputs-in-single-precision",
    lesson=1,
    hidden=True,
    asks="x and w are float32: in which dtype do * and / compute their gradients?",
)
def rules_of_two_inputs_in_single_precision(T: Any, draw: Draw) -> Yields:
    a, b, g = (draw.uniform(3, low=0.5, high=2.0).astype("float32") for _ in range(3))
    if T.__name__ == "torch":
        x, w = T.tensor(a, requires_grad=True), T.tensor(b, requires_grad=True)
        of_product, of_quotient = (x * w).grad_fn(T.tensor(g)), (x / w).grad_fn(T.tensor(g))
    else:
        of_product = by_rule(T, "mul_self", g, other=b), by_rule(T, "mul_other", g, self=a)
        of_quotient = by_rule(T, "div_self", g, other=b), by_rule(T, "div_other", g, self=a, other=b)
    yield "x * w", of_product
    yield "x / w", of_quotient


@scenario(
    "derivatives.estimate-at-one-number",
    lesson=1,
    hidden=True,
    contract=True,
    ulps=ROUGH,
    asks="x has no dimensions, or no elements: is there an estimate of that shape?",
)
def estimate_at_one_number(T: Any, draw: Draw) -> Yields:
    yield "no dimensions", estimated(T, lambda v: v * v * v, draw.normal(), draw.normal())
    yield "three dimensions", estimated(T, lambda v: v * v, draw.normal(2, 1, 3), draw.normal(2, 1, 3))
    yield "no elements", estimated(T, lambda v: v * v, draw.normal(0, 2), draw.normal(0, 2))


@scenario(
    "derivatives.estimate-at-a-transposed-array",
    lesson=1,
    hidden=True,
    contract=True,
    ulps=ROUGH,
    asks="x is a transposed matrix, a view of another array: is the estimate right all the same?",
)
def estimate_at_a_transposed_array(T: Any, draw: Draw) -> Yields:
    whole = draw.normal(3, 2)
    before = whole.copy()
    yield "transposed", estimated(T, lambda v: v * v, whole.T, draw.normal(2, 3))
    yield "every second", estimated(T, lambda v: v * v * v, whole[::2], draw.normal(2, 2))
    yield "the array behind it is as it was", bool((whole == before).all())


@scenario(
    "derivatives.estimate-where-elements-are-equal",
    lesson=1,
    hidden=True,
    contract=True,
    ulps=ROUGH,
    asks="All elements of x are equal, and the results weigh them differently: is each estimated on its own?",
)
def estimate_where_elements_are_equal(T: Any, draw: Draw) -> Yields:
    x = draw.array([0.5, 0.5, 0.5])
    yield "a product of neighbours", estimated(T, lambda v: v[1:] * v[:-1], x, draw.normal(2))
    yield "only the last", estimated(T, lambda v: v[2:] * v[2:], x, draw.normal(1))
