"""What an index of arrays picks out of an array, laid out and refused as torch does it."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from course.nptorch.ops.layout import led_by


def picked_at(array: Any, indices: tuple[Any, ...]) -> Any:
    """Index an array; errors are worded as torch words them."""
    try:
        return array[indices]
    except IndexError as error:
        text = str(error)
        nothing = _picks_nothing(array, indices)
        if nothing is not None:  # then torch does not look where from
            return nothing
        if " for axis " in text:  # torch counts the axes that index tensors stand for
            before, axis_, after = re.split(r" for axis (\d+)", text)
            among = sum(not isinstance(part, slice) for part in indices[: int(axis_)])
            text = f"{before} for dimension {among}{after}"
        if "broadcast" in text:
            shapes = ", ".join(str(list(i.shape)) for i in indices if isinstance(i, np.ndarray))
            text = f"shape mismatch: indexing tensors could not be broadcast together with shapes {shapes}"
        raise IndexError(text) from error


def _picks_nothing(array: Any, indices: tuple[Any, ...]) -> Any:
    """Return the empty array that an index picks whose positions are out of range; None if it picks something."""
    first = tuple(np.zeros_like(part) if np.asarray(part).dtype.kind == "i" else part for part in indices)
    try:
        picked = array[first]
    except IndexError:
        return None
    return None if picked.size else picked


def laid_out(values: Any, array: Any, indices: tuple[Any, ...]) -> Any:
    """Return what was picked from an array, laid out as torch does it: axes that were not indexed as they were."""
    if array.flags.c_contiguous or values.ndim < 2 or not values.size:
        return values
    places = [d for d, part in enumerate(indices) if not isinstance(part, slice)]
    taken = sum(indices[d].ndim if indices[d].dtype == np.bool_ else 1 for d in places)
    first, count = places[0], values.ndim - array.ndim + taken
    if places[-1] - first + 1 != len(places):  # apart from each other: torch puts what was picked first
        return values
    steps = (*array.strides[:first], *(0,) * count, *array.strides[first + taken :])
    from_there = np.lib.stride_tricks.as_strided(array, values.shape, steps, writeable=False)
    picks = np.empty(values.shape[first : first + count])[(..., *(None,) * (values.ndim - first - count))]
    return led_by(values, from_there, picks)
