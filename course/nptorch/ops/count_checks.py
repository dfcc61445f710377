"""What torch refuses to pick by positions, to count or to search."""

from __future__ import annotations

from typing import Any

from course.nptorch.ops.pick_checks import kinds_of, refuse_outside


def for_index_select(x: Any, index: Any) -> None:
    """Refuse an index that is no vector of whole numbers."""
    if index.ndim > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    if not x.ndim and index.size != 1:
        raise RuntimeError(f"index_select(): Index to scalar can have only 1 value, got {index.size} value(s)")
    if index.dtype.name not in ("int32", "int64"):
        raise RuntimeError("index_select(): Expected dtype int32 or int64 for index")


def for_take(x: Any, index: Any) -> None:
    """Refuse positions that a tensor does not have."""
    if index.dtype.name != "int64":
        raise RuntimeError(f"take(): Expected a long tensor for index, but got {kinds_of(index)[0]}")
    if index.size and not x.size:
        raise IndexError("take(): tried to take from an empty tensor")
    text = f"out of range: tried to access index {{}} on a tensor of {x.size} elements."
    refuse_outside(index, x.size, lambda i: IndexError(text.format(i)), -x.size)


def for_bincount(x: Any, weights: Any, least: int) -> None:
    """Refuse what cannot be counted."""
    if x.dtype.kind == "f":
        raise NotImplementedError(f"\"bincount_cpu\" not implemented for '{kinds_of(x)[0]}'")
    if least < 0:
        raise RuntimeError("minlength should be >= 0")
    if x.ndim != 1 or (x.size and x.min() < 0):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if weights is not None and weights.shape != x.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")


def for_searchsorted(edges: Any, values: Any) -> None:
    """Refuse edges that are no vector (more axes are absent)."""
    if not edges.ndim:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should have positive dimension, but got 0 dimension"
        )
    if edges.ndim > 1 and not values.ndim:
        raise RuntimeError(
            "torch.searchsorted(): input value can be a scalar only when boundaries tensor dimension is 1, but we got "
            f"boundaries tensor dim({edges.ndim}) and input value's dim(0) numel(1)"
        )
    if edges.ndim > 1 and edges.shape[:-1] != values.shape[:-1]:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries "
            f"tensor and input value tensor must match, but we got boundaries tensor {list(edges.shape)} and input "
            f"value tensor {list(values.shape)}"
        )
