"""Hooks: when they run, in which order, what they see, and what they may change."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, scenario


@scenario(
    "hooks.sees-and-replaces",
    lesson=8,
    asks="What does a tensor hook see, and what does its return value do?",
)
def sees_and_replaces(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x * 2
    seen = []
    y.register_hook(lambda g: seen.append(g))
    y.register_hook(lambda g: g * 10)
    y.register_hook(lambda g: seen.append(g))
    (y * 3).sum().backward()
    yield "seen", seen
    yield "x.grad", x.grad


@scenario("hooks.on-a-leaf", lesson=8, asks="Does a leaf's hook see the new gradient, or the accumulated one?")
def on_a_leaf(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    seen = []

    def hook(g: Any) -> Any:
        seen.append(g.clone())
        return g + 1

    x.register_hook(hook)
    for _ in range(2):
        (x * 2).sum().backward()
    yield "seen", seen
    yield "x.grad", x.grad


@scenario("hooks.once-per-backward", lesson=8, asks="A tensor is used three times: how often does its hook run?")
def once_per_backward(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x * 2
    seen = []
    y.register_hook(lambda g: seen.append(g))
    (y + y * 2 + y.sum()).sum().backward()
    yield "seen", seen


@scenario("hooks.removed", lesson=8, asks="How is a hook removed, and may it be removed twice?")
def removed(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    log: list[str] = []
    handles = [x.register_hook(lambda g, n=n: log.append(n)) for n in ("first", "second", "third")]
    handles[1].remove()
    handles[1].remove()
    (x * 2).sum().backward()
    yield "log", list(log)
    with handles[0]:
        pass
    (x * 2).sum().backward()
    yield "after a with block", log


@scenario(
    "hooks.order-at-a-tensor",
    lesson=8,
    asks="Tensor hook, retain_grad, prehook, post hook: in which order, and what is y.grad?",
)
def order_at_a_tensor(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    y = x * 2
    log = []

    def note(name: str, factor: int) -> Any:
        def hook(g: Any) -> Any:
            log.append([name, g.clone()])
            return g * factor

        return hook

    def prehook(grads: Any) -> Any:
        log.append(["prehook", grads[0].clone()])
        return (grads[0] * 7,)

    y.retain_grad()
    y.grad_fn.register_hook(lambda inputs, outputs: log.append(["post", outputs[0].clone()]))
    y.grad_fn.register_prehook(prehook)
    y.register_hook(note("tensor hook", 10))
    (y * 3).sum().backward()
    yield "log", log
    yield "y.grad", y.grad
    yield "x.grad", x.grad


@scenario(
    "hooks.order-at-a-leaf",
    lesson=8,
    asks="In which order do the hooks at a leaf run, and which of them see x.grad?",
)
def order_at_a_leaf(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    y = x * 2
    accumulator = y.grad_fn.next_functions[0][0]
    log = []
    x.register_post_accumulate_grad_hook(lambda t: log.append(["post accumulate", t.grad.clone()]))
    accumulator.register_hook(lambda inputs, outputs: log.append(["node post", len(inputs)]))
    accumulator.register_prehook(lambda grads: log.append(["node pre", x.grad is None]))
    x.register_hook(lambda g: log.append(["tensor hook", x.grad is None]))
    y.sum().backward()
    yield "log", log


@scenario(
    "hooks.post-accumulate",
    lesson=8,
    asks="What is a post-accumulate hook good for, and where is it refused?",
)
def post_accumulate(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), requires_grad=True)

    def step(t: Any) -> None:
        with T.no_grad():
            t.sub_(0.1 * t.grad)
        t.grad = None

    w.register_post_accumulate_grad_hook(step)
    (w * 2).sum().backward()
    yield "w", w
    yield "w.grad", w.grad
    inner = w * 2
    yield "on an inner tensor", attempt(inner.register_post_accumulate_grad_hook, step)


@scenario(
    "hooks.belong-to-a-version",
    lesson=8,
    asks="y is hooked, changed in place, and hooked again: who sees what?",
)
def belong_to_a_version(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    y = x * 2
    log = []
    y.retain_grad()
    y.register_hook(lambda g: log.append(["hook of the old value", g.clone()]))
    y.mul_(5)
    y.register_hook(lambda g: log.append(["hook of the new value", g.clone()]))
    (y * 3).sum().backward()
    yield "log", log
    yield "retained", y.grad


@scenario("hooks.refused", lesson=8, asks="Which hooks and which return values are refused?")
def refused(T: Any, draw: Draw) -> Yields:
    plain = T.tensor(draw.normal(3))
    yield "no requires_grad", attempt(plain.register_hook, lambda g: None)
    for name, answer in {
        "a number": lambda g: 1,
        "another shape": lambda g: g[:2],
        "another dtype": lambda g: g.to(T.float16),
    }.items():
        x = T.tensor(draw.normal(3), requires_grad=True)
        x.register_hook(answer)
        yield name, attempt((x * 2).sum().backward)
        yield f"{name}: x.grad", x.grad


@scenario(
    "hooks.exception",
    lesson=8,
    asks="A hook raises: which exception do I get, and what has been accumulated?",
)
def exception(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    w = T.tensor(draw.normal(3), requires_grad=True)
    h = x.exp()

    def fail(g: Any) -> None:
        raise KeyError("has been detached")

    h.register_hook(fail)
    yield "backward", attempt((h * w).sum().backward)
    yield "w.grad", w.grad
    yield "x.grad", x.grad


@scenario("hooks.order-of-work", lesson=8, asks="Of several nodes that are ready, which runs first?")
def order_of_work(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    log: list[str] = []
    named = {}
    for name in "abc":
        named[name] = x * 2
        named[name].register_hook(lambda g, name=name: log.append(name))
    (named["b"] + (named["a"] + named["c"])).sum().backward()
    yield "log", log


@scenario("hooks.leaves-as-soon-as-complete", lesson=8, asks="When does a leaf accumulate: at once or at the end?")
def leaves_as_soon_as_complete(T: Any, draw: Draw) -> Yields:
    log: list[str] = []
    leaves = {name: T.tensor(draw.normal(3), requires_grad=True) for name in ("early", "late")}
    for name, leaf in leaves.items():
        leaf.register_post_accumulate_grad_hook(lambda t, name=name: log.append(name))
    h = leaves["late"].exp()
    h.register_hook(lambda g: log.append("inner"))
    (h * leaves["early"]).sum().backward()
    yield "log", log


@scenario("hooks.handle-order", lesson=8, asks="Three hooks each change the gradient: in order of registration?")
def handle_order(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    x.register_hook(lambda g: g + 1)
    x.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: g - 5)
    (x * 2).sum().backward()
    yield "x.grad", x.grad


@scenario(
    "hooks.changed-in-place",
    lesson=8,
    asks="A hook changes its gradient in place: whose gradient changes too?",
)
def changed_in_place(T: Any, draw: Draw) -> Yields:
    def enlarge(g: Any) -> None:
        g.mul_(10)

    for name in ("a", "b"):
        a = T.tensor(draw.array([1.0, 2.0]), requires_grad=True)
        b = T.tensor(draw.array([3.0, 4.0]), requires_grad=True)
        given = T.tensor(draw.array([1.0, 1.0]))
        left, right = a * 1, b * 1
        {"a": left, "b": right}[name].register_hook(enlarge)
        (left + right).backward(given)
        yield f"hook on {name}: a.grad", a.grad
        yield f"hook on {name}: b.grad", b.grad
        yield f"hook on {name}: what I passed in", given


@scenario("hooks.several-tensors", lesson=8, asks="One hook for several tensors: when does it run, and with what?")
def several_tensors(T: Any, draw: Draw) -> Yields:
    register = T.autograd.graph.register_multi_grad_hook
    x, w, unused = (T.tensor(draw.normal(2), requires_grad=True) for _ in range(3))
    for mode in ("all", "any"):
        log: list[object] = []
        handle = register((x, w, unused), log.append, mode=mode)
        (x * w).sum().backward()
        yield mode, log
        handle.remove()
    yield "another mode", attempt(register, (x,), print, mode="some")


@scenario("hooks.saved-tensors-packed", lesson=8, asks="When do pack and unpack hooks run, and for which tensors?")
def saved_tensors_packed(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    w = T.tensor(draw.normal(2), requires_grad=True)
    log: list[object] = []

    def pack(t: Any) -> Any:
        log.append(["pack", t.detach().clone()])
        return t.detach()

    def unpack(t: Any) -> Any:
        log.append(["unpack", t.clone()])
        return t

    with T.autograd.graph.saved_tensors_hooks(pack, unpack):
        y = x * w
        z = (y + 1) * 3
    yield "forward", list(log)
    log.clear()
    z.sum().backward(retain_graph=True)
    yield "unpacked", len(log)
    z.sum().backward()
    yield "unpacked again", len(log)
    yield "x.grad", x.grad


@scenario(
    "hooks.saved-tensors-innermost-pair",
    lesson=8,
    asks="Two pairs of pack hooks are nested: which pair is used?",
)
def saved_tensors_innermost_pair(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    log: list[str] = []

    def pair(name: str) -> Any:
        def pack(t: Any) -> Any:
            log.append(name)
            return t.detach()

        return T.autograd.graph.saved_tensors_hooks(pack, lambda t: t)

    with pair("outer"):
        a = x * x
        with pair("inner"):
            b = x.exp()
        c = x.sin()
    (a + b + c).sum().backward()
    yield "log", log
    yield "x.grad", x.grad


@scenario("hooks.saved-copy-allows-changes", lesson=8, asks="pack makes a copy: may the tensor change afterwards?")
def saved_copy_allows_changes(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    with T.autograd.graph.saved_tensors_hooks(lambda t: t.detach().clone(), lambda t: t):
        y = x.exp()
    y.mul_(2)
    yield "backward", attempt(y.sum().backward)
    yield "x.grad", x.grad
