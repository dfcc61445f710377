"""The machine's own limits, measured: what a call costs, how fast bytes move, how fast it multiplies."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from course.compare.timing.engines import Engine
from course.compare.timing.timer import timed

#: Bytes of an array that is copied; the working set of a copy is twice that.
COPIES = tuple(2**k for k in range(12, 27, 2))
MORE_COPIES = (*COPIES, 2**28)  # a GPU fills its caches with what is memory to a CPU
SIDES = tuple(2**k for k in range(7, 14))
LAPS = 7
LONG = 0.05  # seconds of one product after which larger ones tell nothing new


def call(engine: Engine) -> float:
    """Return the seconds of the engine's smallest operation: what a call costs that has nothing to do."""
    return timed(engine.smallest(), engine.watch).best


def measure(engine: Engine, budget: float = math.inf, now: Callable[[], float] = time.perf_counter) -> dict[str, Any]:
    """Measure the hardware through one engine, with less and less of it as the budget of seconds runs out.

    Returns
    -------
    dict
        ``call``: seconds of the smallest operation; ``copies``: pairs of the bytes that a copy has in memory
        (read and written, each once) and the bytes it moves in a second; ``flops``: floating point operations
        in a second at the best, and ``side``, the square matrix it was reached with; for a GPU also ``bus``:
        bytes in a second on the way there from the host. All are from the fastest batches: a limit is what the
        machine can do, not what it does while other programs run.
    """
    sizes = COPIES if engine.device == "cpu" else MORE_COPIES
    until = now() + budget
    copies: list[list[float]] = []
    # Memory first, which no cache can hold, then a few that span all caches, and the rest while there is time.
    for size in sorted(sizes, key=lambda one: (sizes[::-1].index(one) % 3, -one)):
        patience = max(0.0, until - now()) / 4
        copies.append([2 * size, 2 * size / timed(engine.copy(size), engine.watch, LAPS, patience=patience).best])
        if now() > until - budget / 2:
            break
    bus = {}
    if engine.device != "cpu":
        bus = {"bus": COPIES[-1] / timed(engine.arrive(COPIES[-1]), engine.watch, LAPS).best}
    best, best_side = 0.0, 0
    for side in SIDES:
        seconds = timed(engine.product(side), engine.watch, LAPS, patience=max(0.0, until - now()) / 4).best
        if 2 * side**3 / seconds > best:
            best, best_side = 2 * side**3 / seconds, side
        if seconds > LONG or now() > until:
            break
    return {"call": call(engine), "copies": sorted(copies), "flops": best, "side": best_side, **bus}


def raised(limits: Mapping[str, Any], points: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the limits with the best speed that any timed program reached: a limit that was broken is none."""
    best = max([limits["flops"], *(point["flops"] / point["best"] for point in points)])
    return {**limits, "flops": best}


def bandwidth(copies: Sequence[Sequence[float]], held: float) -> float:
    """Return the bytes a second that a program can hope for which has so many bytes in memory.

    It is the fastest copy of at least so many bytes: fewer bytes may lie in a cache, and caches are fast.
    Beyond the largest copy it is that one's.
    """
    return max((speed for size, speed in copies if size >= held), default=copies[-1][1])


def needs(limits: Mapping[str, Any], floor: float, point: Mapping[str, Any]) -> dict[str, float]:
    """Return the seconds that each limit alone would ask for at one size.

    Parameters
    ----------
    limits
        What `measure` returned.
    floor
        Seconds of the same program with next to no data: what its calls cost.
    point
        With ``moved``, ``held`` (bytes) and ``flops``.

    Returns
    -------
    dict
        ``overhead``, ``bytes`` and ``flops``.
    """
    return {
        "overhead": floor,
        "bytes": point["moved"] / bandwidth(limits["copies"], point["held"]),
        "flops": point["flops"] / limits["flops"],
    }
