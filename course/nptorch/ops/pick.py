"""Picking and placing elements by index tensors: gather, scatter and their kin."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.absent import absent
from course.nptorch.graph import gradient_edge
from course.nptorch.math import along, at
from course.nptorch.ops.axes import axis
from course.nptorch.ops.count_checks import for_bincount, for_index_select, for_searchsorted, for_take
from course.nptorch.ops.layout import copied, in_order
from course.nptorch.ops.operands import Number, is_tensor
from course.nptorch.ops.pick_checks import (
    for_index_add,
    for_index_copy,
    for_index_fill,
    for_scatter,
    index_array,
    positions_in,
)
from course.nptorch.ops.register import described, op, recorded
from course.nptorch.ops.write import check_shapes


@described("gather", inplace=False)
def gather(self: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Any:
    """Return the elements at the positions `index` along `dim`."""
    dim = axis(dim, self.ndim)
    data = positions_in(self, index_array("gather", index, self, dim), dim)
    values = self._array[along(data, dim, self.ndim)] if self.ndim else np.broadcast_to(self._data, data.shape)
    return "gather", (self, index), np.array(values), {"dim": dim}


@op("take_along_dim", early=False)
def take_along_dim(self: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """Return `gather` along `dim`, or of the flattened tensor."""
    if dim is None:
        return gather(self.reshape(-1), 0, indices.reshape(-1))
    dim = axis(dim, self.ndim)
    if not self.ndim:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    if indices._data.dtype != np.int64:
        kind = indices.dtype.tensor_type.removesuffix("Tensor")
        raise RuntimeError(f"torch.take_along_dim(): dtype of indices should be Long but got {kind}")
    if self.ndim != indices.ndim:
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
            f"{self.ndim} dimensions for input, and {indices.ndim} dimensions for indices"
        )
    # everywhere but along the axis, both are broadcast
    check_shapes(*(np.broadcast_to(0, (*x.shape[:dim], 1, *x.shape[dim + 1 :])) for x in (self, indices)))
    wide = list(np.broadcast_shapes(*((*x.shape[:dim], 1, *x.shape[dim + 1 :]) for x in (self, indices))))
    far, near = ([*wide[:dim], x.shape[dim], *wide[dim + 1 :]] for x in (self, indices))
    return gather(self.expand(far), dim, indices.expand(near))


def _source(src: Any, index: Any) -> Any:
    """Return the part of `src` that an index of a smaller shape refers to."""
    if src._data.shape == index.shape or not src.ndim:
        return src
    if not index.ndim:
        return src[0]
    return src[tuple(slice(0, n) for n in index.shape)]


def _copy(self: Tensor) -> Any:
    return np.array(self._data, order="C")


@described("scatter")
def scatter(
    self: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Any:
    """Return a copy with `src` (a Tensor or number) at the positions `index` along `dim`."""
    if reduce is not None:
        raise absent(f"scatter(reduce='{reduce}')")
    dim = axis(dim, self.ndim)
    data = index_array("scatter", index, self, dim)
    src = value if src is None else src
    if isinstance(src, Tensor):
        for_scatter("scatter", self._data, data, src._data, dim)
    elif isinstance(src, str) or src is None:
        raise TypeError("scatter() received an invalid combination of arguments")
    else:
        for_scatter("scatter", self._data, data, None, dim)
    place = along(positions_in(self, data, dim), dim, self.ndim)
    values = _copy(self)
    if isinstance(src, Tensor):
        part = _source(src, index._data)
        values[place] = part._data if part.ndim else part._data[()]
        return "scatter", (self, part, index), values, {"dim": dim}
    values[place] = src
    return "scatter_number", (self, index), values, {"dim": dim}


@described("scatter_add")
def scatter_add(self: Tensor, dim: int, index: Tensor, src: Tensor) -> Any:
    """Return a copy with `src` added at the positions `index` along `dim`."""
    dim = axis(dim, self.ndim)
    data = index_array("scatter_add", index, self, dim)
    for_scatter("scatter_add", self._data, data, src._data, dim)
    place = along(positions_in(self, data, dim), dim, self.ndim)
    part = _source(src, index._data)
    values = _copy(self)
    np.add.at(values, place, part._data)
    return "scatter_add", (self, part, index), values, {"dim": dim}


@op("index_select", early=True)
def index_select(self: Tensor, dim: int, index: Tensor) -> Tensor:
    """Return the positions `index`, a vector, along `dim`."""
    dim = axis(dim, self.ndim)
    where = np.atleast_1d(is_tensor("index_select", "index", 3, index)._data)
    for_index_select(self._data, where)
    extent = self._data.shape[dim] if self.ndim else 1
    if where.size and not (where.min() >= 0 and where.max() < extent):
        raise IndexError("index out of range in self")
    place = at(dim, where) if self.ndim else (...,)
    facts = {"shape": self._data.shape, "indices": place, "dim": dim}
    return recorded("index_select", (self, index), in_order(self._array[place]), facts)


@op("take", early=True)
def take(self: Tensor, index: Tensor) -> Tensor:
    """Return elements by their position in the flattened tensor."""
    flat = np.reshape(self._data, -1)
    for_take(flat, index._array)
    return recorded("take", (self, index), np.array(flat[index._array]))


def _along(self: Tensor, dim: int, index: Tensor) -> tuple[Any, ...]:
    if not self.ndim:
        return (...,)
    return at(axis(dim, self.ndim), np.atleast_1d(index._data))


@described("index_add")
def index_add(self: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Any:
    """Return a copy with ``alpha * source`` added at the positions `index` along `dim`."""
    for_index_add(self._data, index._array, source._data, axis(dim, self.ndim))
    place = _along(self, dim, index)
    values = _copy(self)
    np.add.at(values, place, source._data if alpha == 1 else source._data * alpha)
    return "index_add", (self, source, index), values, {"indices": place, "alpha": alpha}


@described("index_copy")
def index_copy(self: Tensor, dim: int, index: Tensor, source: Tensor) -> Any:
    """Return a copy with `source` at the positions `index` along `dim`."""
    for_index_copy(self._data, index._array, source._data, axis(dim, self.ndim))
    place = _along(self, dim, index)
    values = _copy(self)
    values[place] = source._data
    return "index_copy", (self, source, index), values, {"indices": place}


@described("index_fill")
def index_fill(self: Tensor, dim: int, index: Tensor, value: Tensor | Number) -> Any:
    """Return a copy with a number at the positions `index` along `dim`."""
    for_index_fill(self._data, index._array, value, axis(dim, self.ndim))
    place = _along(self, dim, index)
    values = copied(self._data)
    if isinstance(value, Tensor):
        values[place] = value._data
        return "index_fill_tensor", (self, value, index), values, {"indices": place}
    values[place] = value
    return "index_fill", (self, index), values, {"indices": place}


@op("unique", early=False)
def unique(
    self: Tensor,
    sorted: bool = True,  # noqa: A002 - torch's name
    return_inverse: bool = False,
    return_counts: bool = False,
) -> Any:
    """Return the different elements, in order, with inverse positions and counts as asked."""
    values, inverse, counts = np.unique(self._data, return_inverse=True, return_counts=True, equal_nan=False)
    made = [recorded("unique", (self,), values, {"below": gradient_edge(self)[0]})]
    if return_inverse:
        made.append(wrap(inverse.reshape(self._data.shape).astype(np.int64)))
    if return_counts:
        made.append(wrap(counts.astype(np.int64)))
    return made[0] if len(made) == 1 else tuple(made)


@op("bincount", early=True)
def bincount(self: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """Return how often each integer occurs."""
    for_bincount(self._data, None if weights is None else weights._data, minlength)
    return wrap(np.bincount(self._data, None if weights is None else weights._data, minlength))


@op("searchsorted", early=False)
def searchsorted(self: Tensor, input: Any, *, right: bool = False) -> Tensor:  # noqa: A002
    """Return where elements would have to be put into this sorted vector."""
    if not isinstance(input, Tensor | int | float):
        raise TypeError("searchsorted() received an invalid combination of arguments")
    data = np.asarray(input._data if isinstance(input, Tensor) else input)
    for_searchsorted(self._data, data)
    if self.ndim > 1:
        raise absent("searchsorted(rows of edges)")
    found = np.searchsorted(self._data, data, "right" if right else "left")
    return wrap(np.asarray(found, np.int64))
