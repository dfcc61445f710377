"""How a Function is called, and how many of them a graph may hold."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, derived, scenario


def _scale(T: Any) -> Any:
    def forward(ctx: Any, x: Any, factor: Any = 2) -> Any:
        ctx.factor = factor
        return x * factor

    def backward(ctx: Any, g: Any) -> Any:
        return g * ctx.factor, None

    body = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    made: Any = derived("Scale", T.autograd.Function, body)
    return made


@scenario("function.called-with-keywords", lesson=9, asks="May apply() take keyword arguments, and leave some out?")
def called_with_keywords(T: Any, draw: Draw) -> Yields:
    scale = _scale(T)
    x = T.tensor(draw.normal(2), requires_grad=True)
    yield "left out", attempt(lambda: scale.apply(x).requires_grad)
    scale.apply(x).sum().backward()
    yield "x.grad", x.grad
    yield "by name", attempt(lambda: scale.apply(x, factor=3).requires_grad)


@scenario(
    "function.long-chain", lesson=9, asks="Does a chain of 3000 Functions exhaust the stack, or keep anything alive?"
)
def long_chain(T: Any, draw: Draw) -> Yields:
    scale = _scale(T)
    x = T.tensor(draw.normal(2), requires_grad=True)
    y = x
    for _ in range(3000):
        y = scale.apply(y, 1)
    y.sum().backward()
    yield "x.grad", x.grad
    del y
    yield "after freeing the graph", x.grad
