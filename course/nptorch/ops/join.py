"""Joining tensors, cutting them up, and repeating them."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.dtypes import Size
from course.nptorch.grad_mode import mode
from course.nptorch.ops.axes import axis
from course.nptorch.ops.index import sliced
from course.nptorch.ops.layout import in_order
from course.nptorch.ops.operands import in_common
from course.nptorch.ops.register import function, method, op
from course.nptorch.ops.several import view_several
from course.nptorch.ops.shape import step
from course.nptorch.ops.write import mismatch
from course.nptorch.record import OF_MANY, OPS, attach, recorded_first

F = TypeVar("F", bound=Callable[..., Any])


def _tensors(name: str, tensors: Any) -> list[Tensor]:
    if not isinstance(tensors, tuple | list):
        raise TypeError(
            f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not {type(tensors).__name__}"
        )
    _all_tensors(tensors)
    return list(tensors)


def _all_tensors(tensors: Any) -> None:
    for i, x in enumerate(tensors):
        if not isinstance(x, Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(x).__name__}")


def _each_first(join: F) -> F:
    """Do what `views_first` does for a function that takes a list of Tensors."""

    @functools.wraps(join)
    def operation(tensors: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return join(tensors, *args, **kwargs)
        except (RuntimeError, IndexError):
            recorded_first(None, tuple(tensors))
            raise

    return operation  # type: ignore[return-value]


@function("cat", "concat", "concatenate")
@_each_first
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Return the tensors joined along an axis.

    Raises
    ------
    RuntimeError
        If they differ in another axis.
    """
    parts = _tensors("cat", tensors)
    if not parts:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    for i, x in enumerate(parts):
        if x.ndim == 0:
            raise RuntimeError(f"zero-dimensional tensor (at position {i}) cannot be concatenated")
    used = [x for x in parts if x._data.shape != (0,)] or parts  # torch's exception for old code
    first = used[0]._data.shape
    dim = axis(dim, len(first))
    for i, x in enumerate(used):
        shape = x._data.shape
        if len(shape) != len(first):
            raise RuntimeError(f"Tensors must have same number of dimensions: got {len(first)} and {len(shape)}")
        for d, (m, n) in enumerate(zip(first, shape, strict=True)):
            if d != dim and m != n:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {dim}. Expected size {m} but "
                    f"got size {n} for tensor number {i} in the list."
                )
    arrays = in_common(*(x._array for x in parts))
    result = wrap(in_order(np.concatenate([a for a in arrays if len(used) == len(parts) or a.shape != (0,)], axis=dim)))
    if mode.enabled:
        bounds: list[tuple[int, int] | None] = []
        stop = 0
        for x in parts:
            start, stop = stop, stop + (x._data.shape[dim] if x._data.shape != (0,) else 0)
            bounds.append(None if x._data.shape == (0,) else (start, stop))
        attach(OF_MANY["cat"](len(parts)), tuple(parts), result, {"dim": dim, "bounds": bounds})
    return result


@method("joined")
def joined(self: Tensor, tensors: Sequence[Tensor], dim: int) -> Tensor:
    """Return `cat` of the tensors; a method so that rules reach it."""
    return cat(tensors, dim)


@method("stacked")
def stacked(self: Tensor, tensors: Sequence[Tensor], dim: int) -> Tensor:
    """Return `stack` of the tensors; a method so that rules reach it."""
    return stack(tensors, dim)


@function("stack")
@_each_first
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Return the tensors, all of one shape, joined along a new axis."""
    parts = _tensors("stack", tensors)
    if not parts:
        raise RuntimeError("stack expects a non-empty TensorList")
    first = parts[0]._data.shape
    for i, x in enumerate(parts):
        if x._data.shape != first:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 and "
                f"{list(x._data.shape)} at entry {i}"
            )
    dim = axis(dim, len(first) + 1)
    result = wrap(in_order(np.stack(in_common(*(x._array for x in parts)), axis=dim)))
    if mode.enabled:
        attach(OF_MANY["stack"](len(parts)), tuple(parts), result, {"dim": dim})
    return result


def _some(name: str, tensors: Any) -> None:
    if isinstance(tensors, tuple | list) and not tensors:
        raise RuntimeError(f"{name} expects a non-empty TensorList")


def _at_least(x: Tensor, ndim: int) -> Tensor:
    return x if x.ndim >= ndim else x.reshape((1,) * (ndim - x.ndim) + tuple(x.shape))


@function("hstack")
def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Return the tensors joined along their second axis (the first for vectors)."""
    _some("hstack", tensors)
    parts = [_at_least(x, 1) for x in _tensors("hstack", tensors)]
    return cat(parts, 0 if parts[0].ndim == 1 else 1)


