"""Copies with the elements repeated or moved."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.ops.axes import Axes, axes, axis, not_negative, sizes
from course.nptorch.ops.layout import copied, in_order
from course.nptorch.ops.register import described, op, recorded


@described("repeat", inplace=False)
def repeat(self: Tensor, *times: Any, repeats: Any = None) -> Any:
    """Return copies of `self` side by side, `repeats` of them along each axis."""
    times = sizes(times if repeats is None else (repeats,))
    if len(times) < self.ndim:
        raise RuntimeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
    extra = len(times) - self.ndim
    not_negative(tuple(t * n for t, n in zip(times, (1,) * extra + self._data.shape, strict=True)))
    facts = {"shape": self._data.shape, "repeats": times}
    return "repeat", (self,), np.tile(self._data, times), facts


@op("tile", early=False)
def tile(self: Tensor, *reps: Any, dims: Any = None) -> Tensor:
    """Return copies of `self` side by side; missing counts in front are 1."""
    times = sizes(reps if dims is None else (dims,))
    return repeat(self, (1,) * (self.ndim - len(times)) + times)


@op("repeat_interleave", early=False)
def repeat_interleave(self: Tensor, repeats: Any, dim: int | None = None, *, output_size: int | None = None) -> Tensor:
    """Return every position along an axis `repeats` times in a row; `output_size` is not needed."""
    source, dim = (self.flatten(), 0) if dim is None else (self, axis(dim, self.ndim))
    if isinstance(repeats, int) and repeats < 0:
        raise RuntimeError("Repeats must be non-negative")
    if isinstance(repeats, int):
        deeper = source.unsqueeze(dim + 1)
        extent = source._data.shape[dim]
        wide = [-1] * (source.ndim + 1)
        wide[dim + 1] = repeats
        copies = deeper.expand(wide).clone(memory_format="contiguous")
        return copies.view((*source.shape[:dim], extent * repeats, *source.shape[dim + 1 :]))  # type: ignore[no-any-return]
    times = repeats._data
    if times.dtype.kind == "f":
        kind = repeats.dtype.tensor_type.removesuffix("Tensor")
        raise NotImplementedError(f"\"repeat_interleave_cpu\" not implemented for '{kind}'")
    extent = source._data.shape[dim]
    if times.ndim > 1:
        raise RuntimeError("repeats must be 0-dim or 1-dim tensor")
    if times.size not in (1, extent):
        raise RuntimeError(
            "repeats must have the same size as input along dim, but got "
            f"repeats.size(0) = {times.size} and input.size(0) = {extent}"
        )
    if np.any(times < 0):
        raise RuntimeError("repeats can not be negative")
    return source.index_select(dim, wrap(np.repeat(np.arange(source.shape[dim]), times)))  # type: ignore[no-any-return]


@described("flip", inplace=False)
def flip(self: Tensor, *over: Any, dims: Any = None) -> Any:
    """Return a copy with the order along some axes reversed."""
    named = sizes(over if dims is None else (dims,))
    over = axes(named, self.ndim) if named else ()
    values = copied(self._data)
    return "flip", (self,), np.flip(values, over).copy(order="K") if self.ndim else values, {"dims": over}


@op("fliplr", early=False)
def fliplr(self: Tensor) -> Tensor:
    """Return a copy with the columns in reverse order."""
    if self.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return flip(self, 1)


@op("flipud", early=False)
def flipud(self: Tensor) -> Tensor:
    """Return a copy with the rows in reverse order."""
    if self.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return flip(self, 0)


@op("roll", early=True)
def roll(self: Tensor, shifts: Axes, dims: Any = None) -> Tensor:
    """Return a copy with the elements moved along axes, those that fall off coming in again."""
    moved = tuple(shifts) if isinstance(shifts, tuple | list) else (shifts,)
    named = () if dims is None else tuple(dims) if isinstance(dims, tuple | list) else (dims,)
    if len(moved) != len(named) and (named or len(moved) != 1):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(moved)}, dims:{len(named)}")
    if not self.ndim and named:
        raise IndexError(f"Dimension specified as {named[0]} but tensor has no dimensions")
    over = None if dims is None or dims == () else axes(dims, self.ndim)
    moved = moved if over is not None else (sum(moved),)
    values = np.roll(self._data, moved if over is not None else moved[0], over)
    return recorded("roll", (self,), in_order(values), {"shifts": moved, "dims": over})
