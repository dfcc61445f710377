"""Lesson 9 in other words: apply by try and finally, and apply in small steps."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

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
