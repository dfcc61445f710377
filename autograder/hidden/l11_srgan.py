"""Hidden scenarios of lesson 11."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, scenario
from course.scenarios.nets import known
from course.scenarios.topics.l11_carried import Net, carry_state, chunks_of, squared
from course.scenarios.topics.l11_reinforce import reinforce_loss
from course.scenarios.topics.l11_step import optimizers, pair, plain_loss, srgan_step, weights
from course.scenarios.topics.l11_tasks import task_pulls


@scenario(
    "srgan_step.pictures",
    lesson=11,
    hidden=True,
    contract=True,
    ulps=1 << 16,
    asks="Pictures of 2x2 become 4x4: where do the weights go in two steps?",
)
def pictures(T: Any, draw: Draw) -> Yields:
    nn = T.nn
    maker = known(T, draw, nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.PixelShuffle(2), nn.Sigmoid()))
    judge = known(T, draw, nn.Sequential(nn.Conv2d(1, 2, 3, stride=2), nn.Tanh(), nn.Flatten(), nn.Linear(2, 1)))
    both = optimizers(T, maker, judge)
    for turn in (1, 2):
        low, real = T.tensor(draw.normal(2, 1, 2, 2)), T.tensor(draw.normal(2, 1, 4, 4))
        yield f"losses {turn}", srgan_step(T)(maker, judge, low, real, *both, plain_loss)
    yield "maker", weights(maker)
    yield "judge", weights(judge)


@scenario(
    "srgan_step.optimizers-of-two-kinds",
    lesson=11,
    hidden=True,
    contract=True,
    ulps=1 << 16,
    asks="The judge has momentum, the maker Adam, and the loss is of another kind: where do they go?",
)
def optimizers_of_two_kinds(T: Any, draw: Draw) -> Yields:
    maker, judge, low, real = pair(T, draw)
    of_maker = T.optim.Adam(maker.parameters(), lr=0.1)
    of_judge = T.optim.SGD(judge.parameters(), lr=0.1, momentum=0.9)
    for _ in range(2):
        srgan_step(T)(
            maker, judge, low, real, of_maker, of_judge, lambda fake, real, score: (fake - real).abs().mean() - score
        )
    yield "maker", weights(maker)
    yield "judge", weights(judge)


@scenario(
    "carried.ten-chunks",
    lesson=11,
    hidden=True,
    contract=True,
    ulps=1 << 20,
    asks="Ten chunks with momentum: where do the weights go?",
)
def ten_chunks(T: Any, draw: Draw) -> Yields:
    net = Net(T, draw)
    optimizer = T.optim.SGD(net.weights, lr=0.01, momentum=0.5)
    start = T.tensor(draw.normal(1, 3))
    yield "result", carry_state(T)(net, chunks_of(T, draw, 10), start, optimizer, squared)
    yield "weights", list(net.weights)


@scenario(
    "carried.no-chunks",
    lesson=11,
    hidden=True,
    contract=True,
    asks="There is no chunk at all: what comes back, and does the optimizer step?",
)
def no_chunks(T: Any, draw: Draw) -> Yields:
    net = Net(T, draw)
    optimizer = T.optim.SGD(net.weights, lr=0.01)
    yield "result", attempt(carry_state(T), net, [], T.tensor(draw.normal(1, 3)), optimizer, squared)
    yield "gradients", [w.grad for w in net.weights]


@scenario(
    "tasks.deep-trunk",
    lesson=11,
    hidden=True,
    contract=True,
    ulps=1 << 16,
    asks="Four losses on three layers: how hard does each pull, and what is in .grad?",
)
def deep_trunk(T: Any, draw: Draw) -> Yields:
    shared = [T.tensor(draw.normal(3, 3), requires_grad=True) for _ in range(3)]
    h = T.tensor(draw.normal(2, 3))
    for w in shared:
        h = (h @ w).tanh()
    losses = [(h * k).sum() for k in (1.0, 2.0)] + [(h**2).mean(), h.exp().sum()]
    yield "pulls", task_pulls(T)(losses, shared)
    yield "gradients", [w.grad for w in shared]


@scenario(
    "tasks.part-of-the-weights",
    lesson=11,
    hidden=True,
    contract=True,
    ulps=4096,
    asks="Only some of the leaves count as shared: whose length is the pull?",
)
def part_of_the_weights(T: Any, draw: Draw) -> Yields:
    a, b = T.tensor(draw.normal(3), requires_grad=True), T.tensor(draw.normal(3), requires_grad=True)
    h = a.exp() * b
    yield "pulls", task_pulls(T)([h.sum(), (h * h).sum()], [b])
    yield "a.grad", a.grad
    yield "b.grad", b.grad


@scenario(
    "reinforce.long-episode",
    lesson=11,
    hidden=True,
    contract=True,
    ulps=4096,
    asks="Twenty choices with a discount and a critic: which gradient do the logits get?",
)
def long_episode(T: Any, draw: Draw) -> Yields:
    logits = T.tensor(draw.normal(20, 5), requires_grad=True)
    actions, rewards = T.tensor(draw.integers(0, 5, 20)), draw.normal(20).tolist()
    values = T.tensor(draw.normal(20), requires_grad=True)
    loss = reinforce_loss(T)(logits, actions, rewards, discount=0.9, values=values)
    yield "loss", loss
    loss.backward()
    yield "logits.grad", logits.grad
    yield "values.grad", values.grad


@scenario(
    "reinforce.large-logits",
    lesson=11,
    hidden=True,
    contract=True,
    asks="The policy is very sure of another choice: is the loss still a number?",
)
def large_logits(T: Any, draw: Draw) -> Yields:
    logits = T.tensor(draw.array([[800.0, -800.0], [0.0, 3.0]]), requires_grad=True)
    loss = reinforce_loss(T)(logits, T.tensor([1, 0]), [1.0, 0.5])
    yield "loss", loss
    loss.backward()
    yield "logits.grad", logits.grad
