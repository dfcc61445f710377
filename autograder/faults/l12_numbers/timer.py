"""Wrong ideas about how long something takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.faults.registry import Part, fault

ASYNC = "https://docs.pytorch.org/docs/stable/notes/cuda.html#asynchronous-execution"
UNSYNCED = "https://github.com/TristanBilot/mlx-benchmark/pull/21"
NERF = "https://github.com/nerfstudio-project/nerfstudio/issues/183"
DLIB = "https://github.com/arrufat/dlib-pytorch-benchmark/pull/2"
RECIPE = "https://docs.pytorch.org/tutorials/recipes/recipes/benchmark.html"

Told = tuple[float, float]


def wrong(id: str, help: str, links: tuple[str, ...] = ()) -> Callable[[Part], Part]:
    return fault(id, exercise="honest-timer", part="measure", help=help, links=links)


def told(times: list[float]) -> Told:
    """Right in all faults that are not about it."""
    first, median, third = np.percentile(times, [25, 50, 75])
    return float(median), float(third - first)


def timed(work: Any, synchronize: Any, clock: Any, warmup: int, repeats: int) -> list[float]:
    """Right in all faults that are not about it: the times of all repeats."""
    for _ in range(warmup):
        work()
    times = []
    for _ in range(repeats):
        synchronize()
        start = clock()
        work()
        synchronize()
        times.append(clock() - start)
    return times


@wrong(
    "timer-does-not-wait",
    "The call only puts work into the queue: wait for it before you look at the clock again.",
    (ASYNC, UNSYNCED, DLIB),
)
def does_not_wait(work: Any, synchronize: Any, clock: Any, warmup: int = 3, repeats: int = 10) -> Told:
    return told(timed(work, lambda: None, clock, warmup, repeats))


@wrong(
    "timer-waits-only-after",
    "Whatever was in the queue before counts for the first repeat: wait at the start, too.",
    (NERF,),
)
def waits_only_after(work: Any, synchronize: Any, clock: Any, warmup: int = 3, repeats: int = 10) -> Told:
    for _ in range(warmup):
        work()
    times = []
    for _ in range(repeats):
        start = clock()
        work()
        synchronize()
        times.append(clock() - start)
    return told(times)


@wrong("timer-cold", "The first calls set things up: call the work `warmup` times before you measure.", (RECIPE,))
def cold(work: Any, synchronize: Any, clock: Any, warmup: int = 3, repeats: int = 10) -> Told:
    return told(timed(work, synchronize, clock, 0, repeats))


@wrong("timer-warm-up-among-the-repeats", "Measure `repeats` calls besides the warm-up.", (RECIPE,))
def among_the_repeats(work: Any, synchronize: Any, clock: Any, warmup: int = 3, repeats: int = 10) -> Told:
    return told(timed(work, synchronize, clock, warmup, max(repeats - warmup, 1)))


@wrong("timer-warm-up-measured", "Measure nothing of the warm-up.", (RECIPE,))
def warm_up_measured(work: Any, synchronize: Any, clock: Any, warmup: int = 3, repeats: int = 10) -> Told:
    return told(timed(work, synchronize, clock, 0, warmup + repeats))


@wrong("timer-mean", "One slow call moves the mean and not the median.", (RECIPE,))
def mean(work: Any, synchronize: Any, clock: Any, warmup: int = 3, repeats: int = 10) -> Told:
    times = timed(work, synchronize, clock, warmup, repeats)
    return sum(times) / len(times), told(times)[1]


@wrong("timer-fastest", "The fastest call is the luckiest one: return the median.", (RECIPE,))
def fastest(work: Any, synchronize: Any, clock: Any, warmup: int = 3, repeats: int = 10) -> Told:
    times = timed(work, synchronize, clock, warmup, repeats)
    return min(times), told(times)[1]


@wrong(
    "timer-standard-deviation",
    "The spread is the distance between the quartiles, which one slow call cannot move.",
    (RECIPE,),
)
def standard_deviation(work: Any, synchronize: Any, clock: Any, warmup: int = 3, repeats: int = 10) -> Told:
    times = timed(work, synchronize, clock, warmup, repeats)
    return told(times)[0], float(np.std(times))


@wrong(
    "timer-range",
    "The spread is the distance between the quartiles, not between the slowest and the fastest.",
    (RECIPE,),
)
def whole_range(work: Any, synchronize: Any, clock: Any, warmup: int = 3, repeats: int = 10) -> Told:
    times = timed(work, synchronize, clock, warmup, repeats)
    return told(times)[0], max(times) - min(times)


@wrong(
    "timer-one-long-interval", "One interval divided by the number of calls has no spread: time each call.", (ASYNC,)
)
def one_long_interval(work: Any, synchronize: Any, clock: Any, warmup: int = 3, repeats: int = 10) -> Told:
    def many() -> None:
        for _ in range(repeats):
            work()

    for _ in range(warmup):
        work()
    (whole,) = timed(many, synchronize, clock, 0, 1)
    return whole / repeats, 0.0


@wrong(
    "timer-middle-of-the-list",
    "Sort the times first; and of an even number take the mean of the middle two.",
    (RECIPE,),
)
def middle_of_the_list(work: Any, synchronize: Any, clock: Any, warmup: int = 3, repeats: int = 10) -> Told:
    times = timed(work, synchronize, clock, warmup, repeats)
    return times[len(times) // 2], told(times)[1]


@wrong("timer-own-clock", "Look at the clock that is handed in, and at no other.", (ASYNC,))
def own_clock(work: Any, synchronize: Any, clock: Any, warmup: int = 3, repeats: int = 10) -> Told:
    return told(timed(work, synchronize, time.perf_counter, warmup, repeats))


@wrong("timer-milliseconds", "Seconds, as the clock has them.", (RECIPE,))
def milliseconds(work: Any, synchronize: Any, clock: Any, warmup: int = 3, repeats: int = 10) -> Told:
    median, spread = told(timed(work, synchronize, clock, warmup, repeats))
    return 1000 * median, 1000 * spread


@wrong("timer-swallows-errors", "Work that fails took no time worth knowing: let its error through.", (ASYNC,))
def swallows_errors(work: Any, synchronize: Any, clock: Any, warmup: int = 3, repeats: int = 10) -> Told:
    try:
        return told(timed(work, synchronize, clock, warmup, repeats))
    except Exception:
        return float("nan"), float("nan")
