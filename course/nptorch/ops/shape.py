"""Other shapes of the same numbers: views where NumPy can, copies where it cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor
from course.nptorch.dtypes import Size, dtype_of
from course.nptorch.grad_mode import mode
from course.nptorch.ops.axes import Dim, Shape, axes, axis, sizes
from course.nptorch.ops.register import attribute, method, op, recorded
from course.nptorch.record import OPS
from course.nptorch.views import make_view


def step(name: str, *arguments: Any) -> Callable[[Any], Any]:
    """Return ``t -> t.name(*arguments)``, with which a view is made from its base again."""
    return lambda t: getattr(t, name)(*arguments)


def inferred(shape: tuple[int, ...], count: int) -> tuple[int, ...]:
    """Replace one -1 by the extent that makes `count` elements.

    Raises
    ------
    RuntimeError
        If the shape does not have `count` elements.
    """
    if shape.count(-1) > 1:
        raise RuntimeError("only one dimension can be inferred")
    for at, n in enumerate(shape):
        if n < -1:
            raise RuntimeError(f"invalid shape dimension {n} at index {at} of shape {list(shape)}")
    known = 1
    for n in shape:
        known *= n if n != -1 else 1
    if -1 in shape and known and count % known == 0:
        shape = tuple(count // known if n == -1 else n for n in shape)
        known = count
    if -1 in shape and not known and not count:
        raise RuntimeError(
            f"cannot reshape tensor of 0 elements into shape {list(shape)} because the unspecified dimension size -1 "
            "can be any value and is ambiguous"
        )
    if known != count or -1 in shape:
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {count}")
    return shape


def _reshaped(self: Tensor, shape: tuple[int, ...], row: str = "view") -> Tensor:
    array = np.reshape(self._array, shape, copy=False)  # ValueError where only a copy would do
    return make_view(self, array, OPS[row], {"shape": self._data.shape}, step("reshape", shape))


@op("view", early=False)
def view(self: Tensor, *shape: Any, size: Any = None, dtype: Any = None) -> Tensor:
    """Return the same elements, in the same memory, in another shape.

    Raises
    ------
    RuntimeError
        If the shape does not fit, or the memory is not laid out for it.
    """
    shape = shape or ((size,) if dtype is None else (dtype,))
    if len(shape) == 1 and hasattr(shape[0], "is_floating_point"):
        return self.to(shape[0])  # type: ignore[no-any-return]
    if self._made and mode.enabled:
        _ = self.grad_fn  # a view that has lost its history is refused before anything else
    wanted = inferred(sizes(shape), self._data.size)
    try:
        return _reshaped(self, wanted)
    except ValueError as error:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one "
            "dimension spans across two contiguous subspaces). Use .reshape(...) instead."
        ) from error


@op("reshape", early=True)
def reshape(self: Tensor, *dims: Any, shape: Any = None) -> Tensor:
    """Return the same elements in another shape: a view if possible, else a copy."""
    wanted = inferred(sizes(dims if shape is None else (shape,)), self._data.size)
    row = "view" if self.is_contiguous() else "reshape_alias"
    try:
        return _reshaped(self, wanted, row)
    except ValueError:
        return unsafe_view(self.clone(memory_format="contiguous"), wanted)


def unsafe_view(self: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Return the elements of a tensor nobody else holds in another shape: no view of anything."""
    facts = {"shape": self._data.shape}
    made = recorded("unsafe_view", (self,), self._array.reshape(shape), facts)
    if self._inference:
        made._inference = True
    return made


@op("view_as", early=False)
def view_as(self: Tensor, other: Tensor) -> Tensor:
    """Return the same elements in the shape of `other`."""
    return view(self, other.shape)


@op("reshape_as", early=False)
def reshape_as(self: Tensor, other: Tensor) -> Tensor:
    """Return the same elements in the shape of `other`: a view if possible, else a copy."""
    return self.reshape(other.shape)  # type: ignore[no-any-return]


