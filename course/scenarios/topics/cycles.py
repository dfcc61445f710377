"""What dies without the garbage collector: graphs of every kind, by reference counts alone."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from course.scenarios import Draw, Yields, attempt, quiet_gc, scenario
from course.scenarios.nets import known


def _gone(make: Callable[[], Any]) -> list[bool]:
    """Build something, drop it, and tell of each tensor in it whether it is gone."""
    with quiet_gc():
        refs = [weakref.ref(t) for t in make()]
        return [ref() is None for ref in refs]


@scenario(
    "cycles.changed-in-place", lesson=6, asks="Views and in-place changes tie base and view together: do both die?"
)
def changed_in_place(T: Any, draw: Draw) -> Yields:
    def make(run: bool) -> Any:
        x = T.tensor(draw.normal(4), requires_grad=True)
        base = x * 1
        view = base[:2]
        view.mul_(2)
        base.exp_()
        if run:
            base.sum().backward()
        return x, base, view

    yield "never ran", _gone(lambda: make(False))
    yield "ran backward", _gone(lambda: make(True))


@scenario(
    "cycles.hooked",
    lesson=8,
    asks="A hook that mentions no tensor, and one that mentions its own: which of them keeps a graph alive?",
)
def hooked(T: Any, draw: Draw) -> Yields:
    def make(own: bool) -> Any:
        x = T.tensor(draw.normal(2), requires_grad=True)
        h = x * 2
        h.register_hook((lambda g: h * g) if own else (lambda g: g * 2))
        h.retain_grad()
        h.grad_fn.register_prehook(lambda g: None)
        (h * 3).sum().backward()
        return x, h

    yield "hooks without names of tensors", _gone(lambda: make(False))
    yield "a hook that names its own tensor", _gone(lambda: make(True))


@scenario(
    "cycles.of-a-function", lesson=9, asks="A Function that saves its input and its output: does the graph die at once?"
)
def of_a_function(T: Any, draw: Draw) -> Yields:
    def forward(ctx: Any, x: Any) -> Any:
        y = x.exp()
        ctx.save_for_backward(x, y)
        return y

    def backward(ctx: Any, g: Any) -> Any:
        return g * ctx.saved_tensors[1]

    custom: Any = type(
        "Custom", (T.autograd.Function,), {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    )

    def make(run: bool) -> Any:
        x = T.tensor(draw.normal(2), requires_grad=True)
        h = x * 1
        y = custom.apply(h)
        if run:
            y.sum().backward(retain_graph=True)
        return x, h, y

    yield "never ran", _gone(lambda: make(False))
    yield "ran and was retained", _gone(lambda: make(True))


@scenario(
    "cycles.gradient-with-a-graph",
    lesson=10,
    asks="autograd.grad with create_graph, and backward with it: which one leaves a cycle?",
)
def gradient_with_a_graph(T: Any, draw: Draw) -> Yields:
    def by_grad() -> Any:
        x = T.tensor(draw.normal(2), requires_grad=True)
        y = (x**3).sum()
        (slope,) = T.autograd.grad(y, x, create_graph=True)
        (slope**2).sum().backward()
        return x, y, slope

    yield "grad", _gone(by_grad)
    with quiet_gc():
        x = T.tensor(draw.normal(2), requires_grad=True)
        (x**3).sum().backward(create_graph=True)
        ref = weakref.ref(x)
        held = x.grad
        del x
        yield "backward: gone while its gradient is held", ref() is None
        found: Any = ref()
        found.grad = None
        del found
        del held
        yield "gone once .grad was set to None", ref() is None


@scenario(
    "cycles.after-an-exception",
    lesson=8,
    asks="Backward failed: does the exception keep the graph alive once it is forgotten?",
)
def after_an_exception(T: Any, draw: Draw) -> Yields:
    def fail(g: Any) -> None:
        raise KeyError("has been detached")

    def make() -> Any:
        x = T.tensor(draw.normal(2), requires_grad=True)
        h = x.exp()
        h.register_hook(fail)
        y = h.tanh()
        attempt(y.sum().backward)
        return x, h, y

    yield "gone", _gone(make)


@scenario(
    "cycles.training-step",
    lesson=7,
    asks="A whole training step of a network: is every activation gone when the loss is?",
)
def training_step(T: Any, draw: Draw) -> Yields:
    nn = T.nn
    layers = [nn.Conv2d(1, 2, 2), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(2, 1)]
    net = known(T, draw, nn.Sequential(*layers))
    optimizer = T.optim.Adam(net.parameters(), lr=0.1)

    def make() -> Any:
        activations = [T.tensor(draw.normal(2, 1, 3, 3))]
        for layer in net:
            activations.append(layer(activations[-1]))
        optimizer.zero_grad()
        activations[-1].sum().backward()
        optimizer.step()
        return activations

    for turn in (1, 2):
        yield f"step {turn}", _gone(make)


@scenario(
    "cycles.detached-in-place", lesson=6, asks="A recurrent state is cut with detach_(): is the old graph gone at once?"
)
def detached_in_place(T: Any, draw: Draw) -> Yields:
    with quiet_gc():
        w = T.tensor(draw.normal(2), requires_grad=True)
        inner = w.exp()
        ref = weakref.ref(inner)
        state = inner.sin()
        del inner
        yield "before", ref() is None
        state.detach_()
        yield "after", ref() is None


@scenario(
    "cycles.deep-graph-is-dropped",
    lesson=5,
    asks="A graph 20,000 nodes deep is dropped without backward: does freeing it recurse?",
)
def deep_graph_is_dropped(T: Any, draw: Draw) -> Yields:
    with quiet_gc():
        x = T.tensor(draw.array(1.0), requires_grad=True)
        y = x.exp()
        ref = weakref.ref(y)
        for _ in range(20_000):
            y = y * y
            y = y / y
        del y
        yield "gone", ref() is None
