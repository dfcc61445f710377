"""Hidden scenarios of lesson 7: all options at once, and weights of odd kinds."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, scenario
from course.scenarios.topics.steps import leaf, steps


@scenario(
    "steps.sgd-all-at-once",
    lesson=7,
    hidden=True,
    asks="Every option of SGD at the same time: where do five steps lead?",
)
def sgd_all_at_once(T: Any, draw: Draw) -> Yields:
    options = {"lr": 0.25, "momentum": 0.75, "weight_decay": 0.5, "maximize": True}
    yield from steps(T, draw, lambda p: T.optim.SGD(p, dampening=0.5, **options), 5)


@scenario(
    "steps.sgd-taking-turns",
    lesson=7,
    hidden=True,
    asks="One of two weights has no gradient this time: does its momentum wait for it?",
)
def sgd_taking_turns(T: Any, draw: Draw) -> Yields:
    a, b = (leaf(T, draw.normal(2)) for _ in range(2))
    optimizer = T.optim.SGD([a, b], lr=0.1, momentum=0.5, dampening=0.5, weight_decay=0.5)
    for step in range(1, 6):
        a.grad = T.tensor(draw.normal(2)) if step % 2 else None
        b.grad = T.tensor(draw.normal(2)) if step > 2 else None
        optimizer.step()
        yield f"after step {step}", [a, b]


@scenario(
    "steps.sgd-of-all-shapes",
    lesson=7,
    hidden=True,
    asks="A single number, a matrix and an empty weight: does each take its step?",
)
def sgd_of_all_shapes(T: Any, draw: Draw) -> Yields:
    for shape in ((), (2, 3), (0,)):
        options = {"lr": 0.5, "momentum": 0.5, "nesterov": True, "weight_decay": 0.25}
        for label, w in steps(T, draw, lambda p, o=options: T.optim.SGD(p, **o), 2, shape):  # type: ignore[misc]
            yield f"{shape}: {label}", w


@scenario(
    "steps.sgd-half-the-digits", lesson=7, hidden=True, ulps=16, asks="Weights in float32: do they stay in float32?"
)
def sgd_half_the_digits(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), dtype=T.float32, requires_grad=True)
    optimizer = T.optim.SGD([w], lr=0.1, momentum=0.9, weight_decay=0.1)
    for step in (1, 2):
        w.grad = T.tensor(draw.normal(3), dtype=T.float32)
        optimizer.step()
        yield f"w after step {step}", w
        yield f"state after step {step}", optimizer.state_dict()["state"]


@scenario(
    "steps.adam-all-at-once",
    lesson=7,
    hidden=True,
    asks="Every option of Adam at the same time: where do five steps lead?",
)
def adam_all_at_once(T: Any, draw: Draw) -> Yields:
    options = {"lr": 0.25, "betas": (0.75, 0.5), "eps": 0.125, "weight_decay": 0.5, "maximize": True, "amsgrad": True}
    for name in ("Adam", "AdamW"):
        for label, w in steps(T, draw, lambda p, n=name: getattr(T.optim, n)(p, **options), 5):  # type: ignore[misc]
            yield f"{name}: {label}", w


@scenario(
    "steps.adam-of-all-shapes",
    lesson=7,
    hidden=True,
    asks="A single number, a matrix and an empty weight: does Adam move each?",
)
def adam_of_all_shapes(T: Any, draw: Draw) -> Yields:
    for shape in ((), (2, 3), (0,)):
        for label, w in steps(T, draw, lambda p: T.optim.Adam(p, lr=0.5, weight_decay=0.25), 2, shape):
            yield f"{shape}: {label}", w


@scenario(
    "steps.adam-half-the-digits", lesson=7, hidden=True, ulps=64, asks="Weights in float32: what dtype have the means?"
)
def adam_half_the_digits(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), dtype=T.float32, requires_grad=True)
    optimizer = T.optim.AdamW([w], lr=0.1)
    for step in (1, 2):
        w.grad = T.tensor(draw.normal(3), dtype=T.float32)
        optimizer.step()
        yield f"w after step {step}", w
        yield f"state after step {step}", optimizer.state_dict()["state"]


@scenario(
    "steps.adam-stops-and-goes-on",
    lesson=7,
    hidden=True,
    asks="Adam is saved after two steps and goes on elsewhere: is the fourth step the same?",
)
def adam_stops_and_goes_on(T: Any, draw: Draw) -> Yields:
    first = leaf(T, draw.normal(2))
    optimizer = T.optim.Adam([first], lr=0.1)
    gradients = [draw.normal(2) for _ in range(4)]
    for g in gradients[:2]:
        first.grad = T.tensor(g)
        optimizer.step()
    second = first.detach().clone().requires_grad_()
    resumed = T.optim.Adam([second], lr=0.1)
    resumed.load_state_dict(optimizer.state_dict())
    for step, g in enumerate(gradients[2:], start=3):
        second.grad = T.tensor(g)
        resumed.step()
        yield f"after step {step}", second
