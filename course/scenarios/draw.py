"""Seeded inputs that are the same bits on every machine."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

_GRID = 1024
_MOST = 1_000_000  # numbers at a time: the shape may be one that a wrong engine gives


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
        #: Everything that was drawn, in order.
        self.drawn: list[NDArray[Any]] = []

    @functools.cached_property
    def _state(self) -> np.random.RandomState:
        return np.random.RandomState(self.seed)  # a quarter of a millisecond, which most scenarios do not need

    def normal(self, *shape: int) -> NDArray[Any]:
        """Standard normal numbers of this shape, in the dtype of the run."""
        self._use(shape)
        numbers = self._state.standard_normal(shape)
        return self._noted(np.asarray(np.round(numbers * _GRID) / _GRID, dtype=self.dtype))

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> NDArray[Any]:
        """Numbers strictly between ``low`` and ``high``, in the dtype of the run."""
        self._use(shape)
        steps = self._state.randint(0, _GRID, size=shape)
        return self._noted(np.asarray(low + (high - low) * ((steps + 0.5) / _GRID), dtype=self.dtype))

    def integers(self, low: int, high: int, *shape: int) -> NDArray[np.int64]:
        """Whole numbers ``low <= n < high``, as int64."""
        self._use(shape)
        return self._noted(np.asarray(self._state.randint(low, high, size=shape), dtype=np.int64))

    def _use(self, shape: tuple[int, ...]) -> None:
        self.used = True
        if math.prod(shape) > _MOST:
            raise ValueError(f"too large to be drawn: {shape}")

    def _noted(self, drawn: NDArray[Any]) -> NDArray[Any]:
        self.drawn.append(drawn.copy())
        return drawn

    def array(self, values: ArrayLike) -> NDArray[Any]:
        """Fixed values, in the dtype of the run."""
        return np.asarray(values, dtype=self.dtype)
