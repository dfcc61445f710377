"""Indexing: integers, slices and None give views, one node each; masks and lists give copies."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from course.nptorch._tensor import Tensor, _arrays, wrap
from course.nptorch.grad_mode import mode, recording
from course.nptorch.math import at, index_put
from course.nptorch.ops.axes import axis
from course.nptorch.ops.indexed import laid_out, picked_at
from course.nptorch.ops.layout import copied
from course.nptorch.ops.one_go import in_one_go
from course.nptorch.ops.register import method, op, recorded
from course.nptorch.ops.write import refuse_leaf, refuse_view, write
from course.nptorch.record import OPS, recorded_first
from course.nptorch.views import make_view

INTEGERS = (int, np.integer)
NO_TUPLE = (
    "Using a non-tuple sequence for multidimensional indexing is deprecated and will be changed in pytorch 2.9; use "
    "x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this will be interpreted as tensor index, x[torch.tensor(seq)], "
    "which will result either in an error or a different result"
)
NO_AXES = (
    "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` "
    "in C++ to convert a 0-dim tensor to a number"
)


@op("select", early=True)
def select(self: Tensor, dim: int, index: int) -> Tensor:
    """Return a view of one position along an axis, which disappears.

    Raises
    ------
    IndexError
        If there is no such position.
    """
    shape = self._data.shape
    if not shape:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    if dim < 0 or dim >= len(shape):
        dim = axis(dim, len(shape))
    i = int(index)
    if not -shape[dim] <= i < shape[dim]:
        raise IndexError(f"select(): index {i} out of range for tensor of size {list(shape)} at dimension {dim}")
    place = at(dim, i)
    facts = {"shape": shape, "indices": place, "dim": dim, "index": i}
    return make_view(self, self._array[(*place, ...)], OPS["select"], facts, lambda t: t.select(dim, i))


def sliced(self: Tensor, dim: int, part: slice) -> Tensor:
    """Return a view of some positions along an axis."""
    shape = self._data.shape
    if not shape:
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    if part.step is not None and part.step <= 0:
        raise ValueError("step must be greater than zero" if part.step else "slice step cannot be zero")
    start, stop, step = part.indices(shape[dim])
    place = at(dim, slice(start, max(start, stop), step))
    facts = {"shape": shape, "indices": place, "dim": dim, "start": start, "end": stop, "step": step}
    return make_view(self, self._array[place], OPS["slice"], facts, lambda t: t[place])


@op("narrow", early=False)
def narrow(self: Tensor, dim: int, start: int, length: int) -> Tensor:
    """Return a view of `length` positions along an axis, from `start`."""
    if not self.ndim:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    dim = axis(dim, self.ndim)
    extent = self._data.shape[dim]
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    if not -extent <= start <= extent:
        raise IndexError(f"start out of range (expected to be in range of [{-extent}, {extent}], but got {int(start)})")
    first = int(start) + (extent if start < 0 else 0)
    if first + length > extent:
        raise RuntimeError(f"start ({first}) + length ({length}) exceeds dimension size ({extent}).")
    return sliced(self, dim, slice(first, first + length))


def _at_position(self: Tensor, dim: int, i: int, place: int = 0) -> Tensor:
    """Return one position along an axis, named at some place in an index, by which torch calls the axis."""
    extent = self._data.shape[dim]
    if not -extent <= i < extent:
        raise IndexError(f"index {i} is out of bounds for dimension {place} with size {extent}")
    return select(self, dim, i)


class Walk(NamedTuple):
    """What is left of an index once its views are taken.

    Attributes
    ----------
    view : Tensor
        After the integers, slices and None.
    indices : tuple
        Arrays and ``slice(None)`` for `view`; empty if that is all.
    tensors : tuple of Tensor
        The index tensors, kept so that a later change of them is noticed.
    """

    view: Tensor
    indices: tuple[Any, ...]
    tensors: tuple[Any, ...]


def walk(self: Tensor, index: Any, writing: bool = False) -> Walk:
    """Take the views that an index asks for, one after the other, as torch does."""
    if isinstance(index, list) and _means_tuple(index):
        warnings.warn(NO_TUPLE, UserWarning, stacklevel=4)
        index = tuple(index)
    if isinstance(index, slice) and not self.ndim:
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    parts = index if isinstance(index, tuple) else (index,)
    if not self.ndim:
        _refuse_positions(index, parts)
    parts = tuple(_plain(part) for part in parts)
    named = sum(_consumed(part) for part in parts)
    if named > self.ndim:
        raise IndexError(f"too many indices for tensor of dimension {self.ndim}")
    view, dim = self, 0
    chosen: dict[int, Any] = {}
    for place, part in enumerate(parts):
        if isinstance(part, INTEGERS):
            view = _at_position(view, dim, int(part), place)
        elif isinstance(part, slice):
            if not _everything(part, view, dim) or (not isinstance(index, tuple) and not writing):
                view = sliced(view, dim, part)
            dim += 1
        elif part is Ellipsis:
            dim += self.ndim - named
        elif part is None:
            view = view.unsqueeze(dim)
            dim += 1
        else:
            data = part._data
            if data.ndim == 0:  # True or False: a new axis of extent 1 or 0
                view = view.unsqueeze(dim)
                part = wrap(data.reshape(1))
            elif data.dtype == np.bool_:
                _check_mask(part, view, dim, len(chosen))
            chosen[dim] = part
            dim += data.ndim if data.dtype == np.bool_ and data.ndim else 1
    if not chosen:
        return Walk(view, (), ())
    indices: list[Any] = []
    while len(indices) <= max(chosen):
        indices.append(slice(None))
    arrays = {d: np.asarray(part._data) for d, part in chosen.items()}
    for d, array in arrays.items():
        indices[d] = array
    # a mask of several axes stands at the first of them
    taken = {d + k for d, a in arrays.items() if a.dtype == np.bool_ for k in range(1, a.ndim)}
    indices = [part for d, part in enumerate(indices) if d not in taken]
    return Walk(view, tuple(indices), tuple(chosen.values()))


def _refuse_positions(index: Any, parts: tuple[Any, ...]) -> None:
    """Refuse positions along the axes of a tensor that has none, of whatever kind they are."""
    if isinstance(index, INTEGERS) and not isinstance(index, bool | np.bool_):
        if index:
            raise IndexError(f"index {index} is out of bounds for dimension 0 with size 0")
        raise IndexError(NO_AXES)
    free = (bool, np.bool_, type(None), type(Ellipsis))
    for part in parts:
        mask = isinstance(part, Tensor) and not part.ndim and part._data.dtype == np.bool_
        if not isinstance(part, free) and not mask:
            raise IndexError("too many indices for tensor of dimension 0")


def _means_tuple(index: list[Any]) -> bool:
    """Return whether torch still takes a list for the tuple of its parts."""
    parts = (Tensor, slice, list, tuple, range, np.ndarray, str)
    return len(index) < 32 and any(isinstance(x, parts) or x is Ellipsis or x is None for x in index)


def _plain(part: Any) -> Any:
    """Return one part of an index as an int, slice, None, Ellipsis or Tensor."""
    if part is None or part is Ellipsis or isinstance(part, slice):
        return part
    if isinstance(part, bool | np.bool_):
        return wrap(np.asarray(part, np.bool_))
    if isinstance(part, INTEGERS):
        return part
    if isinstance(part, list | tuple | range):
        part = wrap(np.asarray(_arrays(list(part))))
        if not part._data.size or part._data.dtype.kind == "f":
            part = wrap(part._data.astype(np.int64))
    elif isinstance(part, np.ndarray):
        part = wrap(part)
    if isinstance(part, Tensor):
        data = part._data
        if data.dtype.kind == "f":
            raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
        if data.dtype == np.uint8:
            return wrap(data.astype(np.bool_))
        return int(data) if data.ndim == 0 and data.dtype.kind in "iu" else part
    if isinstance(part, str):
        raise TypeError("new(): invalid data type 'str'")
    raise IndexError(
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid "
        f"indices (got {type(part).__name__})"
    )


def _consumed(part: Any) -> int:
    """Return how many axes one part of an index stands for."""
    if part is None or part is Ellipsis:
        return 0
    if isinstance(part, Tensor) and part._data.dtype == np.bool_:
        return int(part._data.ndim)
    return 1


def _everything(part: slice, view: Tensor, dim: int) -> bool:
    if view.ndim <= dim or (part.step is not None and part.step <= 0):
        return False
    if part.start is not None and part.start < 0:
        return False  # torch does not look that closely
    extent = view._data.shape[dim]
    return part.indices(extent) == (0, extent, 1)


def _check_mask(mask: Tensor, view: Tensor, dim: int, at_: int) -> None:
    shape, extents = mask._data.shape, view._data.shape
    for k, n in enumerate(shape):
        if n != extents[dim + k]:
            raise IndexError(
                f"The shape of the mask {list(shape)} at index {k} does not match the shape of the "
                f"indexed tensor {list(extents)} at index {dim + k}"
            )


def _row(name: str, tensors: tuple[Any, ...]) -> str:
    return name if len(tensors) == 1 else f"{name}_{len(tensors)}"


@method("__getitem__")
def getitem(self: Tensor, index: Any) -> Tensor:
    """Return ``self[index]``: a view for integers, slices and None, a copy otherwise.

    Raises
    ------
    IndexError
        If an index is out of range, of a wrong type, or there are too many.
    """
    if index.__class__ is int and self._data.ndim:
        return _at_position(self, 0, index)
    view, indices, tensors = walk(self, index)
    if not indices:
        return view.alias() if view is self else view
    if mode.enabled:
        _ = view.grad_fn  # a view that has lost its history is refused before anything else
    values = laid_out(np.array(picked_at(view._array, indices), order="C"), view._array, indices)
    facts = {"shape": view._data.shape, "indices": indices}
    return recorded(_row("index", tensors), (view, *tensors), values, facts)


@method("__delitem__")
def delitem(self: Tensor, index: Any) -> None:
    """Refuse: a tensor keeps its elements."""
    raise TypeError("Tensor does not support deleting items")


@method("__setitem__")
def setitem(self: Tensor, index: Any, value: Any) -> None:
    """Write `value` into ``self[index]``; the gradient of those elements goes to `value`.

    Raises
    ------
    TypeError
        If `value` is neither a Tensor nor a number: lists and arrays are refused, as in torch.
    """
    if not isinstance(value, Tensor | int | float | np.integer | np.bool_):
        module = f"{type(value).__module__}." if isinstance(value, np.ndarray | np.generic) else ""
        raise TypeError(f"can't assign a {module}{type(value).__name__} to a torch.{self.dtype.tensor_type}")
    view, indices, tensors = walk(self, index, writing=True)
    if not isinstance(value, Tensor):
        if self._data.dtype.kind != "f" and isinstance(value, float) and not math.isfinite(value):
            raise RuntimeError("value cannot be converted to type int64_t without overflow")
        with recording(False):
            value = self.new_tensor(value, dtype=self.dtype)
    if indices:
        put(view, indices, tensors, _without_ones(value))
    elif value._data.shape == view._data.shape:
        view.copy_(value)
    elif not value.ndim:
        view.fill_(value)
    else:
        value = value.view(_stripped(value._data.shape))
        view.copy_(value if value._data.shape == view._data.shape else value.expand(view.shape))


def _stripped(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return a shape without the ones at its front."""
    while shape and shape[0] == 1:
        shape = shape[1:]
    return shape


