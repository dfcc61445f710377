"""Largest, smallest, middle; order; and where they are."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.ops.axes import Axes, axes, axis
from course.nptorch.ops.layout import copied, in_order
from course.nptorch.ops.operands import Number
from course.nptorch.ops.reduce import LARGEST, SMALLEST
from course.nptorch.ops.register import op, recorded
from course.nptorch.ops.several import attach_several


class max(NamedTuple):  # noqa: A001 - prints as torch's does
    """Values and indices along an axis."""

    values: Any
    indices: Any


class min(NamedTuple):  # noqa: A001
    """Values and indices along an axis."""

    values: Any
    indices: Any


class median(NamedTuple):
    """Values and indices along an axis."""

    values: Any
    indices: Any


class sort(NamedTuple):
    """Values in order and where they were."""

    values: Any
    indices: Any


class topk(NamedTuple):
    """The largest values and where they were."""

    values: Any
    indices: Any


class aminmax(NamedTuple):
    """Smallest and largest values."""

    min: Any
    max: Any


for _kind in (max, min, median, sort, topk, aminmax):
    _kind.__module__ = "torch.return_types"
    _kind.__qualname__ = f"torch.return_types.{_kind.__name__}"


def _show(self: Any) -> str:
    lines = ",\n".join(f"{name}={value!r}" for name, value in self._asdict().items())
    return f"torch.return_types.{type(self).__name__}(\n{lines})"


for _kind in (max, min, median, sort, topk, aminmax):
    _kind.__repr__ = _show  # type: ignore[method-assign]


def _needs_dim(name: str, kind: type[Exception] = RuntimeError, hint: bool = True) -> Exception:
    extra = " Specify the reduction dim with the 'dim' argument." if hint else ""
    return kind(f"{name}(): Expected reduction dim to be specified for input.numel() == 0.{extra}")


def _not_empty(name: str, data: Any, over: int) -> None:
    if data.ndim and data.shape[over] == 0:
        raise IndexError(f"{name}(): Expected reduction dim {over} to have non-zero size.")


def _extreme(name: str, fold: Any, where: Any, pick: Any, pairwise: str) -> None:
    @op(name, early=True)
    def operation(self: Tensor, dim: Tensor | Number | None = None, keepdim: bool = False, **named: Any) -> Any:
        other = named.pop("other", dim)
        if isinstance(other, Tensor):
            return getattr(self, pairwise)(other)
        data = self._data
        if dim is None:
            if not data.size:
                raise _needs_dim(name)
            return recorded(name, (self,), fold.reduce(data, axis=None))
        over = axis(dim, data.ndim)  # type: ignore[arg-type]  # else the call fails, and is refused for it
        _not_empty(name, data, over)
        return along(self, f"{name}_dim", pick, np.asarray(where(data, over) if data.ndim else 0), over, keepdim)

    operation.__name__ = name
    operation.__doc__ = (
        f"Return the {name} of all elements, of each fold along `dim` as ``(values, indices)``, or "
        "of two tensors.\n\n    Of equal elements, the one over all shares the gradient among "
        "them; with `dim` the first has it all."
    )

    @op(f"a{name}", early=True)
    def a_operation(self: Tensor, dim: Axes = (), keepdim: bool = False) -> Tensor:
        data = self._data
        over = axes(dim, data.ndim)
        for d in () if data.size else over:
            if dim == () or dim == []:
                raise _needs_dim(f"a{name}")
            _not_empty(f"a{name}", data, d)
        values = in_order(fold.reduce(data, axis=over, keepdims=keepdim))
        return recorded(f"a{name}", (self,), values, {"dim": over, "keepdim": keepdim})

    a_operation.__name__ = f"a{name}"
    a_operation.__doc__ = f"Return the {name} over `dim`; equal elements share the gradient."

    @op(f"arg{name}", early=False)
    def position(self: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
        data = self._data
        if data.dtype == np.bool_:
            raise RuntimeError(f"arg{name}(): does not support bool input")
        if dim is None:
            if not data.size:
                raise _needs_dim(f"arg{name}", IndexError, hint=False)
            found = np.asarray(where(data.reshape(-1), 0), np.int64)
            return wrap(found.reshape((1,) * data.ndim) if keepdim else found)
        over = axis(dim, data.ndim)
        _not_empty(f"arg{name}", data, over)
        if not data.ndim:
            return wrap(np.int64(0))
        found = where(data, over)
        return wrap(np.expand_dims(found, over) if keepdim else np.asarray(found))

    position.__name__ = f"arg{name}"
    position.__doc__ = f"Return where the first {name} is, counted over all elements or along `dim`."


def along(self: Tensor, row: str, kind: Any, found: Any, over: int, keepdim: bool) -> Any:
    """Return ``kind(values, indices)`` of what was found along one axis, recorded."""
    data = self._data
    if data.ndim:
        values = np.take_along_axis(data, np.expand_dims(found, over), over)
        found = np.expand_dims(found, over) if keepdim else found
        values = values if keepdim else np.squeeze(values, over)
    else:
        values = np.array(data)
    indices = wrap(np.asarray(found, np.int64))
    facts = {"shape": data.shape, "dim": over, "keepdim": keepdim}
    return kind(recorded(row, (self, indices), values, facts), indices)


_extreme("max", LARGEST, np.argmax, max, "maximum")
_extreme("min", SMALLEST, np.argmin, min, "minimum")


@op("aminmax", early=True)
def both_extremes(self: Tensor, *, dim: int | None = None, keepdim: bool = False) -> Any:
    """Return smallest and largest values, over all elements or along `dim`."""
    data = self._data
    over = axes(dim, data.ndim)
    if not data.size and (dim is None or data.shape[over[0]] == 0):
        if dim is not None:
            raise IndexError(f"aminmax: Expected reduction dim {over[0]} to have non-zero size.")
        raise RuntimeError(
            "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity."
        )
    values = [fold.reduce(data, axis=over, keepdims=keepdim) for fold in (SMALLEST, LARGEST)]
    made = [wrap(x) for x in values]
    kept = [x.detach_alias() for x in made]
    for x in kept:
        x._made = "result"  # so that what is said of a change names this operation
    attach_several("aminmax", (self, *kept), made, {"dim": over, "keepdim": keepdim}, fill=False)
    return aminmax(*made)


@op("median", early=True)
def middle(self: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """Return the median (the lower of two), of all or along `dim` with its indices."""
    data = self._data
    if data.dtype == np.bool_:
        kernel = "median_cpu" if dim is None else "median_out"
        raise NotImplementedError(f"\"{kernel}\" not implemented for 'Bool'")
    if dim is None:
        flat = np.sort(data, axis=None)
        nan = data.dtype.kind == "f" and flat.size and np.isnan(flat[-1])
        value = flat[-1] if nan else flat[(flat.size - 1) // 2] if flat.size else np.nan
        return recorded("median", (self,), data.dtype.type(value))
    over = axis(dim, data.ndim)
    _not_empty("median", data, over)
    if not data.ndim:
        return along(self, "median_dim", median, np.asarray(0), over, keepdim)
    order = np.argsort(data, over, kind="stable")
    found = np.take(order, (data.shape[over] - 1) // 2, over)
    if data.dtype.kind == "f":
        lost = np.isnan(data)
        found = np.where(lost.any(over), lost.argmax(over), found)
    return along(self, "median_dim", median, found, over, keepdim)


def _order(data: Any, over: int, descending: bool) -> Any:
    """Return the order along an axis; equal elements keep theirs, nan counts as largest."""
    if not descending:
        return np.argsort(data, over, kind="stable")
    back = np.argsort(np.flip(data, over), over, kind="stable")
    return np.flip(data.shape[over] - 1 - back, over)


def _picked(self: Tensor, row: str, kind: Any, order: Any, over: int) -> Any:
    form = np.empty(order.shape) if row == "topk" else copied(self._data)
    values, places = np.empty_like(form, self._data.dtype), np.empty_like(form, np.int64)
    values[...], places[...] = np.take_along_axis(self._data, order, over), order
    indices = wrap(places)
    facts = {"shape": self._data.shape, "dim": over}
    return kind(recorded(row, (self, indices), values, facts), indices)


@op("sort", early=True)
def sorted_along(self: Tensor, dim: int = -1, descending: bool = False, stable: bool | None = None) -> Any:
    """Return the elements in order along `dim`, and where each was."""
    over = axis(dim, self.ndim)
    row = "sort" if stable is None else "sort_stable"
    if not self.ndim:
        return along(self, row, sort, np.asarray(0), 0, False)
    return _picked(self, row, sort, _order(self._data, over, descending), over)


@op("argsort", early=True)
def argsort(self: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """Return where the elements are, in order along `dim`."""
    return sorted_along(self, dim, descending).indices  # type: ignore[no-any-return]


@op("topk", early=True)
def largest_few(
    self: Tensor,
    k: int,
    dim: int = -1,
    largest: bool = True,
    sorted: bool = True,  # noqa: A002
) -> Any:
    """Return the `k` largest (or smallest) elements along `dim`, in order, and where they are."""
    over = axis(dim, self.ndim)
    if not 0 <= k <= (self.shape[over] if self.ndim else 1):
        raise RuntimeError("selected index k out of range")
    if self._data.dtype == np.bool_:
        raise RuntimeError("topk does not support bool dtypes on CPU")
    if not self.ndim:
        return along(self, "topk", topk, np.asarray(0), 0, False)
    order = _order(self._data, over, largest)
    return _picked(self, "topk", topk, np.take(order, np.arange(k), over), over)
