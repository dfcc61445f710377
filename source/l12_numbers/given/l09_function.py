"""Lesson 9: an operation with a backward of your own."""

from __future__ import annotations

from collections.abc import Iterator
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


class SlidingConv2d(Function):
    """Convolution: filters slide over pictures, and each place gives one number per filter.

    ``SlidingConv2d.apply(x, weight, stride)`` gives what ``torch.nn.functional.conv2d`` gives for
    pictures with a batch axis, without bias and padding; ``stride`` may be left out.
    """

    @staticmethod
    def forward(ctx: Any, x: Any, weight: Any, stride: int = 1) -> Any:
        """Slide the filters over the pictures, and keep for `backward` what it needs.

        Parameters
        ----------
        ctx : FunctionCtx
            The context of this call.
        x : Tensor
            Pictures, of shape ``(n, c, h, w)``: their number, channels, height and width.
        weight : Tensor
            Filters, of shape ``(o, c, kh, kw)``; none is larger than a picture.
        stride : int
            How many pixels from one window to the next, downwards and to the right.

        Returns
        -------
        Tensor
            Of shape ``(n, o, (h - kh) // stride + 1, (w - kw) // stride + 1)`` and of the dtype of
            `x`. At ``[b, f, i, j]``: the sum, over all channels, of filter ``f`` times the window of
            picture ``b`` whose upper left corner is pixel ``(i * stride, j * stride)``.
        """
        ctx.save_for_backward(x, weight)
        ctx.stride = stride
        height = (x.shape[2] - weight.shape[2]) // stride + 1
        width = (x.shape[3] - weight.shape[3]) // stride + 1
        y = torch.zeros(x.shape[0], weight.shape[0], height, width, dtype=x.dtype)
        for i, j, rows, columns in _windows(height, width, weight.shape[2:], stride):
            y[:, :, i, j] = x[:, :, rows, columns].flatten(1) @ weight.flatten(1).T
        return y

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        """Return the gradients of the pictures and of the filters, and None for the stride.

        Parameters
        ----------
        ctx : FunctionCtx
            The context of the call, as `forward` left it.
        g : Tensor
            The gradient of the output, of the output's shape. Others may hold its memory.

        Returns
        -------
        x_grad : Tensor
            Of the shape of the pictures. A pixel has a share from every window that saw it; one that
            no window saw has gradient 0.
        weight_grad : Tensor
            Of the shape of the filters: the same weights were used in every window of every picture.
        None
            A number has no gradient.
        """
        x, weight = ctx.saved_tensors
        x_grad, weight_grad = torch.zeros_like(x), torch.zeros_like(weight)
        for i, j, rows, columns in _windows(g.shape[2], g.shape[3], weight.shape[2:], ctx.stride):
            at, seen = g[:, :, i, j], x[:, :, rows, columns]
            x_grad[:, :, rows, columns] += (at @ weight.flatten(1)).reshape(seen.shape)
            weight_grad += (at.T @ seen.flatten(1)).reshape(weight.shape)
        return x_grad, weight_grad, None


def _windows(height: int, width: int, size: Any, stride: int) -> Iterator[tuple[int, int, slice, slice]]:
    """Yield each place of the output, and which rows and columns of the picture its window covers."""
    for i in range(height):
        for j in range(width):
            top, left = i * stride, j * stride
            yield i, j, slice(top, top + size[0]), slice(left, left + size[1])
