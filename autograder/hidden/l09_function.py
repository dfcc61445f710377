"""Hidden scenarios of lesson 9: Functions inside Functions, in networks, and of many outputs."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, scenario
from course.scenarios.topics.function_apply import function


@scenario(
    "function.one-inside-the-other",
    lesson=9,
    hidden=True,
    asks="A Function calls another Function in its forward: whose backward runs?",
)
def one_inside_the_other(T: Any, draw: Draw) -> Yields:
    log: list[str] = []

    def note(name: str, factor: int) -> Any:
        def backward(ctx: Any, g: Any) -> Any:
            log.append(name)
            return g * factor

        return backward

    inner = function(T, lambda ctx, x: x.exp(), note("inner", 7))
    outer = function(T, lambda ctx, x: inner.apply(x) * 2, note("outer", 11))
    x = T.tensor(draw.normal(2), requires_grad=True)
    y = outer.apply(x)
    yield "y", y
    y.sum().backward()
    yield "ran", log
    yield "x.grad", x.grad
    yield "grad mode", T.is_grad_enabled()


@scenario(
    "function.recording-inside",
    lesson=9,
    hidden=True,
    asks="forward switches recording on to use backward itself: does that stay inside?",
)
def recording_inside(T: Any, draw: Draw) -> Yields:
    def forward(ctx: Any, x: Any) -> Any:
        with T.enable_grad():
            leaf = x.detach().requires_grad_()
            value = (leaf * leaf).sum()
        (slope,) = T.autograd.grad(value, leaf)
        ctx.save_for_backward(slope)
        return value.detach()

    custom = function(T, forward, lambda ctx, g: g * ctx.saved_tensors[0])
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = custom.apply(x * 2)
    yield "y", y
    y.backward()
    yield "x.grad", x.grad


@scenario(
    "function.in-a-random-net",
    lesson=9,
    hidden=True,
    asks="Functions and ordinary operations are mixed at random: is each backward run once?",
)
def in_a_random_net(T: Any, draw: Draw) -> Yields:
    calls: list[int] = []

    def forward(ctx: Any, a: Any, b: Any, number: int) -> Any:
        ctx.save_for_backward(a, b)
        ctx.number = number
        return a * b

    def backward(ctx: Any, g: Any) -> Any:
        a, b = ctx.saved_tensors
        calls.append(ctx.number)
        return g * b, g * a, None

    custom = function(T, forward, backward)
    results = [T.tensor(draw.uniform(3, low=0.5, high=1.0), requires_grad=True) for _ in range(2)]
    for number, (kind, left, right) in enumerate(draw.integers(0, 1000, 10, 3).tolist()):
        a, b = results[left % len(results)], results[right % len(results)]
        results.append(custom.apply(a, b, number) if kind % 2 else (a + b) * 0.5)
    sum(results[2:]).sum().backward()
    yield "each once", sorted(calls)
    yield "gradients", [x.grad for x in results[:2]]


@scenario(
    "function.many-answers",
    lesson=9,
    hidden=True,
    asks="Tensors, numbers and None in one answer: which of them does backward hear of?",
)
def many_answers(T: Any, draw: Draw) -> Yields:
    seen: list[Any] = []

    def forward(ctx: Any, x: Any, w: Any) -> Any:
        ctx.save_for_backward(x, w)
        return x * w, 3, None, x + w, w.argsort()

    def backward(ctx: Any, *gradients: Any) -> Any:
        x, w = ctx.saved_tensors
        seen.append(len(gradients))
        return gradients[0] * w + gradients[3], gradients[0] * x + gradients[3]

    x, w = (T.tensor(draw.normal(2), requires_grad=True) for _ in range(2))
    product, number, nothing, total, order = function(T, forward, backward).apply(x, w)
    yield "plain ones", [number, nothing, order]
    yield "require grad", [product.requires_grad, total.requires_grad, order.requires_grad]
    total.sum().backward(retain_graph=True)
    yield "after one", [x.grad, w.grad]
    product.sum().backward()
    yield "after two", [x.grad, w.grad]
    yield "gradients handed in", seen
    yield "a third time", attempt(total.sum().backward)


@scenario(
    "function.frozen-by-mode-and-flag",
    lesson=9,
    hidden=True,
    asks="Half of the calls run under no_grad or on detached inputs: who is trained?",
)
def frozen_by_mode_and_flag(T: Any, draw: Draw) -> Yields:
    custom = function(T, lambda ctx, a, b: a * b, lambda ctx, g: (g * 2, g * 3))
    x, w = (T.tensor(draw.normal(2), requires_grad=True) for _ in range(2))
    with T.no_grad():
        frozen = custom.apply(x, w)
    half = custom.apply(x.detach(), w)
    whole = custom.apply(x, w)
    yield "require grad", [frozen.requires_grad, half.requires_grad, whole.requires_grad]
    (frozen + half + whole).sum().backward()
    yield "gradients", [x.grad, w.grad]
