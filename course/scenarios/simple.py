"""Simple inputs: what a failing check is shown with, if it fails on them too.

A message is read more easily with ``[1.0, 1.0, 1.0]`` in it than with ``[0.4971, -1.3125, 0.8652]``. Shapes are
the scenario's own and stay; the numbers are all the same, or, where that hides a mistake, they count. Each of
the two steps has a number below zero, so that it goes wherever a seed goes.
"""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray

ONES, COUNTING = -1, -2
#: From the simplest on: all the same number; 1, 2, 3 and so on.
SIMPLE = (ONES, COUNTING)
_FINEST = 1 / 1024


class Simple:
    """Gives the numbers of one of the `SIMPLE` steps.

    Parameters
    ----------
    step : int
        One of `SIMPLE`.

    Raises
    ------
    ValueError
        If it is none of them.
    """

    def __init__(self, step: int) -> None:
        if step not in SIMPLE:
            raise ValueError(f"there are no inputs called {step}: a seed is 0 or more, or one of {SIMPLE}")
        self.same = step == ONES
        self._given = 0  # counting goes on from one array to the next

    def normal(self, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Numbers in place of standard normal ones: 1 everywhere, or 1, 2, 3 and so on."""
        return np.ones(shape) if self.same else (1.0 + self._counted(shape)).astype(np.float64)

    def uniform(self, shape: tuple[int, ...], low: float, high: float) -> NDArray[np.float64]:
        """Numbers strictly between ``low`` and ``high``: whole ones, or halves, or quarters, as it takes."""
        if self.same:
            return np.full(shape, min(within(low, high, 1), key=lambda one: (abs(one - 1), one)))
        inside = within(low, high, math.prod(shape))
        return inside[self._counted(shape) % len(inside)]

    def integers(self, shape: tuple[int, ...], low: int, high: int) -> NDArray[np.int64]:
        """Whole numbers ``low <= n < high``."""
        if self.same:
            return np.full(shape, min(max(low, 1), high - 1), dtype=np.int64)
        return low + self._counted(shape) % (high - low)

    def _counted(self, shape: tuple[int, ...]) -> NDArray[np.int64]:
        start, self._given = self._given, self._given + math.prod(shape)
        return np.arange(start, self._given, dtype=np.int64).reshape(shape)


@functools.lru_cache(64)
def within(low: float, high: float, count: int) -> NDArray[np.float64]:
    """Return the multiples of the largest power of two of which ``count`` lie strictly between two numbers.

    At most those of 1/1024, if there are not so many.
    """
    step = 1.0
    while True:
        found = np.arange(math.floor(low / step) + 1, math.ceil(high / step), dtype=np.float64) * step
        if len(found) >= count or step <= _FINEST:
            return found
        step /= 2
