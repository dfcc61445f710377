"""Lesson 10 in other words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import course.nptorch as torch
from autograder.alternatives.registry import alternative


@alternative(part="swish_forward", how="the logistic function written out")
def swish_by_exp(ctx: Any, x: Any) -> Any:
    y = x / (1 + (-x).exp())
    ctx.save_for_backward(x)
    return y


@alternative(part="swish_forward", how="keeps the result as well")
def swish_keeping_both(ctx: Any, x: Any) -> Any:
    y = x.sigmoid() * x
    ctx.save_for_backward(x, y)
    ctx.save_for_backward(x)  # the last call counts
    return y


@alternative(part="swish_backward", how="as a sum")
def slope_as_a_sum(ctx: Any, g: Any) -> Any:
    x = ctx.saved_tensors[0]
    s = x.sigmoid()
    return (s + x * s * (1 - s)) * g


@alternative(part="swish_backward", how="by tanh")
def slope_by_tanh(ctx: Any, g: Any) -> Any:
    (x,) = ctx.saved_tensors
    t = (x / 2).tanh()
    s = (1 + t) / 2
    return g * (s + x * (1 - t * t) / 4)


@alternative(part="grad", how="with a dictionary of what was there")
def grad_by_dictionary(
    output: Any, inputs: Sequence[Any], gradient: Any = None, create_graph: bool = False
) -> tuple[Any, ...]:
    kept = {id(x): (x, x.grad) for x in inputs}
    try:
        for x, _ in kept.values():
            x.grad = None
        torch.autograd.backward([output], [gradient], create_graph=create_graph, inputs=list(inputs))
        answer = [x.grad for x in inputs]
    except BaseException:
        for x, old in kept.values():
            x.grad = old
        raise
    for x, old in kept.values():
        x.grad = old
    return tuple(answer)


@alternative(part="grad", how="one leaf after the other put back")
def grad_by_recursion(
    output: Any, inputs: Sequence[Any], gradient: Any = None, create_graph: bool = False
) -> tuple[Any, ...]:
    def within(left: list[Any]) -> tuple[Any, ...]:
        if not left:
            output.backward(gradient, retain_graph=create_graph, create_graph=create_graph, inputs=list(inputs))
            return tuple(x.grad for x in inputs)
        first, *others = left
        old, first.grad = first.grad, None
        try:
            return within(others)
        finally:
            first.grad = old

    return within(list(inputs))


@alternative(part="hvp", how="the gradient of slope times v")
def hvp_by_product(f: Callable[[Any], Any], x: Any, v: Any) -> Any:
    with torch.enable_grad():
        leaf = x.detach().clone().requires_grad_(True)
        result = f(leaf)
        if result.requires_grad:
            slope = torch.autograd.grad(result, [leaf], create_graph=True, allow_unused=True)[0]
            if slope is not None and slope.requires_grad:
                product = torch.autograd.grad((slope * v).sum(), [leaf], allow_unused=True)[0]
                if product is not None:
                    return product
    return torch.zeros(x.shape, dtype=x.dtype)


@alternative(part="hvp", how="by torch.autograd.functional")
def hvp_by_name(f: Callable[[Any], Any], x: Any, v: Any) -> Any:
    return torch.autograd.functional.hvp(f, x.detach(), v)[1].detach()


@alternative(part="gradient_penalty", how="by lerp and linalg")
def penalty_by_lerp(critic: Callable[[Any], Any], real: Any, fake: Any, mix: Any, weight: float = 10.0) -> Any:
    between = (fake + mix * (real - fake)).detach()
    between.requires_grad_(True)
    scores = critic(between)
    slopes = torch.autograd.grad(scores, between, torch.ones_like(scores), create_graph=True)[0]
    lengths = slopes.reshape(len(slopes), -1).norm(2, 1)
    return (weight * (lengths - 1).square()).mean()


@alternative(part="gradient_penalty", how="over all axes but the first")
def penalty_by_axes(critic: Callable[[Any], Any], real: Any, fake: Any, mix: Any, weight: float = 10.0) -> Any:
    with torch.no_grad():
        between = real * mix + fake * (1 - mix)
    between = between.requires_grad_()
    (slopes,) = torch.autograd.grad(critic(between).sum(), [between], create_graph=True, retain_graph=True)
    lengths = slopes.norm(dim=tuple(range(1, slopes.dim())))
    return (lengths - 1).pow(2).sum() * weight / lengths.numel()
