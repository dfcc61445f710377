"""Hidden scenarios of lesson 4: who gets a gradient."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, scenario


def _modes(T: Any) -> list[bool]:
    return [T.is_grad_enabled(), T.is_inference_mode_enabled()]


# --- detach and detach_ ---------------------------------------------------------------------------


@scenario(
    "graph.stopped-on-one-side",
    lesson=4,
    hidden=True,
    asks="A loss compares a prediction with a target from the same network, detached: which weights learn?",
)
def stopped_on_one_side(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(4, 3))
    trunk = T.tensor(draw.normal(3, 2), requires_grad=True)
    head = T.tensor(draw.normal(2, 2), requires_grad=True)
    features = (x @ trunk).tanh()
    difference = features @ head - features.detach()
    (difference * difference).sum().backward()
    yield "trunk.grad", trunk.grad
    yield "head.grad", head.grad
    target = features.detach()
    yield "the target", [target.requires_grad, target.is_leaf, target.data_ptr() == features.data_ptr()]


@scenario(
    "graph.detached-in-a-chain",
    lesson=4,
    hidden=True,
    asks="detach() of detach() of a slice of a result: what do all of them share, and what has a graph?",
)
def detached_in_a_chain(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3, 3), requires_grad=True)
    y = x.sigmoid()
    line = [y, y.detach(), y.detach().detach(), y[0].detach(), y.detach()[0]]
    yield "same memory", [t.data_ptr() == y.data_ptr() for t in line]
    yield "requires_grad", [t.requires_grad for t in line]
    yield "is_leaf", [t.is_leaf for t in line]
    for number, t in enumerate(line[1:]):
        yield f"backward {number}", attempt((t * 2).sum().backward)
    (y * line[2]).sum().backward()
    yield "x.grad", x.grad


@scenario(
    "graph.cut-at-random",
    lesson=4,
    hidden=True,
    asks="Results are combined at random, and some are detached on the way: which leaves get which gradient?",
)
def cut_at_random(T: Any, draw: Draw) -> Yields:
    leaves = [T.tensor(draw.normal(2), requires_grad=True) for _ in range(4)]
    results = list(leaves)
    for kind, left, right in draw.integers(0, 1000, 20, 3).tolist():
        a, b = results[left % len(results)], results[right % len(results)]
        results.append((a * b, a + b, (a * 0.5).tanh(), a.detach() * b, b.detach())[kind % 5])
    yield "tracked", [t.requires_grad for t in results]
    yield "leaves", [t.is_leaf for t in results]
    loss = (results[-1] + results[-2] + results[-3] + leaves[0]).sum()
    loss.backward()
    for number, leaf in enumerate(leaves):
        yield f"gradient of leaf {number}", leaf.grad


@scenario(
    "graph.cut-in-place-in-the-middle",
    lesson=4,
    hidden=True,
    asks="Of three losses on one result the second is computed after detach_(): which of them reach the leaves?",
)
def cut_in_place_in_the_middle(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    w = T.tensor(draw.normal(3), requires_grad=True)
    y = x + w
    before = (y + w).sum()
    yield "detach_()", attempt(y.detach_)
    after = (y + w).sum()
    y.requires_grad_()
    again = (y * 3).sum()
    for name, loss in {"before": before, "after": after, "again": again}.items():
        yield name, attempt(loss.backward)
        yield f"{name}: gradients", [x.grad, w.grad, y.grad]
    yield "twice", [attempt(y.detach_), attempt(y.detach_), y.requires_grad]


# --- no_grad, enable_grad, set_grad_enabled ---------------------------------------------------------


@scenario(
    "modes.validation-that-fails",
    lesson=4,
    hidden=True,
    asks="Validation under no_grad fails now and then: do the training steps after it still learn?",
)
def validation_that_fails(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), requires_grad=True)

    @T.no_grad()  # type: ignore[untyped-decorator]
    def validate(x: Any, *, strict: bool = False) -> Any:
        if strict:
            raise KeyError("raised on purpose")
        return (w * x).sum()

    for step in range(3):
        x = T.tensor(draw.normal(3))
        loss = (w * x).tanh().sum()
        yield f"step {step}: backward", attempt(loss.backward)
        yield f"step {step}: w.grad", w.grad
        yield f"step {step}: validation", attempt(validate, x, strict=step == 1)
        try:
            with T.no_grad(), T.enable_grad():
                if step:
                    raise KeyError("stop")
        except KeyError:
            pass
        yield f"step {step}: mode", T.is_grad_enabled()


@scenario(
    "modes.random-nesting",
    lesson=4,
    hidden=True,
    asks="Blocks of all kinds are nested at random: what is the mode before, inside and after each?",
)
def random_nesting(T: Any, draw: Draw) -> Yields:
    makers = [T.no_grad, T.enable_grad, lambda: T.set_grad_enabled(True), lambda: T.set_grad_enabled(False)]
    log: list[bool] = []

    def descend(kinds: list[int]) -> None:
        log.append(T.is_grad_enabled())
        if kinds:
            with makers[kinds[0]]():
                descend(kinds[1:])
            log.append(T.is_grad_enabled())
            with makers[-1 - kinds[0]]():
                log.append(T.is_grad_enabled())
        log.append(T.is_grad_enabled())

    for turn in range(4):
        log.clear()
        descend(draw.integers(0, 4, 6).tolist())
        yield f"turn {turn}", list(log)


@scenario(
    "modes.decorators-stacked",
    lesson=4,
    hidden=True,
    asks="Decorated functions call each other, and one has two decorators: which mode has each of them?",
)
def decorators_stacked(T: Any, draw: Draw) -> Yields:
    log: list[object] = []

    def note(who: str) -> None:
        log.append([who, T.is_grad_enabled()])

    @T.enable_grad()  # type: ignore[untyped-decorator]
    def loud() -> None:
        note("loud")

    @T.no_grad  # type: ignore[untyped-decorator]
    def silent(depth: int) -> int:
        note(f"silent {depth}")
        loud()
        note(f"silent {depth} after loud")
        return depth if depth == 0 else silent(depth - 1) + 1

    @T.no_grad()  # type: ignore[untyped-decorator]
    @T.enable_grad()  # type: ignore[untyped-decorator]
    def both() -> None:
        note("both")

    yield "result", silent(2)
    both()
    note("outside")
    with T.no_grad():
        loud()
        both()
        note("inside")
    yield "log", log


@scenario(
    "modes.generators-in-turn",
    lesson=4,
    hidden=True,
    asks="Two decorated generators are read in turn: does either disturb the other, or the reader?",
)
def generators_in_turn(T: Any, draw: Draw) -> Yields:
    def modes(count: int) -> Any:
        for number in range(count):
            yield [number, T.is_grad_enabled()]

    silent, loud = T.no_grad()(modes), T.enable_grad()(modes)
    log = [[*one, *other, T.is_grad_enabled()] for one, other in zip(silent(3), loud(3), strict=True)]
    yield "read outside", log
    with T.no_grad():
        log = [[*one, *other, T.is_grad_enabled()] for one, other in zip(silent(3), loud(3), strict=True)]
    yield "read under no_grad", log
    yield "at last", T.is_grad_enabled()


# --- inference_mode ---------------------------------------------------------------------------------


@scenario(
    "modes.inference-then-training",
    lesson=4,
    hidden=True,
    asks="A model predicts in inference_mode and is trained afterwards: do its weights learn as if it never had?",
)
def inference_then_training(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), requires_grad=True)
    x = T.tensor(draw.normal(3))
    with T.inference_mode():
        before = (w * x).exp()
    loss = (w * x).exp().sum()
    yield "w", [w.requires_grad, w.is_leaf, w.is_inference()]
    loss.backward()
    yield "w.grad", w.grad
    yield "prediction", before
    yield "its flags", [before.requires_grad, before.is_inference()]
    yield "a loss with it", attempt(lambda: (w - before).sum().backward())
    yield "a loss that must keep it", attempt(lambda: ((w - before) * before).sum().backward())
    yield "w.grad then", w.grad


@scenario(
    "modes.inference-random-nesting",
    lesson=4,
    hidden=True,
    asks="inference_mode on and off, among other blocks, at random: what are both modes at each depth?",
)
def inference_random_nesting(T: Any, draw: Draw) -> Yields:
    # Under inference_mode nobody switches recording on, which means different things to different engines.
    makers = [T.inference_mode, lambda: T.inference_mode(False), lambda: T.inference_mode(True), T.no_grad]
    log: list[Any] = []

    def descend(kinds: list[int]) -> None:
        log.append(_modes(T))
        if kinds:
            with makers[kinds[0]]():
                log.append(T.tensor([1.0]).is_inference())
                descend(kinds[1:])
            log.append(_modes(T))
            log.append(T.tensor([1.0]).is_inference())

    for turn in range(4):
        log.clear()
        descend(draw.integers(0, 4, 5).tolist())
        yield f"turn {turn}", list(log)


@scenario(
    "modes.inference-that-fails",
    lesson=4,
    hidden=True,
    asks="A decorated prediction fails inside a training step: is the step recorded all the same?",
)
def inference_that_fails(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), requires_grad=True)

    @T.inference_mode()  # type: ignore[untyped-decorator]
    def predict(fail: bool) -> Any:
        if fail:
            raise KeyError("raised on purpose")
        return w * 2

    for step, fail in enumerate((True, False, True)):
        w.grad = None
        yield f"step {step}: prediction", attempt(predict, fail)
        yield f"step {step}: modes", _modes(T)
        yield f"step {step}: backward", attempt((w * 3).sum().backward)
        yield f"step {step}: w.grad", w.grad
