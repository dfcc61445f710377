"""One honest measurement: warm, in batches that the clock can see, repeated, with its spread."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles

from course.compare.timing.watches import Watch

REPEATS, FEWEST = 15, 3
LEAST = 1e-3  # seconds of one batch, and so many times what the clock can tell from nothing:
CLEAR = 1000
MOST = 10**6  # calls in a batch, should a clock stand still


@dataclass(frozen=True)
class Timed:
    """Seconds of one call.

    Attributes
    ----------
    median, low, high : float
        The middle of the batches, and their lower and upper quartile.
    best : float
        The fastest batch: what the machine can do when nothing else disturbs it.
    repeats : int
        Batches that were counted.
    batch : int
        Calls in each.
    first : float
        The very first call, which is not counted: what a program pays once.
    """

    median: float
    low: float
    high: float
    best: float
    repeats: int
    batch: int
    first: float


def timed(
    work: Callable[[], object],
    watch: Watch,
    repeats: int = REPEATS,
    least: float = LEAST,
    patience: float = math.inf,
) -> Timed:
    """Time some work as a program meets it that does it again and again.

    Parameters
    ----------
    work : callable
        Called without arguments; what it returns is dropped.
    watch : Watch
        Waits for the device at both ends.
    repeats : int
        Batches to count.
    least : float
        Seconds that a batch has to take at the least.
    patience : float
        Seconds that may be spent; where they do not suffice, fewer batches are counted, but never
        fewer than three.

    Returns
    -------
    Timed
    """
    first = _lap(work, watch, 1)
    batch, taken = _batch(work, watch, max(least, CLEAR * watch.resolution))
    affordable = int(min(patience / taken, repeats)) if taken else repeats
    repeats = min(repeats, max(FEWEST, affordable))
    calls = sorted(_lap(work, watch, batch) / batch for _ in range(repeats))
    low, _, high = quantiles(calls, n=4, method="inclusive")
    return Timed(median(calls), low, high, calls[0], repeats, batch, first)


def _batch(work: Callable[[], object], watch: Watch, least: float) -> tuple[int, float]:
    """Find how many calls take long enough, and how long they take. These laps warm up, none is counted."""
    batch = 1
    while (taken := _lap(work, watch, batch)) < least and batch < MOST:
        wanted = batch * least / max(taken, watch.resolution, 1e-12)
        batch = min(10 * batch, math.ceil(1.25 * wanted), MOST)
    return batch, taken


def _lap(work: Callable[[], object], watch: Watch, times: int) -> float:
    calls = range(times)
    watch.start()
    for _ in calls:
        work()
    return watch.stop()
