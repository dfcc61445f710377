"""Seeded inputs that are the same bits on every machine."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course.scenarios.simple import Simple

_GRID = 1024
_MOST = 1_000_000  # numbers at a time: the shape may be one that a wrong engine gives
_SMALL = 256  # numbers that are worth remembering
_REMEMBERED = 8  # so many draws of a stream
_Asked = tuple[str, tuple[int, ...], int, int]  # what is drawn: kind, shape, and for whole numbers the range


def _take(state: np.random.RandomState, asked: _Asked) -> Any:
    kind, shape, low, high = asked
    return state.standard_normal(shape) if kind == "normal" else state.randint(low, high, size=shape)


def _started(seed: int, asked: tuple[_Asked, ...]) -> np.random.RandomState:
    """Return a stream from which all this was taken already."""
    state = np.random.RandomState(seed)
    for one in asked:
        _take(state, one)
    return state


@functools.lru_cache(4096)
def _after(seed: int, asked: tuple[_Asked, ...]) -> Any:
    """Return what a stream gives last. It is remembered: whoever grades a class draws the same again and again."""
    return _take(_started(seed, asked[:-1]), asked[-1])


class Draw:
    """A seeded source of NumPy arrays in the dtype of the run.

    The record that a student's engine is held against was made elsewhere, with
    another NumPy. So the inputs come from `numpy.random.RandomState`, whose
    stream is frozen for good, and are rounded to multiples of 1/1024, which
    float32 holds exactly and which hides the last bit of a platform's `log`.

    Seeds below zero give simple numbers; see `course.scenarios.simple`.
    """

    def __init__(self, seed: int = 0, dtype: str = "float64") -> None:
        self.seed = seed
        self.dtype = np.dtype(dtype)
        #: True once a number was drawn: only then does the seed matter.
        self.used = False
        #: Everything that was drawn, in order.
        self.drawn: list[NDArray[Any]] = []
        self._simple = Simple(seed) if seed < 0 else None
        self._asked: tuple[_Asked, ...] = ()
        self._state: np.random.RandomState | None = None

    def normal(self, *shape: int) -> NDArray[Any]:
        """Standard normal numbers of this shape, in the dtype of the run."""
        self._use(shape)
        if self._simple:
            numbers = self._simple.normal(shape)
        else:
            numbers = np.round(self._next(("normal", shape, 0, 0)) * _GRID) / _GRID
        return self._noted(np.asarray(numbers, dtype=self.dtype))

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> NDArray[Any]:
        """Numbers strictly between ``low`` and ``high``, in the dtype of the run."""
        self._use(shape)
        if self._simple:
            numbers = self._simple.uniform(shape, low, high)
        else:
            numbers = low + (high - low) * ((self._next(("integers", shape, 0, _GRID)) + 0.5) / _GRID)
        return self._noted(np.asarray(numbers, dtype=self.dtype))

    def integers(self, low: int, high: int, *shape: int) -> NDArray[np.int64]:
        """Whole numbers ``low <= n < high``, as int64."""
        self._use(shape)
        if self._simple:
            return self._noted(self._simple.integers(shape, low, high))
        return self._noted(np.array(self._next(("integers", shape, low, high)), dtype=np.int64))

    def _next(self, asked: _Asked) -> Any:
        """Return the next numbers of the stream."""
        if self._state is None:
            if len(self._asked) < _REMEMBERED and math.prod(asked[1]) <= _SMALL:
                self._asked += (asked,)
                return _after(self.seed, self._asked)
            self._state = _started(self.seed, self._asked)
        return _take(self._state, asked)

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
