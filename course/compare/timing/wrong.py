"""What timers say that are not honest, about the same work."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from course.compare.timing.timer import timed
from course.compare.timing.watches import WallWatch, Watch, watch_for
from course.models.pretend import TICK, Device

PRETEND_FIRST, PRETEND_SECONDS = 0.2, 0.02
SIDE = 4096


def ways(
    work: Callable[[], object], watch: Watch, wait: Callable[[], object], now: Callable[[], float]
) -> dict[str, float]:
    """Time work that has never run before, in three ways.

    Returns
    -------
    dict
        Seconds: ``honest``; ``no warm-up``, the first call alone; ``no waiting``, the clock stopped when
        the call returns, at which point the work has only been queued.
    """
    wait()
    since = now()
    work()
    wait()
    cold = now() - since

    since = now()
    work()
    queued = now() - since
    wait()
    return {"honest": timed(work, watch).median, "no warm-up": cold, "no waiting": queued}


def pretended() -> dict[str, Any]:
    """Return what they say of a pretend device. None of its seconds is real."""
    device = Device()
    watch = WallWatch(device.synchronize, device.clock, resolution=TICK)
    work = device.job(PRETEND_FIRST, PRETEND_SECONDS)
    on = (
        f"a pretend device, in simulated time (a launch takes {device.launch * 1e6:.3g} us, the work "
        f"{PRETEND_SECONDS * 1e3:g} ms, the first time {PRETEND_FIRST * 1e3:g} ms)"
    )
    return {"on": on, "pretend": True, "ways": ways(work, watch, device.synchronize, device.clock)}


def measured(torch: Any, device: str, name: str, side: int = SIDE) -> dict[str, Any]:
    """Return what they say of a product of two matrices on a device; best before any other work is done there."""
    a, b = (torch.ones(side, side, device=device) for _ in range(2))
    wait = getattr(torch, device).synchronize
    found = ways(lambda: a @ b, watch_for(torch, device), wait, time.perf_counter)
    return {"on": f"{name}: {side} x {side} matrices", "pretend": False, "ways": found}
