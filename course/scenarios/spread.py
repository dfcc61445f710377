"""Numbers that differ from run to run, as sums do that many threads add to in the order in which they come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Spread:
    """Between which numbers each element was.

    Attributes
    ----------
    low, high
        The smallest and the largest number seen, for each element of the flat tensor.
    runs
        In how many runs.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    runs: int

    @property
    def width(self) -> float:
        """How far apart two runs were, at most."""
        return max((b - a for a, b in zip(self.low, self.high, strict=True)), default=0)

    def to_json(self) -> dict[str, Any]:
        """Return plain data. Spreads are of finite numbers only."""
        return {"low": list(self.low), "high": list(self.high), "runs": self.runs}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Spread:
        """Rebuild what `to_json` wrote."""
        return cls(tuple(data["low"]), tuple(data["high"]), data["runs"])


def nearest(expected: Any, spread: Spread | None, got: Any, other: Spread | None) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return, for each element, the closest two numbers of both sides: the same one where spreads overlap."""
    # longdouble keeps int64 exact, where float64 would round beyond 2**53.
    low, high = (np.atleast_1d(np.asarray(side, np.longdouble)) for side in _ends(expected, spread))
    bottom, top = (np.atleast_1d(np.asarray(side, np.longdouble)) for side in _ends(got, other))
    if spread is None and other is None:
        return low, bottom
    meet = np.maximum(low, bottom)
    above, below = low > top, high < bottom
    return np.where(above, low, np.where(below, high, meet)), np.where(above, top, np.where(below, bottom, meet))


def _ends(values: Any, spread: Spread | None) -> tuple[Any, Any]:
    return (values, values) if spread is None else (spread.low, spread.high)
