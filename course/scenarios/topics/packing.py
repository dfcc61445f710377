"""Hooks for saved tensors: what is packed, what may come back, and what is refused."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, quiet_gc, scenario


def _same(t: Any) -> Any:
    return t


@scenario(
    "packing.into-anything",
    lesson=8,
    asks="May pack return a number, a name or a file, as long as unpack returns a tensor?",
)
def into_anything(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    store: dict[str, Any] = {}

    def pack(t: Any) -> str:
        store[f"number {len(store)}"] = t.detach().clone()
        return f"number {len(store) - 1}"

    with T.autograd.graph.saved_tensors_hooks(pack, store.__getitem__):
        y = x.exp() * x
    yield "stored", list(store)
    y.sum().backward()
    yield "x.grad", x.grad


@scenario("packing.unpack-returns-something-else", lesson=8, asks="unpack returns no tensor: which error, and when?")
def unpack_returns_something_else(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    with T.autograd.graph.saved_tensors_hooks(lambda t: t.detach(), lambda t: 3):
        y = x.exp()
    outcome = attempt(y.sum().backward)
    yield "backward", getattr(outcome, "type", "runs")
    yield "x.grad", x.grad


@scenario("packing.half-precision", lesson=8, asks="Activations are packed as float16: how exact is the gradient then?")
def half_precision(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    kind = x.dtype
    hooks = T.autograd.graph.saved_tensors_hooks(lambda t: t.to(T.float16), lambda t: t.to(kind))
    with hooks:
        y = x.sin()
    y.sum().backward()
    yield "x.grad", x.grad


@scenario("packing.changed-values-count", lesson=8, asks="unpack returns other numbers: does backward believe it?")
def changed_values_count(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    with T.autograd.graph.saved_tensors_hooks(lambda t: t.detach(), lambda t: t * 0 + 7):
        y = x * x
    y.sum().backward()
    yield "x.grad", x.grad


@scenario("packing.in-place-inside-is-refused", lesson=8, asks="pack changes its tensor in place: is that noticed?")
def in_place_inside_is_refused(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    hooks = T.autograd.graph.saved_tensors_hooks(lambda t: t.detach().mul_(2), _same)

    def forward() -> Any:
        with hooks:
            return (x * 1).sin()

    yield "in pack", attempt(forward)


@scenario("packing.pack-raises", lesson=8, asks="pack raises: does the operation fail, and does the next one work?")
def pack_raises(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)

    def fail(t: Any) -> Any:
        raise KeyError("has been detached")

    def forward() -> Any:
        with T.autograd.graph.saved_tensors_hooks(fail, _same):
            return x.exp()

    yield "forward", attempt(forward)
    yield "unpack raises", attempt(_unpack_raises(T, x).backward)
    yield "without hooks", attempt(x.exp().sum().backward)
    yield "x.grad", x.grad


def _unpack_raises(T: Any, x: Any) -> Any:
    def fail(t: Any) -> Any:
        raise KeyError("has been detached")

    with T.autograd.graph.saved_tensors_hooks(lambda t: t.detach(), fail):
        return x.exp().sum()


@scenario(
    "packing.what-save-for-backward-keeps",
    lesson=9,
    asks="Are tensors from save_for_backward packed too, and when unpacked?",
)
def what_save_for_backward_keeps(T: Any, draw: Draw) -> Yields:
    log: list[str] = []

    def forward(ctx: Any, a: Any, b: Any) -> Any:
        ctx.save_for_backward(a, None, b)
        log.append("end of forward")
        return a * b

    def backward(ctx: Any, g: Any) -> Any:
        log.append("backward")
        a, nothing, b = ctx.saved_tensors
        log.append(f"{nothing}")
        return g * b, g * a

    body = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    custom: Any = type("Custom", (T.autograd.Function,), body)
    x, w = (T.tensor(draw.normal(2), requires_grad=True) for _ in range(2))

    def pack(t: Any) -> Any:
        log.append("pack")
        return t.detach()

    def unpack(t: Any) -> Any:
        log.append("unpack")
        return t

    with T.autograd.graph.saved_tensors_hooks(pack, unpack):
        y = custom.apply(x, w)
    y.sum().backward()
    yield "log", log
    yield "x.grad", x.grad


@scenario("packing.reading-by-hand", lesson=8, asks="I read grad_fn._saved_result of a packed value: is unpack called?")
def reading_by_hand(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    log: list[str] = []

    def unpack(t: Any) -> Any:
        log.append("unpack")
        return t

    with T.autograd.graph.saved_tensors_hooks(lambda t: t.detach(), unpack):
        y = x.exp()
    yield "result", y.grad_fn._saved_result
    yield "again", y.grad_fn._saved_result
    yield "log", log
    y.sum().backward()
    yield "after backward", attempt(getattr, y.grad_fn, "_saved_result")


@scenario(
    "packing.not-under-no-grad",
    lesson=8,
    asks="Is anything packed under no_grad, or for tensors that need no gradient?",
)
def not_under_no_grad(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    plain = T.tensor(draw.normal(2))
    log: list[str] = []

    def pack(t: Any) -> Any:
        log.append("pack")
        return t.detach()

    with T.autograd.graph.saved_tensors_hooks(pack, _same):
        with T.no_grad():
            x.exp()
        plain.exp()
        yield "so far", list(log)
        x.exp()
    x.exp()
    yield "at last", log


@scenario(
    "packing.second-derivative",
    lesson=10,
    asks="Are the values that the backward pass saves packed too, with create_graph?",
)
def second_derivative(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    log: list[str] = []

    def pack(t: Any) -> Any:
        log.append("pack")
        return t

    with T.autograd.graph.saved_tensors_hooks(pack, _same):
        y = x.sin().sum()
        forward = len(log)
        (slope,) = T.autograd.grad(y, x, create_graph=True)
    yield "in the forward pass", forward
    yield "in the backward pass too", len(log) > forward
    yield "second derivative", T.autograd.grad(slope.sum(), x)


@scenario(
    "packing.result-not-detached", lesson=8, asks="pack returns the very result of exp: does it keep itself alive?"
)
def result_not_detached(T: Any, draw: Draw) -> Yields:
    import weakref

    with quiet_gc():
        for name, pack in {"as it is": _same, "detached": lambda t: t.detach()}.items():
            x = T.tensor(draw.normal(2), requires_grad=True)
            with T.autograd.graph.saved_tensors_hooks(pack, _same):
                y = x.exp()
            ref = weakref.ref(y)
            y.sum().backward()
            del y
            yield f"{name}: gone after backward", ref() is None
