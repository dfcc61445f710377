"""Lesson 9: an operation with a backward of your own."""

from __future__ import annotations

from typing import Any

import course.nptorch as torch
from course.nptorch.autograd.function import FunctionBase, FunctionCtx, FunctionNode, arguments, finish


class Function(FunctionBase):
    """Base class of operations that bring their own backward.

    Write two static methods: ``forward(ctx, *inputs)`` computes, ``backward(ctx, *gradients)``
    takes one gradient per output and returns one per input. Then call `apply`. Alternatively
    ``forward(*inputs)`` with ``setup_context(ctx, inputs, output)``.

    References
    ----------
    .. [1] https://docs.pytorch.org/docs/stable/autograd.html#function
    """

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the outputs; to be overridden."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Return one gradient per input; to be overridden."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom "
            "autograd.Function to use it with backward mode AD."
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run forward without recording what it does, and record the whole as one node."""
        args = arguments(cls, args, kwargs)
        recorded = torch.is_grad_enabled() and any(isinstance(x, torch.Tensor) and x.requires_grad for x in args)
        setup_context = getattr(cls, "setup_context", None)
        ctx = FunctionCtx(cls, args)
        node = FunctionNode(ctx, args) if recorded else None
        with torch.autograd.function.recording(False):
            if setup_context is not None:
                outputs = cls.forward(*args)
                setup_context(ctx, args, outputs)
            else:
                outputs = cls.forward(ctx, *args)
        single = not isinstance(outputs, tuple)
        made = finish(ctx, node, (outputs,) if single else outputs)
        return made[0] if single else made
