"""Computing right into a tensor's memory, where nothing is recorded: the steps of optimisers."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor
from course.nptorch.grad_mode import mode
from course.nptorch.ops.write import wrote
from course.nptorch.record import needed

BLOCK = 1 << 16  # elements
REAL = {int, float}


def direct(self: Tensor, other: Any, alpha: Any = 1) -> bool:
    """Return whether NumPy may compute with `other` right into the memory of `self`.

    It may where nothing is to be recorded, converted, broadcast or refused.
    """
    array = self._array
    if array.dtype.kind != "f" or not array.flags.carray or type(alpha) not in REAL:
        return False
    if not isinstance(other, Tensor):
        return type(other) in REAL and not (mode.enabled and self.requires_grad)
    data = other._data
    if data.dtype is not array.dtype or data.shape != array.shape or (mode.enabled and True in needed((self, other))):
        return False
    apart = array.base is None and data.base is None  # each owns its memory
    return apart or other is self or not np.may_share_memory(array, data)


def accumulate(combine: Any, self: Tensor, other: Any, alpha: Any) -> Tensor:
    """Add ``alpha * other`` to this tensor or subtract it, right in its memory."""
    array, change = self._array, other._data if isinstance(other, Tensor) else other
    if alpha == 1:
        combine(array, change, out=array)
    elif array.size <= BLOCK or not isinstance(other, Tensor) or not change.flags.c_contiguous:
        combine(array, change * alpha, out=array)
    else:  # fresh memory for a product as large as a weight matrix costs more than all else
        array, change = array.reshape(-1), change.reshape(-1)
        for start in range(0, array.size, BLOCK):
            part = array[start : start + BLOCK]
            combine(part, change[start : start + BLOCK] * alpha, out=part)
    return wrote(self)