@function("vstack", "row_stack")
def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Return the tensors joined along their first axis, vectors as rows."""
    _some("vstack", tensors)
    rows = [x.unsqueeze(0) if x.ndim == 1 else _at_least(x, 2) for x in _tensors("vstack", tensors)]
    return cat(rows, 0)


# -- several views at once ---------------------------------------------------------------------------


def _recorded_before(row: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let what recording an operation would complain of come before what is wrong with its sizes, as in torch."""

    def wrapped(cut: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(cut)
        def operation(self: Tensor, *args: Any, **kwargs: Any) -> Any:
            try:
                return cut(self, *args, **kwargs)
            except (RuntimeError, IndexError):
                recorded_first(OPS[row], (self,))
                raise

        return operation

    return wrapped


@op("unbind", early=False)
@_recorded_before("unbind")
def unbind(self: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """Return one view per position along an axis. They must not be changed in place."""
    dim = axis(dim, self.ndim)
    if not self.ndim:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    data = np.moveaxis(self._array, dim, 0)
    pieces = [data[i, ...] for i in range(data.shape[0])]
    steps = [step("select", dim, i) for i in range(len(pieces))]
    return view_several(self, pieces, "unbind", {"dim": dim}, steps)


@method("split", early=False)
@_recorded_before("split")
def split(self: Tensor, split_size: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Return views of pieces of one size (the last may be smaller), or of the given sizes.

    They must not be changed in place.

    Raises
    ------
    RuntimeError
        If the sizes do not add up.
    """
    if not self.ndim:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    dim = axis(dim, self.ndim)
    extent = self._data.shape[dim]
    size = split_size
    if not isinstance(size, int | np.integer | tuple | list):
        what = f"argument 'split_sizes' (position 2) must be tuple of ints, not {type(size).__name__}"
        raise TypeError(f"split_with_sizes(): {what}")
    if isinstance(size, tuple | list):
        if any(n < 0 for n in size):
            raise RuntimeError(
                f"split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={list(size)}"
            )
        if sum(size) != extent:
            raise RuntimeError(
                f"split_with_sizes expects split_sizes to sum exactly to {extent} (input tensor's "
                f"size at dimension {dim}), but got split_sizes={list(size)}"
            )
        return _pieces(self, list(size), dim, "split_with_sizes")
    if size < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
    if size == 0 and extent:
        raise RuntimeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {extent}")
    counts = [min(size, extent - start) for start in range(0, extent, size)] if extent else [0]
    return _pieces(self, counts, dim, "split")


@function("split")
def split_tensor(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Do as the method `split`."""
    return tensor.split(split_size_or_sections, dim)  # type: ignore[no-any-return]


@op("chunk", early=False)
def chunk(self: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """Return at most `chunks` views of equal size (the last may be smaller)."""
    if not self.ndim:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    dim = axis(dim, self.ndim)
    extent = self._data.shape[dim]
    if not extent:
        return _pieces(self, [0] * chunks, dim, "split_with_sizes")
    return split(self, -(-extent // chunks), dim)  # type: ignore[no-any-return]


@op("tensor_split", early=False)
def tensor_split(self: Any, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Return views cut at the given positions, or into that many nearly equal parts."""
    if not self.ndim:
        raise RuntimeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    dim = axis(dim, self.ndim)
    extent = self._data.shape[dim]
    cuts = indices_or_sections
    if isinstance(cuts, int):
        if cuts <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {cuts}")
        small, more = divmod(extent, cuts)
        cuts = [i * small + min(i, more) for i in range(1, cuts)]
    bounds = [0, *cuts, extent]
    return tuple(sliced(self, dim, slice(a, b)) for a, b in itertools.pairwise(bounds))


def _pieces(self: Tensor, counts: list[int], dim: int, row: str) -> tuple[Tensor, ...]:
    pieces, steps, start = [], [], 0
    for count in counts:
        pieces.append(self._array[(*(slice(None),) * dim, slice(start, start + count))])
        steps.append(step("narrow", dim, start, count))
        start += count
    return view_several(self, pieces, row, {"dim": dim}, steps)


@function("broadcast_tensors")
def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """Return the tensors as views of one common shape."""
    given = tensors[0] if len(tensors) == 1 and not isinstance(tensors[0], Tensor) else tensors
    _all_tensors(given)
    shape: tuple[int, ...] = ()
    for x in given:
        try:
            shape = np.broadcast_shapes(shape, x._data.shape)
        except ValueError as error:
            raise mismatch(np.empty(shape), x._data) from error
    return tuple(x if x._data.shape == shape else x.expand(shape) for x in given)


@function("broadcast_shapes")
def broadcast_shapes(*shapes: Any) -> Any:
    """Return the shape to which all the shapes broadcast."""
    given = [(s,) if isinstance(s, int) else tuple(s) for s in shapes]
    whole: list[int] = [1] * max((len(s) for s in given), default=0)
    for at, s in enumerate(given):
        for back in range(1, len(s) + 1):
            n, so_far = s[-back], whole[-back]
            if n < 0:
                raise ValueError("Attempting to broadcast a dimension with negative length!")
            if n not in (1, so_far) and so_far != 1:
                raise RuntimeError(
                    f"Attempting to broadcast a dimension of length {n} at {-back}! Mismatching argument at index {at} "
                    f"had {shapes[at]}; but expected shape should be broadcastable to {whole}"
                )
            whole[-back] = n if so_far == 1 else so_far
    return Size(whole)


@function("meshgrid")
def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """Return, for vectors, one view each over the grid they span.

    ``indexing="ij"`` varies the first along the rows, ``"xy"`` along the columns.
    """
    given = tensors[0] if len(tensors) == 1 and not isinstance(tensors[0], Tensor) else tensors
    count = len(given)
    _all_tensors(given)
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    for x in given:
        if x.ndim > 1:
            text = f"{x}\n[ torch.{x.dtype.tensor_type}{{{','.join(map(str, x.shape))}}} ]"
            raise RuntimeError(f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got:{text}")
    order = [1, 0, *range(2, count)] if indexing == "xy" and count > 1 else list(range(count))
    shape = tuple(given[i].numel() for i in order)
    made = []
    for i, x in enumerate(given):
        place = [1] * count
        place[order.index(i)] = -1
        made.append(x.view(place).expand(shape))
    return tuple(made)
