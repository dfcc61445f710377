"""What torch refuses to place: tensors that do not fit the index they are given with, in shape or in dtype."""

from __future__ import annotations

from typing import Any

from course.nptorch._tensor import Tensor
from course.nptorch.dtypes import dtype_of
from course.nptorch.ops.axes import axis
from course.nptorch.ops.operands import is_tensor


def _names(*arrays: Any) -> list[str]:
    return [dtype_of(x.dtype).tensor_type.removesuffix("Tensor") for x in arrays]


def for_scatter(name: str, x: Any, index: Any, source: Any, dim: int) -> None:
    """Refuse the source of a scatter that has another dtype, or too few elements for the index.

    Raises
    ------
    RuntimeError
        With torch's text.
    """
    if x.dtype != source.dtype:
        raise RuntimeError(f"{name}(): Expected self.dtype to be equal to src.dtype")
    if source.ndim > max(index.ndim, 1):
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


def for_index_add(x: Any, index: Any, source: Any, dim: int) -> None:
    """Refuse what cannot be added at the positions `index` along an axis.

    Raises
    ------
    RuntimeError
        With torch's text.
    """
    if x.dtype != source.dtype:
        mine, other = _names(x, source)
        raise RuntimeError(f"index_add_(): self ({mine}) and source ({other}) must have the same scalar type")
    if x.ndim != source.ndim or _without(x.shape, dim) != _without(source.shape, dim):
        raise RuntimeError(
            "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = "
            f"{list(x.shape)} source.shape = {list(source.shape)}"
        )
    if source.ndim and index.size != source.shape[dim]:
        raise RuntimeError(
            f"index_add_(): Number of indices ({index.size}) should be equal to source.size(dim): "
            f"({source.shape[dim]}), for dim: {dim}"
        )


def for_index_copy(x: Any, index: Any, source: Any, dim: int) -> None:
    """Refuse what cannot be copied to the positions `index` along an axis.

    Raises
    ------
    IndexError
        If numbers of axes or of positions differ.
    RuntimeError
        If dtypes or other extents do.
    """
    if x.ndim and source.ndim and x.ndim != source.ndim:
        raise IndexError(
            "index_copy_(): When source and destination are not scalars, their dimensionality must match. Source "
            f"dimensionality ({source.ndim}), destination dimensionality ({x.ndim})"
        )
    if x.dtype != source.dtype:
        mine, other = _names(x, source)
        raise RuntimeError(
            f"index_copy_(): self and source expected to have the same dtype, but got (self) {mine} and "
            f"(source) {other}"
        )
    if not source.ndim or not x.ndim:
        return
    if _without(x.shape, dim) != _without(source.shape, dim):
        mine, other = (" ".join(map(str, _without(one.shape, dim))) for one in (x, source))
        raise RuntimeError(
            "index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape: "
            f"{mine} at dimension {dim} and source slice shape: {other} at dimension {dim}."
        )
    if index.size != source.shape[dim]:
        raise IndexError(
            f"index_copy_(): Number of indices ({index.size}) should be equal to source.size(dim) ({source.shape[dim]})"
        )


def index_array(name: str, index: Any, self: Tensor, dim: int) -> Any:
    """Return an index array that fits `self`, checked as torch checks it."""
    data = is_tensor(name, "index", 2, index)._data
    if data.dtype.kind not in "iu":
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index")
    if max(data.ndim, 1) != max(self.ndim, 1):
        raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
    extent = self._data.shape[dim] if self.ndim else 1
    wrong = data[(data < 0) | (data >= extent)]
    if wrong.size:
        raise RuntimeError(f"index {wrong.flat[0]} is out of bounds for dimension {dim} with size {extent}")
    return data