def _without_ones(value: Tensor) -> Tensor:
    shape = _stripped(value._data.shape)
    return value if shape == value._data.shape else value.view(shape)


def put(self: Tensor, indices: Any, tensors: Any, value: Any, accumulate: bool = False) -> Tensor:
    """Write (or add) `value` at `indices`, which may name an element twice."""
    refuse_leaf(self)
    try:
        values, row = _with(self, indices, value, accumulate)
    except RuntimeError:
        refuse_view(self, value)
        row = _row("index_add_into" if accumulate else "index_put", tensors)
        recorded_first(OPS[row], (self, value, *tensors))
        raise
    return write(self, _row(row, tensors), (self, value, *tensors), values, {"indices": indices})


def _with(self: Tensor, indices: Any, value: Any, accumulate: bool) -> tuple[Any, str]:
    data = value._data if isinstance(value, Tensor) else self._data.dtype.type(value)
    if data.dtype != self._data.dtype:
        names = [x.dtype.tensor_type[:-6] for x in (self, value)]
        raise RuntimeError(
            "Index put requires the source and destination dtypes match, got "
            f"{names[0]} for the destination and {names[1]} for the source."
        )
    shape = picked_at(self._array, indices).shape
    values = copied(self._array)
    try:
        data = np.broadcast_to(data, shape)
    except ValueError as error:
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(data.shape)} cannot be broadcast to "
            f"indexing result of shape {list(shape)}"
        ) from error
    if accumulate:
        np.add.at(values, indices, data)
        return values, "index_add_into"
    values[indices] = data
    return values, "index_put"


