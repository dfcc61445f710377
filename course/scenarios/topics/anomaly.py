"""Anomaly mode: which forward line the failing backward belongs to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course.scenarios import Draw, Yields, attempt, heard, scenario


def told(f: Callable[[], object], *lines: str) -> list[list[object]]:
    """Return, per warning of a call that fails: how it starts, and which of `lines` it shows."""
    return [
        [warning.message.strip().partition(".")[0], *[line in warning.message for line in lines]]
        for warning in heard(attempt, f).warnings
    ]


@scenario(
    "anomaly.switches", lesson=1, asks="Is anomaly mode on inside and after nested blocks, and is nan looked for?"
)
def switches(T: Any, draw: Draw) -> Yields:
    def state() -> list[bool]:
        return [T.is_anomaly_enabled(), T.is_anomaly_check_nan_enabled()]

    log = [state()]
    with T.autograd.detect_anomaly(check_nan=False):
        log.append(state())
        with T.autograd.set_detect_anomaly(False):
            log.append(state())
        log.append(state())
    log.append(state())
    T.autograd.set_detect_anomaly(True)
    log.append(state())
    T.autograd.set_detect_anomaly(False)
    log.append(state())
    yield "enabled, check_nan", log
    yield "warning", heard(T.autograd.detect_anomaly)
    yield "made but not entered", T.is_anomaly_enabled()
    yield "no bool", attempt(T.autograd.set_detect_anomaly, 1)


@scenario("anomaly.nan", lesson=3, asks="My gradient is nan: which operation made it, and on which line was it called?")
def nan(T: Any, draw: Draw) -> Yields:
    x = T.tensor([0.0, 4.0], requires_grad=True)
    with T.autograd.set_detect_anomaly(True):
        root = x.sqrt()  # infinite slope at 0
        loss = (root * 0).sum()
        yield "error", attempt(loss.backward, retain_graph=True)
        yield "told", told(loss.backward, "root = x.sqrt()", "loss = (root * 0)")
    yield "x.grad", x.grad


@scenario("anomaly.nan-unchecked", lesson=3, asks="What does anomaly mode do with nan when check_nan is False?")
def nan_unchecked(T: Any, draw: Draw) -> Yields:
    x = T.tensor([0.0, 4.0], requires_grad=True)
    with T.autograd.set_detect_anomaly(True, check_nan=False):
        loss = (x.sqrt() * 0).sum()
        yield "told", told(loss.backward)
    yield "x.grad", x.grad


@scenario("anomaly.forward-unseen", lesson=3, asks="The mode was off in the forward pass: what can backward still say?")
def forward_unseen(T: Any, draw: Draw) -> Yields:
    x = T.tensor([0.0], requires_grad=True)
    loss = (x.sqrt() * 0).sum()
    with T.autograd.set_detect_anomaly(True):
        yield "warning", heard(attempt, loss.backward)


@scenario("anomaly.only-what-is-asked", lesson=3, asks="Does a nan count in a gradient that nobody asked for?")
def only_what_is_asked(T: Any, draw: Draw) -> Yields:
    with T.autograd.set_detect_anomaly(True):
        x, w = T.tensor([0.0], requires_grad=True), T.tensor([float("nan")], requires_grad=True)
        for name, inputs in {"w": [w], "x": [x]}.items():
            loss = (x * w).sum()
            yield f"{name}", attempt(loss.backward, inputs=inputs)
            yield f"{name}.grad", inputs[0].grad


@scenario(
    "anomaly.second-backward", lesson=5, asks="A second backward fails: does anomaly mode show where the graph began?"
)
def second_backward(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    with T.autograd.set_detect_anomaly(True):
        trunk = x.exp()
        loss = trunk.sum()
        loss.backward()
        yield "told", told(loss.backward, "trunk = x.exp()")


@scenario(
    "anomaly.in-place", lesson=6, asks="Which line made what I overwrote, and what does the error's hint say then?"
)
def in_place(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    for on in (False, True):
        with T.autograd.set_detect_anomaly(on):
            y = x.exp()
            y += 1
            yield f"{on}: error", attempt(y.sum().backward)
            yield f"{on}: told", told(y.sum().backward, "y = x.exp()")


@scenario("anomaly.hooks", lesson=8, asks="A hook fails: which node does anomaly mode blame?")
def hooks(T: Any, draw: Draw) -> Yields:
    def fails(g: Any) -> None:
        raise KeyError("cannot be empty")

    def spoils(g: Any) -> Any:
        return g * float("nan")

    with T.autograd.set_detect_anomaly(True):
        for name, hook in {"raises": fails, "nan": spoils}.items():
            x = T.tensor(draw.normal(3), requires_grad=True)
            y = x.exp()
            y.register_hook(hook)
            yield f"of a result, {name}", told(lambda y=y: y.sum().backward(), "y = x.exp()")  # type: ignore[misc]
            x = T.tensor(draw.normal(3), requires_grad=True)
            x.register_hook(hook)
            y = x.sin()
            yield f"of a leaf, {name}", told(lambda y=y: y.sum().backward(), "y = x.sin()")  # type: ignore[misc]


@scenario("anomaly.function", lesson=9, asks="The backward of my own Function fails: where was it applied?")
def function(T: Any, draw: Draw) -> Yields:
    class Broken(T.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x.clone()

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            raise ValueError("cannot be empty")

    x = T.tensor(draw.normal(3), requires_grad=True)
    with T.autograd.set_detect_anomaly(True):
        y = Broken.apply(x)
        yield "told", told(lambda: y.sum().backward(), "y = Broken.apply(x)")


@scenario("anomaly.induced", lesson=10, asks="A gradient of a gradient fails: which first pass had it been made in?")
def induced(T: Any, draw: Draw) -> Yields:
    x = T.tensor([0.0], dtype=T.float64, requires_grad=True)
    with T.autograd.set_detect_anomaly(True):
        y = x**1.5
        (slope,) = T.autograd.grad(y.sum(), x, create_graph=True)
        yield "notes", sorted(slope.grad_fn.metadata)
        yield "told", told(lambda: T.autograd.grad((slope * 0).sum(), x), "y = x**1.5", "(slope,) = T.autograd")
