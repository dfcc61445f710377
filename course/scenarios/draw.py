"""Seeded inputs that are the same bits on every machine."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

_GRID = 1024


class Draw:
    """A seeded source of NumPy arrays in the dtype of the run.

    The record that a student's engine is held against was made elsewhere, with
    another NumPy. So the inputs come from `numpy.random.RandomState`, whose
    stream is frozen for good, and are rounded to multiples of 1/1024, which
    float32 holds exactly and which hides the last bit of a platform's `log`.
    """

    def __init__(self, seed: int = 0, dtype: str = "float64") -> None:
        self.seed = seed
        self.dtype = np.dtype(dtype)
        #: True once a number was drawn: only then does the seed matter.
        self.used = False
        self._state = np.random.RandomState(seed)

    def normal(self, *shape: int) -> NDArray[Any]:
        """Standard normal numbers of this shape, in the dtype of the run."""
        self.used = True
        numbers = self._state.standard_normal(shape)
        return np.asarray(np.round(numbers * _GRID) / _GRID, dtype=self.dtype)

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> NDArray[Any]:
        """Numbers strictly between ``low`` and ``high``, in the dtype of the run."""
        self.used = True
        steps = self._state.randint(0, _GRID, size=shape)
        return np.asarray(low + (high - low) * ((steps + 0.5) / _GRID), dtype=self.dtype)

    def integers(self, low: int, high: int, *shape: int) -> NDArray[np.int64]:
        """Whole numbers ``low <= n < high``, as int64."""
        self.used = True
        return np.asarray(self._state.randint(low, high, size=shape), dtype=np.int64)

    def array(self, values: ArrayLike) -> NDArray[Any]:
        """Fixed values, in the dtype of the run."""
        return np.asarray(values, dtype=self.dtype)
