"""Hidden scenarios of lesson 2: where a walk starts, and how a leaf takes what arrives."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, scenario
from course.scenarios.topics.l02_probes import recorded_backward
from course.scenarios.topics.l02_starts import made


@scenario(
    "engine.start-of-a-long-list", lesson=2, hidden=True, asks="Five outputs of all kinds: is each start in its place?"
)
def start_of_a_long_list(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    loss = T.tensor(draw.normal(1, 1), requires_grad=True) * 2
    data = T.tensor(draw.normal(3))
    given = T.tensor(draw.normal(2))
    yield (
        "starts",
        made(T, [x * 2, data, loss, x.exp(), data], [given, None, None, given * 2, T.tensor(draw.normal(3))]),
    )


@scenario("engine.start-with-a-graph", lesson=2, hidden=True, asks="The gradient given requires grad: does the start?")
def start_with_a_graph(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    g = T.tensor(draw.normal(2), requires_grad=True)
    starts = made(T, [x * 3, x * 2], [g * 2, T.tensor(draw.normal(2))])
    yield "requires_grad", [start.requires_grad for start in starts]
    yield "starts", starts


@scenario(
    "engine.start-not-made-up",
    lesson=2,
    hidden=True,
    asks="One of several outputs has two elements and no gradient: an error?",
)
def start_not_made_up(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    loss = T.tensor(draw.normal(), requires_grad=True) * 2
    yield "the last", attempt(made, T, [loss, x * 2], [None, None])
    yield "the first", attempt(made, T, [x * 2, loss], [None, T.tensor(draw.normal())])
    yield "through backward", attempt(T.autograd.backward, [loss, x * 2], [T.tensor(draw.normal()), None])
    yield "a gradient of zero", made(T, [loss], [T.tensor(draw.array(0.0))])


@scenario(
    "engine.leaf-at-many-depths",
    lesson=2,
    hidden=True,
    asks="A weight is used in three layers and in two losses: what is its .grad?",
)
def leaf_at_many_depths(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), requires_grad=True)
    h = T.tensor(draw.normal(3))
    for turn in (1, 2):
        for _ in range(3):
            h = (h * w).tanh()
        (h * w).backward(T.tensor(draw.normal(3)), retain_graph=True)
        yield f"after loss {turn}", w.grad


@scenario(
    "engine.leaf-given-to-others",
    lesson=2,
    hidden=True,
    asks="Three leaves receive one and the same gradient, twice: is any of it counted for another?",
)
def leaf_given_to_others(T: Any, draw: Draw) -> Yields:
    leaves = [T.tensor(draw.normal(3), requires_grad=True) for _ in range(3)]
    for turn in (1, 2):
        g = T.tensor(draw.normal(3))
        (leaves[0] + leaves[1] + leaves[2]).backward(g)
        yield f"after {turn}", [leaf.grad for leaf in leaves]
        yield f"the gradient given in {turn}", g
    yield "places in memory", len({leaf.grad.data_ptr() for leaf in leaves})


@scenario(
    "engine.leaf-kept-by-an-optimizer",
    lesson=2,
    hidden=True,
    asks="A list of the .grad tensors was made once: does it show the gradients of every later step?",
)
def leaf_kept_by_an_optimizer(T: Any, draw: Draw) -> Yields:
    leaves = [T.tensor(draw.normal(2), requires_grad=True) for _ in range(2)]
    (leaves[0] * leaves[1]).backward(T.ones_like(leaves[0]))
    grads = [leaf.grad for leaf in leaves]
    for turn in (2, 3):
        (leaves[0].exp() * leaves[1]).backward(T.ones_like(leaves[0]))
        yield f"the list after step {turn}", grads
    yield "the leaves", [leaf.grad for leaf in leaves]


@scenario(
    "engine.leaf-recorded-after-plain",
    lesson=2,
    hidden=True,
    asks="A plain backward, then a recorded one, then a plain one: which .grad tensors change?",
)
def leaf_recorded_after_plain(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    ones = T.ones_like(x)
    (x * x).backward(ones)
    plain = x.grad
    recorded_backward(T, x * x * x, ones)
    recorded = x.grad
    yield "the plain one", plain
    yield "the recorded one", recorded
    yield "requires_grad", [plain.requires_grad, recorded.requires_grad]
