"""Where one engine begins to win over another, and what holds each of them up there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from course.compare.timing.limits import needs

Point = Mapping[str, Any]
Column = Mapping[str, Any]

#: If not even a third of the time follows from any limit, none of them is what holds a program up.
EXPLAINED = 1 / 3


@dataclass(frozen=True)
class Crossing:
    """How two columns compare at one operation.

    Attributes
    ----------
    winner, loser : str
        Who is faster at the largest size that both were timed at; both empty if they cannot be told apart.
    at : float
        The number of elements from which on that holds.
    place : int
        The size at or right after it that was timed: the index among the common sizes.
    sizes : tuple of int
        Those at which both were timed.
    ratios : tuple of float
        Median of the second column by that of the first, at each of them.
    """

    winner: str
    loser: str
    at: float
    place: int
    sizes: tuple[int, ...]
    ratios: tuple[float, ...]

    @property
    def always(self) -> bool:
        """Whether it is so at every size."""
        return self.place == 0


def crossing(one: tuple[str, Column], other: tuple[str, Column], operation: str) -> Crossing | None:
    """Compare two columns, each given with its name; None if there is no size that both have.

    One wins at a size if three quarters of its batches were faster than three quarters of the other's.
    """
    pairs = common(one[1], other[1], operation)
    if not pairs:
        return None
    verdicts = [_verdict(first, second) for first, second in pairs]
    last = verdicts[-1]
    place = len(verdicts) - next((nth for nth, one in enumerate(reversed(verdicts)) if one != last), len(verdicts))
    sizes = tuple(first["n"] for first, _ in pairs)
    ratios = tuple(second["median"] / first["median"] for first, second in pairs)
    names = {-1: (one[0], other[0]), 0: ("", ""), 1: (other[0], one[0])}
    return Crossing(*names[last], _between(sizes, ratios, place), place, sizes, ratios)


def common(one: Column, other: Column, operation: str) -> list[tuple[Point, Point]]:
    """Return the points of both columns at the sizes that both have, in rising order."""
    second = {point["n"]: point for point in other["points"].get(operation, ())}
    return [(point, second[point["n"]]) for point in one["points"].get(operation, ()) if point["n"] in second]


def held_up(column: Column, operation: str, point: Point) -> tuple[str, float]:
    """Return which limit asks for most of the time at a point, and for which part of it.

    Returns
    -------
    tuple
        ``overhead``, ``bytes`` or ``flops``, and the part of the median that this limit alone explains.
    """
    wanted = needs(column["limits"], floor(column, operation), point)
    most = max(wanted, key=lambda name: wanted[name])
    return most, wanted[most] / point["median"]


def floor(column: Column, operation: str) -> float:
    """Return the overhead floor: the best time at the smallest size, where there is next to nothing to do."""
    smallest: Point = min(column["points"][operation], key=lambda point: point["n"])
    return float(smallest["best"])


def line(column: Column, operation: str) -> dict[str, list[float]]:
    """Return what each limit alone would ask for at each size of a column, for a plot."""
    points: Sequence[Point] = column["points"][operation]
    found = [needs(column["limits"], floor(column, operation), point) for point in points]
    return {name: [one[name] for one in found] for name in ("overhead", "bytes", "flops")}


def _verdict(first: Point, second: Point) -> int:
    """Return 1 if the second is faster beyond their spread, -1 if the first is, 0 if that cannot be told."""
    if second["high"] < first["low"]:
        return 1
    return -1 if first["high"] < second["low"] else 0


def _between(sizes: Sequence[int], ratios: Sequence[float], place: int) -> float:
    """Find where the ratio passes 1 on the straight line, in logarithms, between two sizes."""
    if place == 0:
        return float(sizes[0])
    before, after = math.log(ratios[place - 1]), math.log(ratios[place])
    if before * after >= 0:  # it passed 1 without a clear winner on one side
        return float(sizes[place])
    part = before / (before - after)
    start, end = math.log(sizes[place - 1]), math.log(sizes[place])
    return math.exp(start + part * (end - start))
