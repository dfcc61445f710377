"""Grad modes: no_grad, enable_grad, set_grad_enabled and inference_mode."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, scenario


@scenario("modes.no-grad", lesson=4, asks="What does no_grad switch off, and what not?")
def no_grad(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    with T.no_grad():
        y = x * 2
        yield "enabled inside", T.is_grad_enabled()
        yield "x.requires_grad inside", x.requires_grad
        fresh = T.zeros(2, requires_grad=True)
    yield "enabled after", T.is_grad_enabled()
    yield "y.requires_grad", y.requires_grad
    yield "fresh.requires_grad", fresh.requires_grad
    (y * x).sum().backward()
    yield "x.grad", x.grad


@scenario("modes.nested", lesson=4, asks="What is the mode inside and after nested blocks?")
def nested(T: Any, draw: Draw) -> Yields:
    log = [T.is_grad_enabled()]
    with T.no_grad():
        log.append(T.is_grad_enabled())
        with T.enable_grad():
            log.append(T.is_grad_enabled())
            with T.no_grad():
                log.append(T.is_grad_enabled())
            log.append(T.is_grad_enabled())
        log.append(T.is_grad_enabled())
    log.append(T.is_grad_enabled())
    yield "log", log


@scenario("modes.exception", lesson=4, asks="An exception leaves a no_grad block: is the mode put back?")
def exception(T: Any, draw: Draw) -> Yields:
    try:
        with T.no_grad():
            raise KeyError("grad can be implicitly created only for tests")
    except KeyError:
        pass
    yield "enabled", T.is_grad_enabled()


@scenario("modes.decorator", lesson=4, asks="Do no_grad and enable_grad work as decorators?")
def decorator(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)

    def twice(t: Any) -> Any:
        return t * 2

    silent, bare, loud = T.no_grad()(twice), T.no_grad(twice), T.enable_grad()(twice)
    yield "no_grad()", silent(x).requires_grad
    yield "no_grad", bare(x).requires_grad
    with T.no_grad():
        yield "enable_grad() inside no_grad", loud(x).requires_grad
    yield "name is kept", silent.__name__


@scenario("modes.set-grad-enabled", lesson=4, asks="Does set_grad_enabled act as a call, and as a block?")
def set_grad_enabled(T: Any, draw: Draw) -> Yields:
    try:
        T.set_grad_enabled(False)
        yield "after the call", T.is_grad_enabled()
        with T.set_grad_enabled(True):
            yield "in the block", T.is_grad_enabled()
        yield "after the block", T.is_grad_enabled()
    finally:
        T.set_grad_enabled(True)
    yield "at last", T.is_grad_enabled()


@scenario("modes.inside-backward", lesson=8, asks="Is grad mode on inside a hook?")
def inside_backward(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x * 2
    seen = []
    y.register_hook(lambda g: seen.append(T.is_grad_enabled()))
    y.sum().backward()
    yield "plain", seen[-1]
    yield "after", T.is_grad_enabled()


@scenario("modes.backward-inside-a-hook", lesson=8, asks="Can a hook run a backward of its own?")
def backward_inside_a_hook(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    w = T.tensor(draw.normal(3), requires_grad=True)

    def naive(g: Any) -> None:
        (w * w).sum().backward()

    def wrapped(g: Any) -> None:
        with T.enable_grad():
            (w * w).sum().backward()

    for name, hook in (("naive", naive), ("wrapped", wrapped)):
        y = x * 2
        y.register_hook(hook)
        yield name, attempt(y.sum().backward)
        yield f"{name}: w.grad", w.grad


@scenario(
    "modes.update-under-no-grad",
    lesson=6,
    asks="Why is a step written as `with no_grad(): w -= lr * w.grad`?",
)
def update_under_no_grad(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), requires_grad=True)
    (w * w).sum().backward()
    kept = w.grad
    before = w

    def step() -> None:
        nonlocal w
        w -= 0.1 * w.grad

    yield "without no_grad", attempt(step)
    with T.no_grad():
        step()
    yield "w", w
    yield "same object", w is before
    yield "is_leaf, requires_grad", [w.is_leaf, w.requires_grad]
    yield "w.grad is kept", w.grad is kept
    yield "version", w._version


@scenario(
    "modes.rebinding-loses-the-leaf",
    lesson=4,
    asks="And `w = w - lr * w.grad` under no_grad: what is w then?",
)
def rebinding_loses_the_leaf(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), requires_grad=True)
    (w * 2).sum().backward()
    with T.no_grad():
        w = w - 0.1 * w.grad
    yield "w", w
    yield "requires_grad", w.requires_grad
    yield "w.grad", w.grad
    yield "next loss", attempt((w * 2).sum().backward)


@scenario(
    "modes.in-place-under-no-grad",
    lesson=6,
    asks="What does an in-place change under no_grad do to an inner tensor's graph?",
)
def in_place_under_no_grad(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x * 2
    name = y.grad_fn.name()
    with T.no_grad():
        y.mul_(100)
    yield "y", y
    yield "same grad_fn name", y.grad_fn.name() == name
    y.sum().backward()
    yield "x.grad", x.grad
    a = T.tensor(draw.normal(3))
    with T.no_grad():
        a += x
    yield "a.requires_grad", a.requires_grad


@scenario(
    "modes.inference-tensor",
    lesson=6,
    asks="What may be done with a tensor from inference_mode outside of it?",
)
def inference_tensor(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    with T.inference_mode():
        c = x * 2
        born = T.tensor(draw.normal(3), requires_grad=True)
    yield "c.requires_grad", c.requires_grad
    yield "is_inference", c.is_inference()
    yield "version", attempt(getattr, c, "_version")
    yield "x + c", attempt(lambda: (x + c).requires_grad)
    yield "x * c", attempt(lambda: (x * c).requires_grad)
    yield "x * c.clone()", attempt(lambda: (x * c.clone()).requires_grad)
    yield "in place outside", attempt(lambda: c.add_(1))
    yield "requires_grad_ outside", attempt(c.requires_grad_)
    yield "born with requires_grad", born.requires_grad
    yield "its backward", attempt((born + x).sum().backward)
    yield "its gradient", born.grad


@scenario(
    "modes.enable-grad-inside-inference-mode",
    lesson=6,
    asks="Does enable_grad bring gradients back inside inference_mode?",
)
def enable_grad_inside_inference_mode(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    normal = T.tensor(draw.normal(3))
    with T.inference_mode():
        yield "is_inference_mode_enabled", T.is_inference_mode_enabled()
        with T.enable_grad():
            y = x * 2
        normal.add_(1)
    yield "y.requires_grad", y.requires_grad
    yield "normal tensor's version", normal._version
