"""Sums and their kin: operations that fold axes away."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.nptorch.grad_mode import mode
from course.nptorch.ops.register import op
from course.nptorch.record import OPS, attach
from course.nptorch._tensor import Tensor, wrap

Dim = int | tuple[int, ...] | list[int] | None


def axes(dim: Any, ndim: int) -> tuple[int, ...]:
    """Return the axes that `dim` names, counted from the front; all of them for None or ``()``.

    Raises
    ------
    IndexError
        If an axis is out of range.
    """
    if dim is None or dim == () or dim == []:
        return tuple(range(ndim))
    return tuple(axis(d, ndim) for d in (dim if isinstance(dim, tuple | list) else (dim,)))


def axis(dim: int, ndim: int) -> int:
    """Return one axis counted from the front; a 0-d tensor has axis 0 (and -1).

    Raises
    ------
    IndexError
        If it is out of range.
    """
    extent = max(ndim, 1)
    if not -extent <= dim < extent:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-extent}, {extent - 1}], "
            f"but got {dim})"
        )
    return dim % extent


def keep_axes(data: Any, dim: tuple[int, ...]) -> tuple[int, ...]:
    """Return the axes NumPy can fold: none for 0-d data."""
    return dim if data.ndim else ()


@op("sum")
def sum(  # noqa: A001 - torch's name
    self: Tensor,
    dim: Dim = None,
    keepdim: bool = False,
    *,
    dtype: Any = None,
    axis: Dim = None,
    keepdims: bool = False,
) -> Tensor:
    """Return the sum over `dim` (all axes without it); integers and bools sum to int64.

    ``axis`` and ``keepdims`` are NumPy's names for the same, as in torch.
    """
    source = self if dtype is None else self._cast(dtype.numpy)
    dim = axis if dim is None else dim
    keepdim = keepdim or keepdims
    data = source._data
    over = axes(dim, data.ndim)
    integer = data.dtype.kind in "iub"
    result = wrap(
        np.add.reduce(
            data,
            axis=keep_axes(data, over),
            keepdims=keepdim,
            dtype=np.int64 if integer else data.dtype,
        )
    )
    if mode.enabled:
        facts = {"shape": data.shape, "dim": over, "keepdim": keepdim}
        attach(OPS["sum" if dim is None else "sum_dim"], (source,), result, facts)
    return result


@op("mean")
def mean(
    self: Tensor,
    dim: Dim = None,
    keepdim: bool = False,
    *,
    dtype: Any = None,
    axis: Dim = None,
    keepdims: bool = False,
) -> Tensor:
    """Return the mean over `dim` (all axes without it).

    Raises
    ------
    RuntimeError
        For integers and bools, as in torch.
    """
    source = self if dtype is None else self._cast(dtype.numpy)
    dim = axis if dim is None else dim
    keepdim = keepdim or keepdims
    data = source._data
    if data.dtype.kind != "f":
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point "
            f"or complex dtype. Got: {source.dtype.tensor_type.removesuffix('Tensor')}"
        )
    over = axes(dim, data.ndim)
    count = 1
    for d in over:
        count *= data.shape[d] if data.ndim else 1
    total = np.add.reduce(data, axis=keep_axes(data, over), keepdims=keepdim, dtype=data.dtype)
    result = wrap(total / np.asarray(count, data.dtype)[()])
    if mode.enabled:
        facts = {"shape": data.shape, "dim": over, "keepdim": keepdim}
        attach(OPS["mean" if dim is None else "mean_dim"], (source,), result, facts)
    return result