@op("flatten", early=False)
def flatten(self: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Return `self` with the axes from `start_dim` to `end_dim` made one."""
    first, last = axis(start_dim, self.ndim), axis(end_dim, self.ndim)
    shape = self._data.shape
    if not shape:
        return reshape(self, 1)
    if first > last:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if first == last:
        return self
    joined = 1
    for n in shape[first : last + 1]:
        joined *= n
    return reshape(self, (*shape[:first], joined, *shape[last + 1 :]))


@op("ravel", early=False)
def ravel(self: Tensor) -> Tensor:
    """Return the elements as a vector: a view where they lie in order, else a copy."""
    return view(self.contiguous(), -1)


@op("unflatten", early=False)
def unflatten(self: Tensor, dim: int, sizes: Shape) -> Tensor:
    """Return `self` with one axis spread over several."""
    if not self.ndim:
        raise RuntimeError(
            f"unflatten got an unexpected error:\nDimension specified as {dim} but tensor has no dimensions"
        )
    dim = axis(dim, self.ndim)
    shape = self._data.shape
    if not len(sizes):
        raise RuntimeError("unflatten: sizes must be non-empty")
    if list(sizes).count(-1) > 1:
        raise RuntimeError("unflatten got an unexpected error:\nonly one dimension can be inferred")
    try:
        spread = inferred(tuple(sizes), shape[dim])
    except RuntimeError as error:
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {dim} "
            f"({shape[dim]}) in the input tensor"
        ) from error
    return view(self, (*shape[:dim], *spread, *shape[dim + 1 :]))


@op("permute", early=True)
def permute(self: Tensor, *axes: Any, dims: Any = None) -> Tensor:
    """Return a view with the axes in the order `dims`.

    Raises
    ------
    RuntimeError
        If an axis is missing or named twice.
    """
    order = sizes(axes if dims is None else (dims,))
    if len(order) != self.ndim:
        raise RuntimeError(
            f"permute(sparse_coo): number of dimensions in the tensor input does not match the "
            f"length of the desired ordering of dimensions i.e. input.dim() = {self.ndim} is not "
            f"equal to len(dims) = {len(order)}"
        )
    order = tuple(axis(d, self.ndim) for d in order)
    if len(set(order)) != len(order):
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    array = self._array.transpose(order)
    return make_view(self, array, OPS["permute"], {"dims": order}, step("permute", order))


@op("transpose", "swapdims", early=True)
def transpose(self: Tensor, dim0: int, dim1: int) -> Tensor:
    """Return a view with two axes swapped."""
    facts = {"dim0": axis(dim0, self.ndim), "dim1": axis(dim1, self.ndim)}
    array = self._array.swapaxes(dim0, dim1) if self.ndim else self._array.view()
    return make_view(self, array, OPS["transpose"], facts, step("transpose", dim0, dim1))


@op("swapaxes", early=True)
def swapaxes(self: Tensor, axis0: int, axis1: int) -> Tensor:
    """Return a view with two axes swapped, as NumPy calls it."""
    return transpose(self, axis0, axis1)


@op("t", early=True)
def t(self: Tensor) -> Tensor:
    """Return a view of a matrix with its two axes swapped; vectors stay as they are."""
    if self.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {self.ndim}D")
    return make_view(self, self._array.T, OPS["t"], {}, step("t"))


@attribute("T")
def all_axes_reversed(self: Tensor) -> Tensor:
    """View with all axes in reverse order."""
    return permute(self, tuple(reversed(range(self.ndim))))


@attribute("mT")
def matrix_transposed(self: Tensor) -> Tensor:
    """View with the last two axes swapped."""
    if not self.ndim:
        return self
    if self.ndim < 2:
        raise RuntimeError(f"tensor.mT is only supported on matrices or batches of matrices. Got {self.ndim}-D tensor.")
    return transpose(self, -2, -1)


@op("movedim", "moveaxis", early=False)
def movedim(self: Tensor, source: Any, destination: Any) -> Tensor:
    """Return a view with some axes moved, the others in their order."""
    given = [(one,) if isinstance(one, int) else tuple(one) for one in (source, destination)]
    if isinstance(source, int) != isinstance(destination, int):
        raise TypeError("movedim() received an invalid combination of arguments")
    if len(given[0]) != len(given[1]):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({list(given[0])} dims) should contain the same "
            f"number of dims as destination ({list(given[1])} dims)"
        )
    found = [tuple(axis(d, self.ndim) for d in dims) for dims in given]
    for name, dims, spelled in zip(("source", "destination"), found, given, strict=True):
        if len(set(dims)) != len(dims):
            raise RuntimeError(f"movedim: repeated dim in `{name}` ({list(spelled)})")
    if not self.ndim:
        return self.alias()  # type: ignore[no-any-return]
    places = list(range(self.ndim))
    origin, target = found
    rest = [d for d in places if d not in origin]
    moved = dict(zip(target, origin, strict=True))
    return permute(self, tuple(moved[d] if d in moved else rest.pop(0) for d in places))


@op("squeeze", early=True)
def squeeze(self: Tensor, dim: Dim = None) -> Tensor:
    """Return a view without the axes of extent 1, or without those of them named by `dim`."""
    shape = self._data.shape
    named = () if dim == () or dim == [] else axes(dim, self.ndim)
    gone = tuple(d for d in named if shape and shape[d] == 1)
    array = self._array.squeeze(gone)
    row = "squeeze" if dim is None else "squeeze_dims" if isinstance(dim, tuple | list) else "squeeze_dim"
    return make_view(self, array, OPS[row], {"shape": shape, "dim": dim}, step("squeeze", gone))


@op("unsqueeze", early=True)
def unsqueeze(self: Tensor, dim: int) -> Tensor:
    """Return a view with a new axis of extent 1 at `dim`."""
    dim = axis(dim, self.ndim + 1)
    array = np.expand_dims(self._array, dim)
    return make_view(self, array, OPS["unsqueeze"], {"dim": dim}, step("unsqueeze", dim))


@op("expand", early=True)
def expand(self: Tensor, *shape: Any, size: Any = None, implicit: bool = False) -> Tensor:
    """Return a view that repeats axes of extent 1 without copying; -1 keeps an extent.

    Raises
    ------
    RuntimeError
        If another axis would have to be stretched.
    """
    wanted, have = list(sizes(shape if size is None else (size,))), self._data.shape
    extra, asked = len(wanted) - len(have), tuple(wanted)
    if (not have and min(wanted, default=0) < 0) or min(wanted[: max(extra, 0)], default=0) < -1:
        raise RuntimeError("numel: integer multiplication overflow")
    for i, n in enumerate(wanted):
        if n == -1 and i >= extra >= 0:
            wanted[i] = have[i - extra]
        elif n == -1 and extra >= 0:
            raise RuntimeError(
                f"The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension {i}"
            )
    stretched(self._data, tuple(wanted), asked)
    for at, n in enumerate(wanted):
        if n < 0:
            raise RuntimeError(f"invalid shape dimension {n} at index {at} of shape {list(asked)}")
    source = self._array
    array = np.broadcast_to(source, tuple(wanted))
    if source.flags.writeable:  # broadcast_to forbids writing even where nothing is repeated
        array = np.lib.stride_tricks.as_strided(source, array.shape, array.strides)
    return make_view(self, array, OPS["expand"], {}, step("expand", tuple(wanted)))


def stretched(array: Any, wanted: tuple[int, ...], asked: tuple[int, ...] = ()) -> None:
    """Refuse to expand an array to a shape that it does not fit; in `asked` extents may still be -1.

    Raises
    ------
    RuntimeError
        It names the last axis that does not fit, or says that there are too many.
    """
    have = array.shape
    if len(wanted) < len(have):
        raise RuntimeError(
            f"expand(torch.{dtype_of(array.dtype).tensor_type}{{{list(have)}}}, size={list(wanted)}): the number of "
            f"sizes provided ({len(wanted)}) must be greater or equal to the number of dimensions "
            f"in the tensor ({len(have)})"
        )
    for i in reversed(range(len(wanted))):
        here = have[i - len(wanted)] if i >= len(wanted) - len(have) else 1
        if here not in (1, wanted[i]):
            raise RuntimeError(
                f"The expanded size of the tensor ({wanted[i]}) must match the existing size ({here}) at "
                f"non-singleton dimension {i}.  Target sizes: {list(asked or wanted)}.  Tensor sizes: {list(have)}"
            )


@op("expand_as", early=False)
def expand_as(self: Tensor, other: Tensor) -> Tensor:
    """Return a view stretched to the shape of `other`."""
    return self.expand(other.shape)  # type: ignore[no-any-return]


@op("broadcast_to", early=False)
def broadcast_to(self: Tensor, *shape: Any, size: Any = None) -> Tensor:
    """Return a view stretched to a shape."""
    return expand(self, *shape, size=size)


@op("diagonal", early=True)
def diagonal(self: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """Return a view of the diagonal of two axes, as the last axis."""
    dim1, dim2 = axis(dim1, self.ndim), axis(dim2, self.ndim)
    if dim1 == dim2:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    array = self._array.diagonal(offset, dim1, dim2)
    if self._array.flags.writeable:
        array.flags.writeable = True
    facts = {"shape": self._data.shape, "offset": offset, "dim1": dim1, "dim2": dim2}
    return make_view(self, array, OPS["diagonal"], facts, step("diagonal", offset, dim1, dim2))


@op("alias", early=False)
def alias(self: Tensor) -> Tensor:
    """Return a view of everything."""
    return make_view(self, self._array.view(), OPS["alias"], {}, step("alias"))


@method("size", early=False)
def size(self: Tensor, dim: int | None = None) -> Any:
    """Return the shape, or one extent of it."""
    return Size(self._data.shape) if dim is None else self._data.shape[axis(dim, self.ndim)]


@method("dim", "ndimension")
def dim(self: Tensor) -> int:
    """Return the number of dimensions."""
    return int(self._data.ndim)


@method("stride", early=False)
def stride(self: Tensor, dim: int | None = None) -> Any:
    """Return the steps, in elements, from one position to the next along each axis."""
    steps = tuple(n // self._data.itemsize for n in self._array.strides)
    return steps if dim is None else steps[axis(dim, self.ndim)]


@method("storage_offset", early=False)
def storage_offset(self: Tensor) -> int:
    """Return how many elements of its base lie before a view."""
    if self._base is None:
        return 0
    return int(self.data_ptr() - self._base.data_ptr()) // int(self._data.itemsize)


@method("is_contiguous")
def is_contiguous(self: Tensor, memory_format: Any = None) -> bool:
    """Return whether the elements lie in memory one after the other."""
    return bool(self._array.flags.c_contiguous)


@method("contiguous", early=False)
def contiguous(self: Tensor, memory_format: Any = None) -> Tensor:
    """Return `self` if it is contiguous, else a copy that is."""
    return self if self.is_contiguous() else self.clone(memory_format="contiguous")