def _spelled(self: Tensor, indices: Any) -> tuple[Any, Any]:
    parts = tuple(slice(None) if part is None else part for part in indices)
    count = sum(_consumed(_plain(part)) for part in parts)
    if count > self.ndim:
        raise IndexError(f"too many indices for tensor of dimension {self.ndim} (got {count})")
    _, plain, tensors = walk(self.detach(), parts)
    return plain, tensors


@method("index_put_", early=False)
def index_put_(self: Tensor, indices: Sequence[Tensor], values: Tensor, accumulate: bool = False) -> Tensor:
    """Write `values` at the places that a tuple of index tensors names."""
    plain, tensors = _spelled(self, indices)
    return put(self, plain, tensors, values, accumulate)


@op("index_put", early=True)
def index_put_copy(self: Tensor, indices: Sequence[Tensor], values: Tensor, accumulate: bool = False) -> Tensor:
    """Return a copy with `values` at the places that a tuple of index tensors names."""
    plain, tensors = _spelled(self, indices)
    made, row = _with(self, plain, values, accumulate)
    return recorded(_row(row, tensors), (self, values, *tensors), made, {"indices": plain})


@method("put_into")
def put_into(self: Tensor, shape: tuple[int, ...], indices: Any) -> Tensor:
    """Return zeros of `shape` with this tensor added at `indices`: the opposite of indexing."""
    return in_one_go("put_into", (self,), index_put(self._data, shape, indices), {"indices": indices})


@method("put_at")
def put_at(self: Tensor, shape: tuple[int, ...], indices: Any) -> Tensor:
    """Do what `put_into` does for index tensors, which are kept, and so let go of after a pass."""
    parts = indices if isinstance(indices, tuple) else (indices,)
    kept = wrap(next(part for part in parts if isinstance(part, np.ndarray)))
    return in_one_go("put_at", (self, kept), index_put(self._data, shape, indices), {"indices": indices})
