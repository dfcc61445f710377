"""One weight, gradients given by hand, and one option at a time: what is a step made of?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from course.scenarios import Draw, Yields, scenario

Maker = Callable[[list[Any]], Any]


def leaf(T: Any, values: Any) -> Any:
    return T.tensor(values, requires_grad=True)


def steps(T: Any, draw: Draw, make: Maker, count: int = 3, shape: Sequence[int] = (3,)) -> Yields:
    """Step with a new gradient each time; yield the weight after each step."""
    w = leaf(T, draw.normal(*shape))
    optimizer = make([w])
    for step in range(1, count + 1):
        w.grad = T.tensor(draw.normal(*shape))
        optimizer.step()
        yield f"w after step {step}", w


@scenario("steps.sgd-down", lesson=7, asks="One plain step: in which direction, and how far?")
def sgd_down(T: Any, draw: Draw) -> Yields:
    w = leaf(T, draw.array([1.0, -2.0]))
    w.grad = T.tensor(draw.array([1.0, 10.0]))
    T.optim.SGD([w], lr=0.5).step()
    yield "w", w


@scenario("steps.sgd-random", lesson=7, asks="Three plain steps with three gradients: where do they lead?")
def sgd_random(T: Any, draw: Draw) -> Yields:
    yield from steps(T, draw, lambda p: T.optim.SGD(p, lr=0.1))


@scenario("steps.sgd-in-place-once", lesson=7, asks="How often does one step change the memory of a weight?")
def sgd_in_place_once(T: Any, draw: Draw) -> Yields:
    kinds: dict[str, dict[str, Any]] = {
        "plain": {},
        "momentum": {"momentum": 0.9},
        "nesterov": {"momentum": 0.9, "nesterov": True},
        "weight decay": {"weight_decay": 0.1},
    }
    for name, options in kinds.items():
        w = leaf(T, draw.normal(2))
        before, alias = w.data_ptr(), w.detach()
        optimizer = T.optim.SGD([w], lr=0.1, **options)
        for step in (1, 2):
            w.grad = T.tensor(draw.normal(2))
            optimizer.step()
            yield f"{name}, step {step}: version", w._version
        yield f"{name}: where it was, and its alias moved too", [w.data_ptr() == before, bool((alias == w).all())]
        yield f"{name}: a leaf that requires grad", [w.is_leaf, w.requires_grad]


@scenario("steps.sgd-momentum", lesson=7, asks="What of the last gradients is in the next step?")
def sgd_momentum(T: Any, draw: Draw) -> Yields:
    yield from steps(T, draw, lambda p: T.optim.SGD(p, lr=0.1, momentum=0.5))


@scenario("steps.sgd-rolls-on", lesson=7, asks="The gradient is zero from now on: does momentum carry the weight on?")
def sgd_rolls_on(T: Any, draw: Draw) -> Yields:
    w = leaf(T, draw.normal(2))
    optimizer = T.optim.SGD([w], lr=0.1, momentum=0.9)
    for step in range(1, 4):
        w.grad = T.tensor(draw.normal(2)) if step == 1 else T.zeros_like(w)
        optimizer.step()
        yield f"w after step {step}", w


@scenario(
    "steps.sgd-rate-lowered",
    lesson=7,
    asks="The learning rate is halved: does that hold for the gradients of earlier steps, too?",
)
def sgd_rate_lowered(T: Any, draw: Draw) -> Yields:
    w = leaf(T, draw.normal(2))
    optimizer = T.optim.SGD([w], lr=0.5, momentum=0.5)
    schedule = T.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    for step in range(1, 4):
        w.grad = T.tensor(draw.normal(2))
        optimizer.step()
        schedule.step()
        yield f"w after step {step}", w


@scenario("steps.sgd-dampening", lesson=7, asks="Dampening weakens new gradients: the very first one, too?")
def sgd_dampening(T: Any, draw: Draw) -> Yields:
    yield from steps(T, draw, lambda p: T.optim.SGD(p, lr=0.1, momentum=0.5, dampening=0.25))


@scenario("steps.sgd-nesterov", lesson=7, asks="Nesterov's momentum looks ahead: from the first step on?")
def sgd_nesterov(T: Any, draw: Draw) -> Yields:
    w = leaf(T, draw.normal(3))
    optimizer = T.optim.SGD([w], lr=0.5, momentum=0.5, nesterov=True)
    for step in range(1, 4):
        before = w.detach().clone()
        w.grad = T.tensor(draw.normal(3))
        optimizer.step()
        yield f"step {step} moves w by", w.detach() - before  # exact: all numbers are multiples of 2 ** -13


@scenario("steps.sgd-decay", lesson=7, asks="The gradient is zero: does weight decay move the weight?")
def sgd_decay(T: Any, draw: Draw) -> Yields:
    w = leaf(T, draw.normal(2))
    w.grad = T.zeros_like(w)
    optimizer = T.optim.SGD([w], lr=0.1, weight_decay=0.5)
    for step in (1, 2):
        optimizer.step()
        yield f"w after step {step}", w


@scenario("steps.sgd-decay-and-momentum", lesson=7, asks="Does weight decay go into the momentum, or past it?")
def sgd_decay_and_momentum(T: Any, draw: Draw) -> Yields:
    yield from steps(T, draw, lambda p: T.optim.SGD(p, lr=0.1, momentum=0.5, weight_decay=0.5))


@scenario("steps.sgd-up", lesson=7, asks="maximize=True: is weight decay turned around with the gradient?")
def sgd_up(T: Any, draw: Draw) -> Yields:
    yield from steps(T, draw, lambda p: T.optim.SGD(p, lr=0.1, maximize=True, weight_decay=0.5))
    for _, w in steps(T, draw, lambda p: T.optim.SGD(p, lr=0.1, maximize=True), count=1):
        yield "without decay: w", w


@scenario("steps.sgd-leaves-grad-alone", lesson=7, asks="I do not clear w.grad: is it the same after each step?")
def sgd_leaves_grad_alone(T: Any, draw: Draw) -> Yields:
    kinds: dict[str, dict[str, Any]] = {
        "momentum": {"momentum": 0.9},
        "dampening": {"momentum": 0.9, "dampening": 0.5},
        "nesterov": {"momentum": 0.9, "nesterov": True},
        "weight decay": {"weight_decay": 0.5},
        "maximize": {"maximize": True},
    }
    for name, options in kinds.items():
        w = leaf(T, draw.normal(2))
        w.grad = T.tensor(draw.normal(2))
        optimizer = T.optim.SGD([w], lr=0.1, **options)
        for step in (1, 2, 3):
            optimizer.step()
            yield f"{name}: w.grad after step {step}", w.grad


@scenario(
    "steps.sgd-grad-cleared-in-place", lesson=7, asks="w.grad is filled with zeros: does the momentum forget, too?"
)
def sgd_grad_cleared_in_place(T: Any, draw: Draw) -> Yields:
    # Only whether w moves: a buffer of the wrong size is the business of other scenarios.
    w = leaf(T, draw.normal(2))
    optimizer = T.optim.SGD([w], lr=0.1, momentum=0.9)
    (w * T.tensor(draw.normal(2))).sum().backward()
    optimizer.step()
    for step in (2, 3):
        optimizer.zero_grad(set_to_none=False)
        before = w.detach().clone()
        optimizer.step()
        yield f"w.grad is all zeros in step {step}: w moves", not bool((w == before).all())


@scenario("steps.sgd-two-weights", lesson=7, asks="Two weights of one shape: has each a momentum of its own?")
def sgd_two_weights(T: Any, draw: Draw) -> Yields:
    a, b = (leaf(T, draw.normal(2)) for _ in range(2))
    optimizer = T.optim.SGD([a, b], lr=0.1, momentum=0.9)
    for step in (1, 2):
        a.grad, b.grad = (T.tensor(draw.normal(2)) for _ in range(2))
        optimizer.step()
        yield f"after step {step}", [a, b]


@scenario("steps.sgd-what-is-remembered", lesson=7, asks="Under which name is momentum kept in the state_dict?")
def sgd_what_is_remembered(T: Any, draw: Draw) -> Yields:
    kinds: dict[str, dict[str, Any]] = {"plain": {}, "momentum": {"momentum": 0.9, "dampening": 0.5}}
    for name, options in kinds.items():
        w = leaf(T, draw.normal(2))
        optimizer = T.optim.SGD([w], lr=0.1, **options)
        for step in (1, 2):
            w.grad = T.tensor(draw.normal(2))
            optimizer.step()
            kept = optimizer.state_dict()["state"].get(0, {})
            yield f"{name}: names kept after step {step}", sorted(kept)
            yield f"{name}: momentum_buffer after step {step}", kept.get("momentum_buffer")
