"""Diagonals and triangles of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor
from course.nptorch.math import put_diagonal
from course.nptorch.ops.axes import axis
from course.nptorch.ops.layout import in_order
from course.nptorch.ops.register import described, op, recorded


def _two_axes(name: str, x: Tensor) -> None:
    if x.ndim < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")


@described("tril")
def tril(self: Tensor, diagonal: int = 0) -> Any:
    """Return `self` with zeros above a diagonal."""
    _two_axes("tril", self)
    return "tril", (self,), in_order(np.tril(self._data, diagonal)), {"diagonal": diagonal}


@described("triu")
def triu(self: Tensor, diagonal: int = 0) -> Any:
    """Return `self` with zeros below a diagonal."""
    _two_axes("triu", self)
    return "triu", (self,), in_order(np.triu(self._data, diagonal)), {"diagonal": diagonal}


@described("trace", inplace=False)
def trace(self: Tensor) -> Any:
    """Return the sum of the diagonal of a matrix."""
    if self.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {self.ndim}")
    data = self._data
    kind = np.int64 if data.dtype.kind in "iub" else data.dtype
    return "trace", (self,), np.trace(data, dtype=kind), {"shape": data.shape}


@op("diag_embed", early=True)
def diag_embed(self: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Return zeros with the last axis of `self` on the diagonal of two axes."""
    count = self.ndim + 1
    dim1, dim2 = axis(dim1, count), axis(dim2, count)
    if dim1 == dim2:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    if not self.ndim:
        raise IndexError("Dimension specified as -1 but tensor has no dimensions")
    extent = self.shape[-1] + abs(offset)
    shape = list(self.shape[:-1])
    for d in sorted((dim1, dim2)):
        shape.insert(d, extent)
    facts = {"offset": offset, "dim1": dim1, "dim2": dim2}
    values = put_diagonal(self._array, tuple(shape), offset, dim1, dim2)
    return recorded("diag_embed", (self,), np.array(values), facts)


@op("diag", early=False)
def diag(self: Tensor, diagonal: int = 0) -> Tensor:
    """Return a copy of the diagonal of a matrix, or a matrix with this vector on its diagonal."""
    if self.ndim == 1:
        return diag_embed(self, diagonal)
    if self.ndim != 2:
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {self.ndim}D")
    facts = {"shape": self._data.shape, "offset": diagonal, "dim1": 0, "dim2": 1}
    return recorded("diagonal_copy", (self,), np.array(np.diagonal(self._data, diagonal)), facts)
