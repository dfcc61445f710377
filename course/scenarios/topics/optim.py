"""Steps of an optimizer: whole trajectories, and what None and zeros mean to them."""

from __future__ import annotations

from typing import Any

from course.scenarios import Cases, Draw, Yields, scenario


def _train(T: Any, draw: Draw, make: Any, steps: int = 20) -> Any:
    x = T.tensor(draw.normal(8, 3))
    target = T.tensor(draw.normal(8))
    w = T.tensor(draw.normal(3), requires_grad=True)
    optimizer = make([w])
    for _ in range(steps):
        optimizer.zero_grad()
        (((x @ w) - target) ** 2).mean().backward()
        optimizer.step()
    return w


@scenario("optim.sgd", lesson=7, asks="Do 20 steps of SGD end at the same weights?", ulps=512)
def sgd(T: Any, draw: Draw) -> Yields:
    yield "plain", _train(T, draw, lambda p: T.optim.SGD(p, lr=0.1))
    yield "momentum", _train(T, draw, lambda p: T.optim.SGD(p, lr=0.05, momentum=0.9))
    yield "weight decay", _train(T, draw, lambda p: T.optim.SGD(p, lr=0.05, weight_decay=0.1))


@scenario("optim.adam", lesson=7, asks="Do 20 steps of Adam end at the same weights?", ulps=512)
def adam(T: Any, draw: Draw) -> Yields:
    yield "w", _train(T, draw, lambda p: T.optim.Adam(p, lr=0.05))


@scenario("optim.zero-grad", lesson=7, asks="Does zero_grad() leave zeros or None?")
def zero_grad(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), requires_grad=True)
    optimizer = T.optim.SGD([w], lr=0.1)
    for kwargs in ({}, {"set_to_none": False}):
        (w * 2).sum().backward()
        optimizer.zero_grad(**kwargs)
        yield f"w.grad after zero_grad({kwargs or ''})", w.grad


@scenario(
    "optim.accumulated-batches",
    lesson=7,
    asks="Are two half batches, divided by two, the same as one whole batch?",
)
def accumulated_batches(T: Any, draw: Draw) -> Yields:
    x, target = T.tensor(draw.normal(8, 3)), T.tensor(draw.normal(8))
    start = draw.normal(3)

    def loss(w: Any, rows: slice) -> Any:
        return (((x[rows] @ w) - target[rows]) ** 2).mean()

    whole = T.tensor(start, requires_grad=True)
    loss(whole, slice(0, 8)).backward()
    halves = T.tensor(start, requires_grad=True)
    for rows in (slice(0, 4), slice(4, 8)):
        (loss(halves, rows) / 2).backward()
    yield "whole", whole.grad
    yield "halves", halves.grad


@scenario("optim.frozen-weight-moves", lesson=7, asks="A weight is frozen after some steps: does it still move?")
def frozen_weight_moves(T: Any, draw: Draw) -> Yields:
    makers: Cases = {
        "plain SGD": lambda p: T.optim.SGD(p, lr=0.1),
        "momentum": lambda p: T.optim.SGD(p, lr=0.1, momentum=0.9),
        "weight decay": lambda p: T.optim.SGD(p, lr=0.1, weight_decay=0.1),
        "Adam": lambda p: T.optim.Adam(p, lr=0.1),
    }
    for name, make in makers.items():
        for left in ("None", "zeros", "a stale gradient"):
            w = T.tensor(draw.normal(3), requires_grad=True)
            other = T.tensor(draw.normal(3), requires_grad=True)
            optimizer = make([w, other])
            (w * other).sum().backward()
            optimizer.step()
            w.requires_grad_(False)
            before = w.clone()
            if left != "a stale gradient":
                optimizer.zero_grad(set_to_none=left == "None")
            (w * other).sum().backward()
            optimizer.step()
            yield f"{name}, w.grad left as {left}: moved", bool((w != before).any())
