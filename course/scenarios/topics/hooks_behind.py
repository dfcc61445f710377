"""Hooks behind the tensors: on leaves that were filled, on nodes, on several tensors at once."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, scenario


@scenario(
    "hooks.post-accumulate-several",
    lesson=8,
    asks="Several post-accumulate hooks: their order, their argument, their return value?",
)
def post_accumulate_several(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(2), requires_grad=True)
    log: list[object] = []
    w.register_post_accumulate_grad_hook(lambda t: log.append(["first", t is w, t.grad.clone()]))
    handle = w.register_post_accumulate_grad_hook(lambda t: [t.grad.mul_(2)][1:] or None)
    w.register_post_accumulate_grad_hook(lambda t: log.append(["third", t.grad.clone()]))
    (w * 1).sum().backward()
    handle.remove()
    (w * 1).sum().backward()
    yield "log", log


@scenario(
    "hooks.post-accumulate-once-per-backward",
    lesson=8,
    asks="A leaf is used three times: how often does its post-accumulate hook run?",
)
def post_accumulate_once_per_backward(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(2), requires_grad=True)
    log: list[Any] = []
    w.register_post_accumulate_grad_hook(lambda t: log.append(t.grad.clone()))
    (w * w + w).sum().backward()
    yield "log", log


@scenario(
    "hooks.post-accumulate-raises", lesson=8, asks="A post-accumulate hook raises: has the gradient been added already?"
)
def post_accumulate_raises(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(2), requires_grad=True)

    def fail(t: Any) -> None:
        raise KeyError("has been detached")

    handle = w.register_post_accumulate_grad_hook(fail)
    yield "backward", attempt((w * 2).sum().backward)
    yield "w.grad", w.grad
    handle.remove()
    yield "next backward", attempt((w * 2).sum().backward)
    yield "w.grad then", w.grad


@scenario(
    "hooks.nodes-replace",
    lesson=8,
    asks="Pre- and post-hooks of a node return gradients: which of them reach the leaf?",
)
def nodes_replace(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    y = x * 3
    y.grad_fn.register_prehook(lambda out: (out[0] + 1,))
    y.grad_fn.register_hook(lambda into, out: (into[0] * 10, *into[1:]))
    y.grad_fn.register_hook(lambda into, out: None)
    y.sum().backward()
    yield "x.grad", x.grad


@scenario(
    "hooks.nodes-with-several-ends",
    lesson=8,
    asks="What do node hooks of a product and of unbind see, and what for ends nobody needs?",
)
def nodes_with_several_ends(T: Any, draw: Draw) -> Yields:
    log: list[object] = []
    x = T.tensor(draw.normal(2), requires_grad=True)
    plain = T.tensor(draw.normal(2))
    product = x * plain
    product.grad_fn.register_hook(lambda into, out: log.append(["product", [*into], [*out]]))
    product.sum().backward()
    m = T.tensor(draw.normal(2, 2), requires_grad=True)
    first, _ = m.unbind(0)
    first.grad_fn.register_prehook(lambda out: log.append(["unbind, before", [*out]]))
    first.grad_fn.register_hook(lambda into, out: log.append(["unbind, after", [*into], [*out]]))
    first.sum().backward()
    yield "log", log


@scenario("hooks.nodes-refuse", lesson=8, asks="A node hook returns one gradient too many: what is said?")
def nodes_refuse(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    for name, answer in {"too many": lambda i, o: (*i, i[0]), "another shape": lambda i, o: (i[0][:1], *i[1:])}.items():
        y = x.exp()
        y.grad_fn.register_hook(answer)
        outcome = attempt(y.sum().backward)
        yield name, getattr(outcome, "type", "runs")


@scenario(
    "hooks.several-tensors-partly-reached",
    lesson=8,
    asks="Of three watched tensors this loss reaches two: when does the common hook run?",
)
def several_tensors_partly_reached(T: Any, draw: Draw) -> Yields:
    register = T.autograd.graph.register_multi_grad_hook
    x, w = (T.tensor(draw.normal(2), requires_grad=True) for _ in range(2))
    a, b, c = x.exp(), w.exp(), (x * w).sin()
    log: list[object] = []
    register((a, b, c), log.append)
    (a.sum() + c.sum()).backward(retain_graph=True)
    yield "a and c", list(log)
    b.sum().backward()
    yield "b alone", log


@scenario(
    "hooks.several-tensors-any",
    lesson=8,
    asks="mode='any': does the first gradient of each backward count, and only it?",
)
def several_tensors_any(T: Any, draw: Draw) -> Yields:
    register = T.autograd.graph.register_multi_grad_hook
    x = T.tensor(draw.normal(2), requires_grad=True)
    a, b = x * 2, x.exp()
    log: list[Any] = []
    handle = register((a, b), lambda g: log.append(g.clone()), mode="any")
    for _ in range(2):
        (a + b).sum().backward(retain_graph=True)
    handle.remove()
    (a + b).sum().backward()
    yield "log", log
    plain = T.tensor(draw.normal(2))
    yield "all, but one needs no grad", attempt(register, (x, plain), log.append)
    register((x, plain), lambda g: log.append("left out"), mode="any")
    (x * 2).sum().backward()
    yield "any, but one needs no grad", log[-1]
