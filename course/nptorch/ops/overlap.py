"""Memory that a write would touch twice, or read from while it is written to."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.nptorch import messages
from course.nptorch._tensor import Tensor


def overlaps_first(self: Tensor, *others: Any) -> None:
    """Refuse what torch looks at before it looks at shapes, where shapes have been found not to fit.

    Raises
    ------
    RuntimeError
        If memory is written to twice, or read from elsewhere while it is written to.
    """
    refuse_repeats(self._array)
    if any(isinstance(x, Tensor) and x is not self and partly_same(self._array, x._data) for x in others):
        raise RuntimeError(messages.PARTLY_SAME)


def refuse_repeats(array: Any) -> None:
    """Refuse to write to an array several elements of which are one place in memory."""
    if not array.flags.writeable or (0 in array.strides and repeats(array)):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a "
            "single memory location. Please clone() the tensor before performing the operation."
        )


def repeats(array: Any) -> bool:
    """Return whether several elements of an array are one place in memory, as after `expand`."""
    pairs = zip(array.shape, array.strides, strict=True)
    return bool(array.size) and any(n > 1 and not stride for n, stride in pairs)


def partly_same(array: Any, other: Any) -> bool:
    """Return whether two arrays without gaps share memory, but not element by element."""
    if not np.may_share_memory(array, other) or not (gapless(array) and gapless(other)):
        return False
    if array.shape != other.shape or array.ctypes.data != other.ctypes.data:
        return True
    pairs = zip(array.shape, array.strides, other.strides, strict=True)
    return any(n > 1 and a != b for n, a, b in pairs)


def same(array: Any, other: Any) -> bool:
    """Return whether two arrays without gaps are the same memory."""
    return bool(np.may_share_memory(array, other)) and gapless(array) and gapless(other)


def gapless(array: Any) -> bool:
    """Return whether the elements of an array fill a piece of memory, in some order of the axes."""
    expected = array.itemsize
    for stride, n in sorted(zip(np.abs(array.strides), array.shape, strict=True)):
        if n > 1 and stride != expected:
            return False
        expected *= n if n > 1 else 1
    return bool(array.size)
