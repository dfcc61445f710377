"""Other shapes of the same numbers: views where NumPy can, copies where it cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.nptorch.dtypes import Size
from course.nptorch.ops.reduce import axis
from course.nptorch.ops.register import method, op
from course.nptorch.record import OPS
from course.nptorch._tensor import Tensor
from course.nptorch.views import make_view


def sizes(shape: tuple[Any, ...]) -> tuple[int, ...]:
    """Return ``(2, 3)`` for ``f(2, 3)`` and for ``f((2, 3))``."""
    if len(shape) == 1 and isinstance(shape[0], tuple | list):
        shape = tuple(shape[0])
    return tuple(int(n) for n in shape)


def inferred(shape: tuple[int, ...], count: int) -> tuple[int, ...]:
    """Replace one -1 by the extent that makes `count` elements.

    Raises
    ------
    RuntimeError
        If the shape does not have `count` elements.
    """
    known = 1
    for n in shape:
        known *= n if n != -1 else 1
    if -1 in shape and known and count % known == 0 and shape.count(-1) == 1:
        shape = tuple(count // known if n == -1 else n for n in shape)
        known = count
    if known != count or -1 in shape:
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {count}")
    return shape


def _reshaped(self: Tensor, shape: tuple[int, ...]) -> Tensor:
    array = self._array.view()
    array.shape = shape  # refuses to copy, unlike reshape
    facts = {"shape": self._data.shape}
    return make_view(self, array, OPS["view"], facts, lambda t: t.reshape(shape))


@op("view")
def view(self: Tensor, *shape: Any) -> Tensor:
    """Return the same elements, in the same memory, in another shape.

    Raises
    ------
    RuntimeError
        If the shape does not fit, or the memory is not laid out for it.
    """
    if len(shape) == 1 and hasattr(shape[0], "is_floating_point"):
        return self._cast(shape[0].numpy)  # type: ignore[no-any-return]
    wanted = inferred(sizes(shape), self._data.size)
    try:
        return _reshaped(self, wanted)
    except AttributeError as error:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one "
            "dimension spans across two contiguous subspaces). Use .reshape(...) instead."
        ) from error


@op("reshape")
def reshape(self: Tensor, *shape: Any) -> Tensor:
    """Return the same elements in another shape: a view if possible, else a copy."""
    wanted = inferred(sizes(shape), self._data.size)
    try:
        return _reshaped(self, wanted)
    except AttributeError:
        return _reshaped(self.clone(), wanted)


@op("permute")
def permute(self: Tensor, *dims: Any) -> Tensor:
    """Return a view with the axes in the order `dims`."""
    order = tuple(axis(d, self.ndim) for d in sizes(dims))
    if sorted(order) != list(range(self.ndim)):
        raise RuntimeError(
            f"permute(sparse_coo): number of dimensions in the tensor input does not match the "
            f"length of the desired ordering of dimensions i.e. input.dim() = {self.ndim} is not "
            f"equal to len(dims) = {len(order)}"
        )
    return make_view(
        self, self._array.transpose(order), OPS["permute"], {"dims": order}, _call("permute", order)
    )


@op("expand")
def expand(self: Tensor, *shape: Any) -> Tensor:
    """Return a view that repeats axes of extent 1 without copying; -1 keeps an extent."""
    wanted = list(sizes(shape))
    extra = len(wanted) - self.ndim
    for i, n in enumerate(wanted):
        if n == -1 and i >= extra:
            wanted[i] = self._data.shape[i - extra]
    try:
        array = np.broadcast_to(self._array, tuple(wanted))
    except ValueError as error:
        raise RuntimeError(
            f"The expanded size of the tensor ({wanted}) does not fit the existing size "
            f"({list(self._data.shape)})"
        ) from error
    array.flags.writeable = False
    return make_view(self, array, OPS["expand"], {}, _call("expand", tuple(wanted)))


def _call(name: str, *arguments: Any) -> Callable[[Any], Any]:
    """Return the step ``t -> t.name(*arguments)`` for a view's replay."""
    return lambda t: getattr(t, name)(*arguments)


@method("size")
def size(self: Tensor, dim: int | None = None) -> Any:
    """Return the shape, or one extent of it."""
    return Size(self._data.shape) if dim is None else self._data.shape[dim]


