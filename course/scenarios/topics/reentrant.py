"""A backward inside a backward, and what is left after one that failed."""

from __future__ import annotations

from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, scenario


def _checkpoint(T: Any, f: Any) -> Any:
    """Return ``f`` as a Function that keeps its input only, and computes again in backward."""

    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        with T.no_grad():
            return f(x)

    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        inner = x.detach().requires_grad_()
        with T.enable_grad():
            y = f(inner)
        y.backward(g)
        return inner.grad

    body = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    custom: Any = type("Checkpoint", (T.autograd.Function,), body)
    return custom.apply


@scenario(
    "reentrant.checkpoint", lesson=9, asks="Backward computes a piece again and differentiates it: the same gradient?"
)
def checkpoint(T: Any, draw: Draw) -> Yields:
    values = draw.normal(3)
    cases: Cases = {"plain": lambda f: f, "checkpointed": lambda f: _checkpoint(T, f)}
    for name, wrap in cases.items():
        x = T.tensor(values, requires_grad=True)
        wrap(lambda t: t.sin().exp() * t)(x).sum().backward()
        yield name, x.grad


@scenario(
    "reentrant.nested", lesson=9, asks="A checkpoint inside a checkpoint inside a checkpoint: how deep may it go?"
)
def nested(T: Any, draw: Draw) -> Yields:
    f: Any = T.sin
    for _ in range(20):
        f = _checkpoint(T, f)
    x = T.tensor(draw.normal(3), requires_grad=True)
    f(x * 2).sum().backward()
    yield "x.grad", x.grad


@scenario(
    "reentrant.weights-inside",
    lesson=9,
    asks="The piece that is computed again has weights: do they get their gradient?",
)
def weights_inside(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), requires_grad=True)
    x = T.tensor(draw.normal(3), requires_grad=True)
    (_checkpoint(T, lambda t: (t * w).tanh())(x) + w).sum().backward()
    yield "x.grad", x.grad
    yield "w.grad", w.grad


@scenario("reentrant.order", lesson=9, asks="In which order do the hooks of the outer and the inner backward run?")
def order(T: Any, draw: Draw) -> Yields:
    log: list[str] = []

    def inner(t: Any) -> Any:
        h = t * 3
        if h.requires_grad:
            h.register_hook(lambda g: log.append("inner"))
        return h.exp()

    x = T.tensor(draw.normal(2), requires_grad=True)
    h = x * 2
    h.register_hook(lambda g: log.append("outer, before it in the forward pass"))
    y = _checkpoint(T, inner)(h)
    y.register_hook(lambda g: log.append("outer, behind it"))
    y.sum().backward()
    yield "log", log


@scenario(
    "reentrant.grad-inside-a-hook", lesson=10, asks="May a hook ask autograd.grad of the graph that is just running?"
)
def grad_inside_a_hook(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    h = x.exp()
    other = h.sin().sum()
    seen: list[Any] = []
    y = h * 2
    y.register_hook(lambda g: seen.append(T.autograd.grad(other, x, retain_graph=True)[0]))
    yield "backward", attempt(y.sum().backward)
    yield "seen", seen
    yield "x.grad", x.grad


@scenario(
    "reentrant.inner-fails",
    lesson=9,
    asks="The inner backward raises: does the error come out, and does the engine go on?",
)
def inner_fails(T: Any, draw: Draw) -> Yields:
    def broken(t: Any) -> Any:
        h = t.exp()
        if h.requires_grad:
            h.sum().backward()
        return h

    x = T.tensor(draw.normal(2), requires_grad=True)
    yield "backward", attempt(_checkpoint(T, broken)(x).sum().backward)
    yield "x.grad", x.grad
    yield "afterwards", attempt(_checkpoint(T, lambda t: t.exp())(x).sum().backward)
    yield "x.grad afterwards", x.grad


@scenario(
    "reentrant.mode-after-a-failure", lesson=8, asks="A hook raises inside backward: is grad mode what it was before?"
)
def mode_after_a_failure(T: Any, draw: Draw) -> Yields:
    def fail(g: Any) -> None:
        raise KeyError("has been detached")

    for name, enabled in (("on", True), ("off", False)):
        x = T.tensor(draw.normal(2), requires_grad=True)
        y = x * 2
        y.register_hook(fail)
        loss = y.sum()
        with T.set_grad_enabled(enabled):
            yield f"{name}: backward", attempt(loss.backward)
            yield f"{name}: mode", T.is_grad_enabled()


@scenario(
    "reentrant.usable-after-a-hook-raised",
    lesson=8,
    asks="A hook raised in the last backward: does the next one of another graph work?",
)
def usable_after_a_hook_raised(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    w = T.tensor(draw.normal(3), requires_grad=True)
    fails = [True, False]

    def sometimes(g: Any) -> None:
        if fails.pop(0):
            raise KeyError("has been detached")

    h = x.exp()
    h.register_hook(sometimes)
    loss = (h * w).sum()
    yield "first", attempt(loss.backward, retain_graph=True)
    yield "grads", [x.grad, w.grad]
    yield "the same graph again", attempt(loss.backward)
    yield "grads again", [x.grad, w.grad]
    yield "another graph", attempt((x * w).sum().backward)


@scenario(
    "reentrant.usable-after-a-function-raised",
    lesson=9,
    asks="backward of a Function raised: which leaves have a gradient, and what is freed?",
)
def usable_after_a_function_raised(T: Any, draw: Draw) -> Yields:
    def fail(ctx: Any, g: Any) -> Any:
        raise KeyError("Mismatch in shape")

    body = {"forward": staticmethod(lambda ctx, t: t * 2), "backward": staticmethod(fail)}
    custom: Any = type("Broken", (T.autograd.Function,), body)
    early, late = (T.tensor(draw.normal(2), requires_grad=True) for _ in range(2))
    inner = late.exp()
    outer = early.exp()
    loss = (custom.apply(inner) * outer).sum()
    yield "backward", attempt(loss.backward)
    yield "grads", [early.grad, late.grad]
    yield "a node that ran", attempt(getattr, outer.grad_fn, "_saved_result")
    yield "a node that did not", attempt(getattr, inner.grad_fn, "_saved_result")
    yield "afterwards", attempt(inner.sum().backward)
    yield "late.grad", late.grad
