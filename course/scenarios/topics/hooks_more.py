"""Hooks in odd hours: registered late, removed early, on views, on outputs nobody used."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, scenario


@scenario(
    "hooks.removed-by-an-earlier-hook",
    lesson=8,
    asks="A hook removes the next one while they run: does the next one still run?",
)
def removed_by_an_earlier_hook(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    log: list[str] = []
    handles: list[Any] = []

    def first(g: Any) -> None:
        log.append("first")
        handles[1].remove()

    handles.append(x.register_hook(first))
    handles.append(x.register_hook(lambda g: log.append("second")))
    for _ in range(2):
        (x * 2).sum().backward()
    yield "log", log


@scenario("hooks.removes-itself", lesson=8, asks="A hook that should run only once removes itself: is that safe?")
def removes_itself(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    log: list[str] = []
    handles: list[Any] = []

    def once(g: Any) -> None:
        log.append("once")
        handles[0].remove()

    handles.append(x.register_hook(once))
    x.register_hook(lambda g: log.append("always"))
    for _ in range(2):
        (x * 2).sum().backward()
    yield "log", log


@scenario(
    "hooks.added-while-running",
    lesson=8,
    asks="A hook registers another one on the same tensor: does it run this time, or next time?",
)
def added_while_running(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    log: list[str] = []

    def adds(g: Any) -> None:
        log.append("adds")
        x.register_hook(lambda g: log.append("added"))

    x.register_hook(adds)
    for _ in range(2):
        (x * 2).sum().backward()
        log.append("|")
    yield "log", log


@scenario(
    "hooks.same-function-twice",
    lesson=8,
    asks="One function is registered twice: does it run twice, and does one handle remove both?",
)
def same_function_twice(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)

    def double(g: Any) -> Any:
        return g * 2

    handle, _ = x.register_hook(double), x.register_hook(double)
    x.sum().backward()
    yield "both", x.grad
    handle.remove()
    x.grad = None
    x.sum().backward()
    yield "one left", x.grad


@scenario(
    "hooks.after-the-forward-pass",
    lesson=8,
    asks="The hook is registered after the loss was computed: does it still run?",
)
def after_the_forward_pass(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    h = x.exp()
    loss = (h * 2).sum()
    h.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: g + 1)
    loss.backward()
    yield "x.grad", x.grad


@scenario("hooks.tensor-dropped", lesson=8, asks="I keep no name for the hooked tensor: is its hook lost with it?")
def tensor_dropped(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    log: list[str] = []
    h = x.exp()
    h.register_hook(lambda g: log.append("hook"))
    loss = h.sum()
    del h
    loss.backward()
    yield "log", log


@scenario(
    "hooks.of-an-unused-output",
    lesson=8,
    asks="One piece of a split is hooked and not used: is its hook called, and with what?",
)
def of_an_unused_output(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(4), requires_grad=True)
    log: list[object] = []
    used, unused = x.split(2)
    unused.register_hook(lambda g: log.append(["unused", g]))
    used.register_hook(lambda g: log.append(["used", g]))
    used.sum().backward()
    yield "log", log
    yield "x.grad", x.grad


@scenario("hooks.not-on-the-way", lesson=8, asks="A hooked tensor does not lead to this loss: does its hook run?")
def not_on_the_way(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    log: list[str] = []
    a, b = x * 2, x * 3
    a.register_hook(lambda g: log.append("a"))
    b.register_hook(lambda g: log.append("b"))
    a.sum().backward()
    yield "log", log


@scenario(
    "hooks.on-the-loss-itself",
    lesson=8,
    asks="A hook on the loss: does it see the gradient 1, and may it scale everything?",
)
def on_the_loss_itself(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    loss = x.exp().sum()
    seen: list[Any] = []
    loss.register_hook(lambda g: seen.append(g.clone()))
    loss.register_hook(lambda g: g * 128)
    loss.retain_grad()
    loss.backward()
    yield "seen", seen
    yield "loss.grad", loss.grad
    yield "x.grad", x.grad


@scenario("hooks.return-zeros", lesson=8, asks="A hook returns zeros: is that the same as detaching the tensor?")
def return_zeros(T: Any, draw: Draw) -> Yields:
    values = draw.normal(2)
    for name in ("zeros", "detached"):
        x = T.tensor(values, requires_grad=True)
        w = T.tensor(values, requires_grad=True)
        h = x * w
        if name == "zeros":
            h.register_hook(lambda g: g * 0)
        else:
            h = h.detach()
        (h * w).sum().backward()
        yield f"{name}: x.grad", x.grad
        yield f"{name}: w.grad", w.grad


@scenario(
    "hooks.gradient-kept-for-later",
    lesson=8,
    asks="A hook stores its gradient in a list: is what is stored changed later?",
)
def gradient_kept_for_later(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    kept: list[Any] = []
    h = x * 2
    h.register_hook(kept.append)
    (h * 3).sum().backward()
    x.grad.zero_()
    yield "kept", kept
    yield "its flags", [kept[0].requires_grad, kept[0].is_leaf]


@scenario("hooks.retain-grad-twice", lesson=8, asks="retain_grad() is called twice: is anything stored twice?")
def retain_grad_twice(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    h = x * 2
    h.retain_grad()
    h.retain_grad()
    (h * 3).sum().backward()
    yield "h.grad", h.grad
    yield "memory shared with x.grad", h.grad.data_ptr() == x.grad.data_ptr()


@scenario(
    "hooks.retain-grad-after-backward",
    lesson=8,
    asks="I call retain_grad() only after backward: what does h.grad hold?",
)
def retain_grad_after_backward(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    h = x + 2
    loss = h.sum()
    loss.backward()
    h.retain_grad()
    yield "now", h.grad
    loss.backward()
    yield "after another backward", h.grad
    h.grad = None
    yield "set to None", h.grad


@scenario(
    "hooks.retain-grad-on-a-view",
    lesson=8,
    asks="A view retains its gradient, then its base changes: whose gradient is kept?",
)
def retain_grad_on_a_view(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    base = x * 1
    view = base[:2]
    view.retain_grad()
    base.retain_grad()
    base.mul_(2)
    (view.sum() * 3 + base.sum()).backward()
    yield "view.grad", view.grad
    yield "base.grad", base.grad
    yield "x.grad", x.grad


@scenario(
    "hooks.in-place-then-hook-again",
    lesson=8,
    asks="Hook, write, hook, write: does each hook see the gradient of its own time?",
)
def in_place_then_hook_again(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.array([1.0]), requires_grad=True)
    y = x * 1
    log: list[object] = []
    for name, factor in (("first", 2), ("second", 3), ("third", 5)):
        y.register_hook(lambda g, name=name: log.append([name, g.clone()]))
        y.mul_(factor)
    y.sum().backward()
    yield "log", log


@scenario(
    "hooks.leaf-changed-under-no-grad",
    lesson=8,
    asks="A hooked leaf is updated under no_grad: is its hook still there?",
)
def leaf_changed_under_no_grad(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(2), requires_grad=True)
    w.register_hook(lambda g: g * 10)
    with T.no_grad():
        w.mul_(2)
    (w * 1).sum().backward()
    yield "w.grad", w.grad


@scenario(
    "hooks.inside-the-mode",
    lesson=8,
    asks="A hook computes a loss of its gradient: which tensors require grad in there?",
)
def inside_the_mode(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    log: list[object] = []
    for create in (False, True):
        h = x.exp()
        h.register_hook(lambda g: log.append([g.requires_grad, (g * x).requires_grad, T.is_grad_enabled()]))
        T.autograd.grad((h * h).sum(), x, create_graph=create)
    yield "log", log


@scenario(
    "hooks.clip-by-hook", lesson=8, asks="Every weight clips its own gradient by a hook: per backward, or of the sum?"
)
def clip_by_hook(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.array([1.0, -1.0]), requires_grad=True)
    w.register_hook(lambda g: g.clamp(-1, 1))
    for factor in (5.0, 0.5, -3.0):
        (w * factor).sum().backward()
        yield f"after {factor}", w.grad


@scenario(
    "hooks.registered-in-a-loop",
    lesson=8,
    asks="A training loop registers a hook in every step that halves the gradient: which gradients come out?",
)
def registered_in_a_loop(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.array(1.0), requires_grad=True)
    for step in range(4):
        w.register_hook(lambda g: g / 2)
        w.grad = None
        (w * 8).backward()
        yield f"step {step}", w.grad
