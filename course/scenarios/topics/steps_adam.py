"""Adam in single steps: the two means, what corrects them, and where the decay goes."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, scenario
from course.scenarios.topics.steps import leaf, steps


@scenario("steps.adam-first", lesson=7, asks="The first step of Adam: how long is it, for whatever gradient?")
def adam_first(T: Any, draw: Draw) -> Yields:
    # Without eps, here and below: where it goes is asked where it is large enough to be seen.
    w = leaf(T, draw.array([1.0, 1.0, 1.0]))
    w.grad = T.tensor(draw.array([0.5, -4.0, 100.0]))
    T.optim.Adam([w], lr=0.1, eps=0.0).step()
    yield "w", w


@scenario(
    "steps.adam-length", lesson=7, asks="Steps of Adam while the gradient stays the same: longer than lr, or shorter?"
)
def adam_length(T: Any, draw: Draw) -> Yields:
    w = leaf(T, draw.array([0.0]))
    optimizer = T.optim.Adam([w], lr=1.0)
    for step in (1, 2, 3):
        before = w.item()
        w.grad = T.tensor(draw.array([4.0]))
        optimizer.step()
        length = before - w.item()
        yield f"step {step} is longer", length > 1.01
        yield f"step {step} is shorter", length < 0.99


@scenario("steps.adam-ones", lesson=7, asks="All gradients are 1 or -1: what is left of the division by the root?")
def adam_ones(T: Any, draw: Draw) -> Yields:
    w = leaf(T, draw.normal(3))
    optimizer = T.optim.Adam([w], lr=0.1, eps=0.0)
    for step in (1, 2, 3):
        w.grad = T.tensor(draw.array([1.0, -1.0, 1.0 if step < 2 else -1.0]))
        optimizer.step()
        yield f"w after step {step}", w


@scenario("steps.adam-random", lesson=7, asks="Three steps of Adam with three gradients: where do they lead?")
def adam_random(T: Any, draw: Draw) -> Yields:
    yield from steps(T, draw, lambda p: T.optim.Adam(p, lr=0.1, eps=0.0))


@scenario("steps.adam-betas", lesson=7, asks="Which of the two betas belongs to which mean?")
def adam_betas(T: Any, draw: Draw) -> Yields:
    yield from steps(T, draw, lambda p: T.optim.Adam(p, lr=0.1, betas=(0.5, 0.75), eps=0.0))


@scenario(
    "steps.adam-odd-betas",
    lesson=7,
    asks="Betas of 0, and equal betas: which mean forgets everything, and what is corrected?",
)
def adam_odd_betas(T: Any, draw: Draw) -> Yields:
    for betas in ((0.5, 0.5), (0.5, 0.0), (0.0, 0.5), (0.0, 0.0)):
        for label, w in steps(T, draw, lambda p, b=betas: T.optim.Adam(p, lr=0.1, betas=b, eps=0.5)):  # type: ignore[misc]
            yield f"betas {betas}: {label}", w


@scenario("steps.adam-eps", lesson=7, asks="eps is large: is it added before or after the root, corrected or not?")
def adam_eps(T: Any, draw: Draw) -> Yields:
    yield from steps(T, draw, lambda p: T.optim.Adam(p, lr=0.1, eps=0.5))


@scenario("steps.adam-no-gradient", lesson=7, asks="All gradients so far are zero: does Adam divide by zero?")
def adam_no_gradient(T: Any, draw: Draw) -> Yields:
    w = leaf(T, draw.normal(2))
    optimizer = T.optim.Adam([w], lr=0.1)
    for step in (1, 2):
        w.grad = T.zeros_like(w)
        optimizer.step()
        yield f"w after step {step}", w


@scenario("steps.adam-decay", lesson=7, asks="Weight decay in Adam: is it a part of the gradient, and of the means?")
def adam_decay(T: Any, draw: Draw) -> Yields:
    yield from steps(T, draw, lambda p: T.optim.Adam(p, lr=0.1, weight_decay=0.5))


@scenario("steps.adamw-decay", lesson=7, asks="AdamW: is the weight decayed apart from the gradient, and by how much?")
def adamw_decay(T: Any, draw: Draw) -> Yields:
    # First steps only, in which no mean can be wrong yet.
    for lr, decay in ((0.1, 0.5), (0.5, 0.25)):
        for _, w in steps(T, draw, lambda p, r=lr, d=decay: T.optim.AdamW(p, lr=r, weight_decay=d, eps=0.0), 1):  # type: ignore[misc]
            yield f"lr {lr}, weight_decay {decay}: w", w


@scenario(
    "steps.adamw-without-gradient", lesson=7, asks="The gradient is zero: by how much does AdamW shrink the weight?"
)
def adamw_without_gradient(T: Any, draw: Draw) -> Yields:
    w = leaf(T, draw.normal(2))
    w.grad = T.zeros_like(w)
    optimizer = T.optim.AdamW([w], lr=0.5, weight_decay=0.5)
    for step in (1, 2):
        optimizer.step()
        yield f"w after step {step}", w


@scenario("steps.adam-amsgrad", lesson=7, asks="A large gradient, then small ones: by what does amsgrad divide?")
def adam_amsgrad(T: Any, draw: Draw) -> Yields:
    for betas in ((0.5, 0.75), (0.5, 0.0)):
        w = leaf(T, draw.normal(2))
        optimizer = T.optim.Adam([w], lr=0.1, betas=betas, amsgrad=True)
        for step, size in enumerate((8.0, 0.25, 0.25, 4.0), start=1):
            w.grad = T.tensor(draw.normal(2) * size)
            optimizer.step()
            yield f"betas {betas}: w after step {step}", w


@scenario("steps.adam-up", lesson=7, asks="maximize=True in Adam: is weight decay turned around with the gradient?")
def adam_up(T: Any, draw: Draw) -> Yields:
    yield from steps(T, draw, lambda p: T.optim.Adam(p, lr=0.1, maximize=True, weight_decay=2.0))


@scenario("steps.adam-leaves-grad-alone", lesson=7, asks="Does a step of Adam change w.grad?")
def adam_leaves_grad_alone(T: Any, draw: Draw) -> Yields:
    kinds: dict[str, dict[str, Any]] = {
        "plain": {},
        "weight decay": {"weight_decay": 0.5},
        "maximize": {"maximize": True},
        "amsgrad": {"amsgrad": True},
    }
    for name, options in kinds.items():
        w = leaf(T, draw.normal(2))
        w.grad = T.tensor(draw.normal(2))
        optimizer = T.optim.Adam([w], lr=0.1, **options)
        for step in (1, 2):
            optimizer.step()
            yield f"{name}: w.grad after step {step}", w.grad


@scenario("steps.adam-in-place", lesson=7, asks="Is w the same memory after steps of Adam, and is the change noticed?")
def adam_in_place(T: Any, draw: Draw) -> Yields:
    w = leaf(T, draw.normal(2))
    before, alias, version = w.data_ptr(), w.detach(), w._version
    optimizer = T.optim.Adam([w], lr=0.1)
    for _ in (1, 2):
        w.grad = T.tensor(draw.normal(2))
        optimizer.step()
    yield "where it was, and its alias moved too", [w.data_ptr() == before, bool((alias == w).all())]
    yield "a leaf that requires grad", [w.is_leaf, w.requires_grad]
    yield "its version moved", w._version > version


@scenario("steps.adam-taking-turns", lesson=7, asks="One of two weights has no gradient this time: what is counted?")
def adam_taking_turns(T: Any, draw: Draw) -> Yields:
    a, b = (leaf(T, draw.normal(2)) for _ in range(2))
    optimizer = T.optim.Adam([a, b], lr=0.1)
    for step in (1, 2, 3):
        a.grad = T.tensor(draw.normal(2)) if step != 2 else None
        b.grad = T.tensor(draw.normal(2)) if step != 1 else None
        optimizer.step()
        yield f"after step {step}", [a, b]


@scenario("steps.adam-what-is-remembered", lesson=7, asks="What does Adam keep of each weight in its state_dict?")
def adam_what_is_remembered(T: Any, draw: Draw) -> Yields:
    kinds: dict[str, dict[str, Any]] = {"plain": {}, "amsgrad": {"amsgrad": True}}
    for name, options in kinds.items():
        w = leaf(T, draw.normal(2))
        optimizer = T.optim.Adam([w], lr=0.1, betas=(0.5, 0.75), **options)
        for step, size in enumerate((8.0, 0.25), start=1):
            w.grad = T.tensor(draw.normal(2) * size)
            optimizer.step()
            kept = optimizer.state_dict()["state"].get(0, {})
            yield f"{name}: names kept after step {step}", sorted(kept)
            for key in ("step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq")[: 3 + bool(options)]:
                yield f"{name}: {key} after step {step}", kept.get(key)
