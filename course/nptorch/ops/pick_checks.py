"""What torch refuses to place: tensors that do not fit the index they are given with, in shape or in dtype."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course.nptorch._tensor import Tensor
from course.nptorch.dtypes import dtype_of
from course.nptorch.ops.axes import axis
from course.nptorch.ops.operands import is_tensor

OUTSIDE = "index {} is out of bounds for dimension {} with size {}"


def kinds_of(*arrays: Any) -> list[str]:
    return [dtype_of(x.dtype).tensor_type.removesuffix("Tensor") for x in arrays]


def for_scatter(name: str, x: Any, index: Any, source: Any, dim: int) -> None:
    """Refuse the source of a scatter that has another dtype, or too few elements for the index.

    Raises
    ------
    RuntimeError
        With torch's text.
    """
    if source is None:
        outside = [d for d, (n, most) in enumerate(zip(index.shape, x.shape, strict=False)) if d != dim and n > most]
        if index.size and outside:
            raise RuntimeError(
                f"Expected index {list(index.shape)} to be no larger than self {list(x.shape)} apart from dimension "
                f"{dim}"
            )
        return
    if x.dtype != source.dtype:
        raise RuntimeError(f"{name}(): Expected self.dtype to be equal to src.dtype")
    if max(source.ndim, 1) != max(index.ndim, 1):
        if source.ndim and source.ndim < index.ndim:
            axis(source.ndim, source.ndim)  # which is what torch stumbles over
        raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
    given = [source.shape[axis(d, source.ndim)] if source.ndim else 1 for d in range(index.ndim)]
    own = [n if d == dim else extent for d, (n, extent) in enumerate(zip(index.shape, x.shape, strict=False))]
    if index.size and any(n > m for limits in (given, own) for n, m in zip(index.shape, limits, strict=False)):
        raise RuntimeError(
            f"Expected index {list(index.shape)} to be no larger than self {list(x.shape)} apart from dimension "
            f"{dim} and to be no larger size than src {list(source.shape)}"
        )


def _without(shape: tuple[int, ...], dim: int) -> tuple[int, ...]:
    return (*shape[:dim], *shape[dim + 1 :])


def refuse_outside(positions: Any, extent: int, error: Callable[[int], Exception], least: int = 0) -> None:
    """Raise an error about the first of `positions` that is not among `extent` many."""
    wrong = positions[(positions < least) | (positions >= extent)]
    if wrong.size:
        raise error(int(wrong.flat[0]))


def _extent(x: Any, dim: int) -> int:
    return int(x.shape[dim]) if x.ndim else 1


def for_index_add(x: Any, index: Any, source: Any, dim: int) -> None:
    """Refuse what cannot be added at the positions `index` along an axis.

    Raises
    ------
    RuntimeError
        With torch's text.
    """
    if index.ndim > 1:
        kind = kinds_of(index)[0]
        raise IndexError(
            f"index_add_(): Index is supposed to be a vector, but got dim: {index.ndim} with type: {kind} and size: "
            f"{list(index.shape)}"
        )
    if index.dtype.name not in ("int32", "int64"):
        raise RuntimeError(f"index_add_(): Expected dtype int32/int64 for index but got: {kinds_of(index)[0]}")
    if x.dtype != source.dtype:
        mine, other = kinds_of(x, source)
        raise RuntimeError(f"index_add_(): self ({mine}) and source ({other}) must have the same scalar type")
    count = source.shape[dim] if source.ndim > dim else 1
    if source.ndim and x.ndim and index.size != count:
        raise RuntimeError(
            f"index_add_(): Number of indices ({index.size}) should be equal to source.size(dim): "
            f"({count}), for dim: {dim}"
        )
    if x.ndim != source.ndim or _without(x.shape, dim) != _without(source.shape, dim):
        raise RuntimeError(
            "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = "
            f"{list(x.shape)} source.shape = {list(source.shape)}"
        )
    extent = _extent(x, dim)
    if x.ndim > 1:
        refuse_outside(index, extent, lambda i: RuntimeError(OUTSIDE.format(i, dim, extent)))
    else:
        refuse_outside(index, extent, lambda i: IndexError("index out of range in self"))


def for_index_copy(x: Any, index: Any, source: Any, dim: int) -> None:
    """Refuse what cannot be copied to the positions `index` along an axis.

    Raises
    ------
    IndexError
        If numbers of axes or of positions differ.
    RuntimeError
        If dtypes or other extents do.
    """
    if index.ndim > 1:
        raise IndexError(f"index_copy_(): Index should have dimension 1 or 0 (got {index.ndim})")
    if not source.ndim and index.size != 1:
        raise IndexError(f"index_copy_(): When source is scalar, index should have one element (got {index.size})")
    if x.ndim and source.ndim and x.ndim != source.ndim:
        raise IndexError(
            "index_copy_(): When source and destination are not scalars, their dimensionality must match. Source "
            f"dimensionality ({source.ndim}), destination dimensionality ({x.ndim})"
        )
    if index.dtype.name != "int64":
        raise RuntimeError(f"index_copy_(): Expected a long tensor for index, but got {kinds_of(index)[0]}")
    if x.dtype != source.dtype:
        mine, other = kinds_of(x, source)
        raise RuntimeError(
            f"index_copy_(): self and source expected to have the same dtype, but got (self) {mine} and "
            f"(source) {other}"
        )
    if _without(x.shape, dim) != _without(source.shape, dim):
        mine, other = (" ".join(map(str, _without(one.shape, dim))) for one in (x, source))
        raise RuntimeError(
            "index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape: "
            f"{mine} at dimension {dim} and source slice shape: {other} at dimension {dim}."
        )
    if source.ndim and index.size != source.shape[dim]:
        raise IndexError(
            f"index_copy_(): Number of indices ({index.size}) should be equal to source.size(dim) ({source.shape[dim]})"
        )
    extent = _extent(x, dim)
    refuse_outside(index, extent, lambda i: IndexError(f"index_copy_(): {OUTSIDE.format(i, dim, extent)}"))


def for_index_fill(x: Any, index: Any, value: Any, dim: int) -> None:
    """Refuse positions along an axis that cannot be filled, or a value that is not a single one.

    Raises
    ------
    IndexError
        If a position does not exist, or is no whole number.
    RuntimeError
        If there is no vector of them, or there are several values.
    """
    if isinstance(value, Tensor) and value.ndim:
        raise RuntimeError(
            f"index_fill_ only supports a 0-dimensional value tensor, but got tensor with {value.ndim} dimension(s)."
        )
    if index.dtype.name != "int64":
        raise IndexError("index_fill_(): Expected dtype int64 for index.")
    if index.ndim > 1:
        raise RuntimeError("Index has to be a vector/scalar")
    extent = _extent(x, dim)
    refuse_outside(index, extent, lambda i: IndexError(OUTSIDE.format(i, dim, extent)), -extent)


def index_array(name: str, index: Any, self: Tensor, dim: int) -> Any:
    """Return an index array that fits `self`, checked as torch checks it."""
    data = is_tensor(name, "index", 2, index)._data
    if data.dtype.kind not in "iu":
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index")
    if max(data.ndim, 1) != max(self.ndim, 1):
        whose = "input" if name == "gather" else "self"
        raise RuntimeError(f"Index tensor must have the same number of dimensions as {whose} tensor")
    if name == "gather" and self.ndim and data.ndim:
        for d, (n, most) in enumerate(zip(data.shape, self._data.shape, strict=True)):
            if d != dim and n > most:
                raise RuntimeError(
                    f"Size does not match at dimension {d} expected index {list(data.shape)} to be no larger than self "
                    f"{list(self._data.shape)} apart from dimension {dim}"
                )
    return data


def positions_in(self: Tensor, data: Any, dim: int) -> Any:
    """Return an index array, the positions in which `self` has along an axis."""
    extent = _extent(self._data, dim)
    refuse_outside(data, extent, lambda i: RuntimeError(OUTSIDE.format(i, dim, extent)))
    return data
