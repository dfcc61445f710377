"""Hidden scenarios of lesson 2: graphs that nobody drew by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course.scenarios import Draw, Yields, scenario
from course.scenarios.topics.l02_probes import asked, at_leaves, edges_to_each, order, walked

STEPS: list[Callable[[Any, Any], Any]] = [
    lambda a, b: (a * b).tanh(),
    lambda a, b: a + b,
    lambda a, b: (a - b).sin(),
    lambda a, b: a.sigmoid() * b,
]


def tangle(T: Any, draw: Draw, size: int) -> tuple[list[Any], Any]:
    """Three leaves and a result in which ``size`` operations on earlier results, picked at random, meet."""
    leaves = [T.tensor(draw.uniform(2, low=0.25, high=0.75), requires_grad=True) for _ in range(3)]
    made: list[Any] = list(leaves)
    for what, left, right in draw.integers(0, 1000, size, 3).tolist():
        # The first one picks from all, the second one from the latest: long and short ways.
        made.append(STEPS[what % 4](made[left % len(made)], made[-1 - right % 3]))
    y = made[-1]
    for one in made[:-1]:
        y = y + one
    return leaves, y


@scenario(
    "engine.counts-in-a-tangle", lesson=2, hidden=True, asks="A graph tied at random: how many edges lead to each node?"
)
def counts_in_a_tangle(T: Any, draw: Draw) -> Yields:
    yield "edges", edges_to_each(T, tangle(T, draw, 15)[1])


@scenario(
    "engine.counts-of-three-roots", lesson=2, hidden=True, asks="Three roots, each inside the next: what is counted?"
)
def counts_of_three_roots(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    a = x.exp()
    b = a.sin() * a
    c = b.tanh() + a
    yield "inner first", edges_to_each(T, a, b, c)
    yield "outer first", edges_to_each(T, c, b, a)
    yield "the middle one twice", edges_to_each(T, b, c, b)


@scenario(
    "engine.counts-of-a-leaf", lesson=2, hidden=True, asks="A leaf is used five times: how many edges lead to its end?"
)
def counts_of_a_leaf(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    yield "five uses", edges_to_each(T, x * x + x * x.exp() + x)
    parts = x.unbind(0)
    yield "both parts of a split", edges_to_each(T, parts[0] * parts[1] + parts[0])


@scenario(
    "engine.walk-of-a-tangle", lesson=2, hidden=True, asks="A graph tied at random: what arrives at the three leaves?"
)
def walk_of_a_tangle(T: Any, draw: Draw) -> Yields:
    leaves, y = tangle(T, draw, 25)
    yield "gradients", asked(T, y, leaves, T.tensor(draw.normal(2)))


@scenario(
    "engine.order-in-a-tangle", lesson=2, hidden=True, asks="A graph tied at random: in which order do its nodes run?"
)
def order_in_a_tangle(T: Any, draw: Draw) -> Yields:
    leaves, y = tangle(T, draw, 15)
    ran = walked(T, [y], [T.tensor(draw.normal(2))])
    yield "order", order(ran)
    yield "nodes run", len(ran)
    yield "ends", len(at_leaves(ran))
    yield "leaves", leaves


@scenario(
    "engine.walk-from-a-leaf",
    lesson=2,
    hidden=True,
    asks="The walk starts at a leaf, or at a leaf and what was made of it: what arrives there?",
)
def walk_from_a_leaf(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    w = T.tensor(draw.normal(2), requires_grad=True)
    x.backward(T.tensor(draw.normal(2)))
    yield "alone", x.grad
    T.autograd.backward([x, x * w, w], [T.tensor(draw.normal(2)) for _ in range(3)])
    yield "among others", [x.grad, w.grad]


@scenario(
    "engine.walk-past-frozen-branches",
    lesson=2,
    hidden=True,
    asks="Some branches need no gradient and one is not used: is anybody waited for in vain?",
)
def walk_past_frozen_branches(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    data = T.tensor(draw.normal(2))
    h = x.exp() * data.sin()
    unused = (h * h).tanh()
    y = (data * 2) * h + (h - data).sigmoid()
    yield "gradient", asked(T, y, x, T.tensor(draw.normal(2)))
    yield "order", order(walked(T, [y], [T.tensor(draw.normal(2))]))
    yield "of the other", asked(T, unused, x, T.tensor(draw.normal(2)))


@scenario(
    "engine.walk-over-two-splits",
    lesson=2,
    hidden=True,
    asks="Parts of two splits meet crosswise: does each gradient come back to the right part?",
)
def walk_over_two_splits(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3, 2), requires_grad=True)
    w = T.tensor(draw.normal(3, 2), requires_grad=True)
    a, b, c = (x * 1).unbind(0)
    d, e, _ = (w * 1).unbind(0)
    yield "gradients", asked(T, a * e + c.exp() * d + c, (x, w), T.tensor(draw.normal(2)))
    yield "b is not used", b
