"""Lesson 9 in other words: apply by try and finally, or in small steps; convolutions in other loops."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

import course.nptorch as torch
from autograder.alternatives.registry import alternative
from course.nptorch.autograd.function import FunctionBase, FunctionCtx, FunctionNode, arguments, finish

NO_FORWARD = "You must implement the forward function for custom autograd.Function."
NO_BACKWARD = (
    "You must implement either the backward or vjp method for your custom "
    "autograd.Function to use it with backward mode AD."
)


@alternative(part="Function", how="with set_grad_enabled, try and finally")
class ByFinally(FunctionBase):
    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(NO_FORWARD)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        raise NotImplementedError(NO_BACKWARD)

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        was_on = torch.is_grad_enabled()
        split = hasattr(cls, "setup_context")
        inputs = arguments(cls, args, kwargs)
        ctx = FunctionCtx(cls, inputs)
        node = None
        if was_on and True in ctx.needs_input_grad:
            node = FunctionNode(ctx, inputs)
        torch.set_grad_enabled(False)
        try:
            if split:
                answer = cls.forward(*inputs)
                cls.setup_context(ctx, inputs, answer)  # type: ignore[attr-defined]
            else:
                answer = cls.forward(ctx, *inputs)
        finally:
            torch.set_grad_enabled(was_on)
        if isinstance(answer, tuple):
            return finish(ctx, node, answer)
        return finish(ctx, node, (answer,))[0]


@alternative(part="Function", how="in small methods, with the node made after forward")
class InSteps(FunctionBase):
    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(NO_FORWARD)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        raise NotImplementedError(NO_BACKWARD)

    @classmethod
    def _run(cls, ctx: FunctionCtx, inputs: tuple[Any, ...]) -> Any:
        setup = getattr(cls, "setup_context", None)
        if setup is None:
            return cls.forward(ctx, *inputs)
        output = cls.forward(*inputs)
        setup(ctx, inputs, output)
        return output

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        args = arguments(cls, args, kwargs)
        tensors = [one for one in args if isinstance(one, torch.Tensor)]
        wanted = torch.is_grad_enabled() and sum(one.requires_grad for one in tensors) > 0
        with ExitStack() as stack:
            stack.enter_context(torch.no_grad())
            ctx = FunctionCtx(cls, args)
            output = cls._run(ctx, args)
        node = FunctionNode(ctx, args) if wanted else None
        several = output if type(output) is tuple else (output,)
        finished = finish(ctx, node, several)
        return finished if several is output else finished[0]


def seen(x: Any, weight: Any, stride: int) -> Any:
    """Return all windows of NumPy arrays at once: a view of shape ``(n, c, h', w', kh, kw)``."""
    return sliding_window_view(x, weight.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]


@alternative(part="SlidingConv2d", how="on NumPy's windows, by einsum")
class ByEinsum(FunctionBase):
    @staticmethod
    def forward(ctx: Any, x: Any, weight: Any, stride: int = 1) -> Any:
        ctx.save_for_backward(x, weight)
        ctx.stride = stride
        array, filters = x.detach().numpy(), weight.detach().numpy()
        return torch.tensor(np.einsum("bcijuv,fcuv->bfij", seen(array, filters, stride), filters))

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, weight = (one.detach().numpy() for one in ctx.saved_tensors)
        windows = seen(x, weight, ctx.stride)
        back = np.zeros_like(x)
        for i, j in np.ndindex(*g.shape[2:]):
            share = np.einsum("bf,fcuv->bcuv", g.detach().numpy()[:, :, i, j], weight)
            top, left = i * ctx.stride, j * ctx.stride
            back[:, :, top : top + weight.shape[2], left : left + weight.shape[3]] += share
        filters = np.einsum("bfij,bcijuv->fcuv", g.detach().numpy(), windows)
        return torch.tensor(back), torch.tensor(filters), None


@alternative(part="SlidingConv2d", how="place by place of the filter, not window by window")
class PlaceByPlace(FunctionBase):
    @staticmethod
    def _spots(shape: Any, kernel: Any, stride: int) -> Any:
        last = [n - k for n, k in zip(shape, kernel, strict=True)]
        for u in range(kernel[0]):
            for v in range(kernel[1]):
                yield u, v, slice(u, u + last[0] + 1, stride), slice(v, v + last[1] + 1, stride)

    @staticmethod
    def forward(ctx: Any, x: Any, weight: Any, stride: int = 1) -> Any:
        ctx.save_for_backward(x, weight)
        ctx.stride = stride
        y: Any = 0
        for u, v, rows, columns in PlaceByPlace._spots(x.shape[2:], weight.shape[2:], stride):
            pixels = x[:, :, rows, columns].permute(0, 2, 3, 1)
            y = y + (pixels @ weight[:, :, u, v].T).permute(0, 3, 1, 2)
        return y

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, weight = ctx.saved_tensors
        x_grad, weight_grad = x * 0, weight * 0
        for u, v, rows, columns in PlaceByPlace._spots(x.shape[2:], weight.shape[2:], ctx.stride):
            x_grad[:, :, rows, columns] += (g.permute(0, 2, 3, 1) @ weight[:, :, u, v]).permute(0, 3, 1, 2)
            pixels = x[:, :, rows, columns].permute(1, 0, 2, 3).flatten(1)
            weight_grad[:, :, u, v] = g.permute(1, 0, 2, 3).flatten(1) @ pixels.T
        return x_grad, weight_grad, None
