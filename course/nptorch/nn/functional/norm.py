"""Normalisation.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html
"""

from __future__ import annotations

import math
import weakref
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.dtypes import dtype_of
from course.nptorch.nn.lifted import not_differentiable, record
from course.nptorch.nn.normal import Stats
from course.nptorch.ops.axes import Shape, axis, listed
from course.nptorch.ops.careful import refusing
from course.nptorch.ops.operands import refuse_whole

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm"]


@refusing("batch_norm")
def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise every channel over the batch, then scale and shift it.

    Parameters
    ----------
    input : Tensor
        Of shape ``(n, c, ...)``.
    running_mean, running_var : Tensor or None
        Of shape ``(c,)``. In training they are moved towards what the batch shows (the variance
        without bias), in evaluation they are used.
    weight, bias : Tensor, optional
        Of shape ``(c,)``.
    training : bool
        Use mean and variance of the batch.
    momentum : float
        How far the running values are moved.
    eps : float
        Added to the variance.

    Raises
    ------
    ValueError
        In training with one value per channel.
    RuntimeError
        If shapes do not fit.
    """
    x = input._data
    if training and x.size == x.shape[axis(1, x.ndim)]:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {input.shape}")
    channels = x.shape[1] if x.ndim > 1 else 0
    if not training:
        for name, one in (("running_mean", running_mean), ("running_var", running_var)):
            if one is None:
                raise RuntimeError(f"{name} must be defined in evaluation mode")
    named = {
        "running_mean": running_mean,
        "running_var": running_var,
        "weight": weight,
        "bias": bias,
    }
    for name, given in named.items():
        if given is not None and given.numel() != channels:
            raise RuntimeError(f"{name} should contain {channels} elements not {given.numel()}")
    if x.dtype.kind == "f":
        _refuse_mixed(x, weight, bias, running_mean, running_var)
    not_differentiable("native_batch_norm", running_mean=running_mean, running_var=running_var)
    axes = tuple(d for d in range(x.ndim) if d != 1)
    shape = (1, channels, *(1,) * (x.ndim - 2))
    if training:
        mean, var = _moments(x, axes, "batch_norm")
    else:
        refuse_whole("batch_norm", x)
        mean, var = (np.array(kept._data).reshape(shape) for kept in (running_mean, running_var) if kept is not None)
    stats = Stats(axes, shape, axes, (channels,), mean, _rstd(var, eps, x), eps, not training)
    found = (stats.mean, stats.rstd) if training else (x[:0, 0], x[:0, 0])
    kept = (running_mean, running_var, *(wrap(one.reshape(-1)) for one in found))
    made = _normalised("native_batch_norm", input, weight, bias, stats, kept)
    if training and running_mean is not None and running_var is not None:
        count = x.size // channels
        # written past the version counter, as torch does
        _move(running_mean._array, mean.reshape(-1), momentum)
        _move(running_var._array, var.reshape(-1) * (count / (count - 1)), momentum)
    return made


@refusing("layer_norm", early=True)
def layer_norm(
    input: Tensor,
    normalized_shape: Shape,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise over the last axes, then scale and shift.

    Parameters
    ----------
    input : Tensor
        Of shape ``(..., *normalized_shape)``.
    normalized_shape : int or tuple of int
        Extents of the axes that are normalised.
    weight, bias : Tensor, optional
        Of shape `normalized_shape`.
    eps : float
        Added to the variance.

    Raises
    ------
    RuntimeError
        If the last axes have other extents.
    """
    last = listed(normalized_shape)
    x = input._data
    _refuse_affine(last, weight, bias)
    if x.shape[x.ndim - len(last) :] != last:
        wanted = ", ".join(map(str, last))
        raise RuntimeError(
            f"Given normalized_shape=[{wanted}], expected input with shape [*, {wanted}], but got "
            f"input of size{list(x.shape)}"
        )
    axes = tuple(range(x.ndim - len(last), x.ndim))
    refuse_whole("LayerNormKernelImpl", x)
    _refuse_mixed(x, weight, bias)
    mean, var = _moments(x, axes, "LayerNormKernelImpl")
    before = tuple(range(x.ndim - len(last)))
    affine = (*(1,) * len(before), *last)
    stats = Stats(axes, affine, before, last, mean, _rstd(var, eps, x), eps, False)
    return _normalised("native_layer_norm", input, weight, bias, stats, (wrap(stats.mean), wrap(stats.rstd)))


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise every channel of every image by itself."""
    if use_input_stats and math.prod(input.shape[2:]) == 1:
        raise ValueError(f"Expected more than 1 spatial element when training, got input size {input.shape}")
    n, c = input.shape[:2]
    weight, bias, mean, var = (None if w is None else w.repeat(n) for w in (weight, bias, running_mean, running_var))
    flat = input.contiguous().view(1, n * c, *input.shape[2:])
    made = batch_norm(flat, mean, var, weight, bias, use_input_stats, momentum, eps)
    for running, moved in ((running_mean, mean), (running_var, var)):
        if running is not None and moved is not None:
            running.detach().copy_(moved.view(n, c).mean(0))
    return made.view(*input.shape)  # type: ignore[no-any-return]


@refusing("group_norm", early=True)
def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise groups of channels of every image.

    Raises
    ------
    RuntimeError
        If the channels cannot be divided into groups.
    """
    n, c = input.shape[:2] if input.ndim > 1 else (1, 1)
    if not num_groups:
        raise ZeroDivisionError("integer division or modulo by zero")
    if input.ndim < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {input.ndim}")
    if c % num_groups:
        raise RuntimeError(
            f"Expected number of channels in input to be divisible by num_groups, but got input of "
            f"shape {list(input.shape)} and num_groups={num_groups}"
        )
    count = n * c // num_groups * math.prod(input.shape[2:])
    if count == 1:
        size = [n * c // num_groups, num_groups, *input.shape[2:]]
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {size}")
    for name, one in (("weight", weight), ("bias", bias)):
        if one is not None and one._data.shape != (c,):
            raise RuntimeError(
                f"Expected {name} to be a vector of size equal to the number of channels in input, but got {name} of "
                f"shape {list((weight if weight is not None else one).shape)} and input of shape {list(input.shape)}"
            )
    x = input._data
    refuse_whole("GroupNormKernelImpl", x)
    _refuse_mixed(x, weight, bias)
    grouped = x.reshape(n, num_groups, c // num_groups, -1)
    mean, var = _moments(grouped, (2, 3), "GroupNormKernelImpl")
    stats = Stats((2, 3), (1, num_groups, c // num_groups, 1), (0, 3), (c,), mean, _rstd(var, eps, x), eps, False)
    weight, bias = (None if w is None else w.contiguous() for w in (weight, bias))
    values = (grouped - mean) * stats.rstd
    if weight is not None:
        values *= weight._data.reshape(stats.affine)
    if bias is not None:
        values += bias._data.reshape(stats.affine)
    facts = {"stats": stats, "grouped": grouped.shape}
    found = [wrap(one.reshape(n, num_groups)) for one in (mean, stats.rstd)]
    values = np.ascontiguousarray(values.reshape(x.shape))
    made: Tensor = record("native_group_norm", (input, weight, bias, *found), values, facts)
    if made._grad_fn is not None:
        facts["node"] = weakref.ref(made._grad_fn)
    return made


def _refuse_affine(last: tuple[int, ...], weight: Tensor | None, bias: Tensor | None) -> None:
    """Refuse a scale or a shift that has not the shape of what is normalised."""
    if not last:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got "
            "normalized_shape = []"
        )
    for name, one in (("weight", weight), ("bias", bias)):
        if one is not None and one._data.shape != last:
            raise RuntimeError(
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape {list(one.shape)} "
                f"and normalized_shape = {list(last)}"
            )


def _refuse_mixed(x: Any, *others: Tensor | None) -> None:
    """Refuse dtypes that torch does not mix."""
    kinds = [one._data.dtype for one in others if one is not None]
    if not kinds or set(kinds) == {x.dtype}:
        return
    if kinds[0] == x.dtype:
        names = [
            dtype_of(d).tensor_type.removesuffix("Tensor") for d in (x.dtype, next(d for d in kinds if d != x.dtype))
        ]
        raise RuntimeError(f"expected scalar type {names[0]} but found {names[1]}")
    if set(kinds) != {np.dtype(np.float32)}:
        raise RuntimeError("mixed dtype (CPU): expect parameter to have scalar type of Float")
    if x.dtype != np.float16:
        raise RuntimeError("mixed dtype (CPU): all inputs must share same datatype.")


def _normalised(
    name: str, input: Tensor, weight: Tensor | None, bias: Tensor | None, stats: Stats, kept: Any
) -> Tensor:
    values = (input._data - stats.mean) * stats.rstd
    if weight is not None:
        values *= weight._data.reshape(stats.affine)
    if bias is not None:
        values += bias._data.reshape(stats.affine)
    else:
        values += 0  # as torch does, which makes 0 of -0
    if name == "native_layer_norm":
        values = np.ascontiguousarray(values)
    return record(name, (input, weight, bias, *kept), values, {"stats": stats})  # type: ignore[no-any-return]


def _moments(x: Any, axes: tuple[int, ...], kernel: str) -> tuple[Any, Any]:
    refuse_whole(kernel, x)
    count = math.prod(x.shape[d] for d in axes)
    mean = np.add.reduce(x, axis=axes, keepdims=True) / x.dtype.type(count)
    apart = x - mean
    return mean, np.add.reduce(apart * apart, axis=axes, keepdims=True) / x.dtype.type(count)


def _rstd(var: Any, eps: float, x: Any) -> Any:
    return (1 / np.sqrt(var + eps)).astype(x.dtype)


def _move(running: Any, towards: Any, momentum: float) -> None:
    running[...] = running * (1 - momentum) + towards * momentum
