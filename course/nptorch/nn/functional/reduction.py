"""What a loss does with its elements: mean, sum, or nothing."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np


def reduction_of(reduction: str, size_average: bool | None = None, reduce: bool | None = None) -> str:
    """Return the reduction meant by torch's present and deprecated arguments.

    Raises
    ------
    ValueError
        If there is no such reduction.
    """
    if size_average is not None or reduce is not None:
        averaged = size_average is None or size_average
        kept = reduce is not None and not reduce
        reduction = "none" if kept else "mean" if averaged else "sum"
        warnings.warn(
            f"size_average and reduce args will be deprecated, please use reduction='{reduction}' instead.",
            stacklevel=3,
        )
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction


def reduced(values: Any, reduction: str) -> tuple[Any, float]:
    """Return elements reduced, and by what a gradient of the result counts for each of them."""
    if reduction == "none":
        return values, 1.0
    total = np.add.reduce(values, axis=None)
    if reduction == "sum":
        return total, 1.0
    count = max(values.size, 1) if values.size else np.nan
    return total / values.dtype.type(count), 1.0 / count
