"""Stopwatches that know that a device works on while the program goes on.

A call to a GPU only puts work into a queue. So a watch must wait for an empty queue before it is
started, or it counts work that was given earlier, and again before it is stopped, or it counts
nothing but the queueing.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/notes/cuda.html#asynchronous-execution
.. [2] https://docs.pytorch.org/docs/stable/generated/torch.cuda.Event.html
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

#: What NVIDIA states for the time between two events.
EVENT_RESOLUTION = 0.5e-6


class Watch(Protocol):
    """What the timer needs.

    Attributes
    ----------
    how : str
        In words, for the report.
    resolution : float
        The smallest number of seconds that it can tell from none.
    """

    how: str
    resolution: float

    def start(self) -> None:
        """Wait until the device has nothing to do, then begin to count."""

    def stop(self) -> float:
        """Wait until the device has done all that it was given, and return the seconds."""


class WallWatch:
    """The host's clock, with the device waited for at both ends.

    Parameters
    ----------
    wait : callable, optional
        Waits for the device; none is needed where a call returns when its work is done.
    now : callable
        The host's clock in seconds.
    resolution : float, optional
        Of that clock; by default that of `time.perf_counter`.
    how : str
        In words, for the report.
    """

    def __init__(
        self,
        wait: Callable[[], object] | None = None,
        now: Callable[[], float] = time.perf_counter,
        resolution: float | None = None,
        how: str = "time.perf_counter",
    ) -> None:
        self.how = how
        self.resolution = time.get_clock_info("perf_counter").resolution if resolution is None else resolution
        self._wait, self._now = wait or _no_queue, now
        self._since = 0.0

    def start(self) -> None:
        """See `Watch`."""
        self._wait()
        self._since = self._now()

    def stop(self) -> float:
        """See `Watch`."""
        self._wait()
        return self._now() - self._since


class EventWatch:
    """CUDA events: marks in the device's own queue, to which it writes the time as it passes them.

    Parameters
    ----------
    torch : module
        With ``torch.cuda``.
    """

    how = "CUDA events"
    resolution = EVENT_RESOLUTION

    def __init__(self, torch: Any) -> None:
        self._cuda = torch.cuda
        self._marks: list[Any] = []

    def start(self) -> None:
        """See `Watch`."""
        self._marks = [self._cuda.Event(enable_timing=True) for _ in range(2)]
        self._cuda.synchronize()  # with an empty queue the first mark is passed at once
        self._marks[0].record()

    def stop(self) -> float:
        """See `Watch`."""
        first, last = self._marks
        last.record()
        last.synchronize()
        milliseconds: float = first.elapsed_time(last)
        return milliseconds / 1e3


def watch_for(torch: Any, device: str) -> Watch:
    """Return the watch for a device of torch, or of an engine that has none but the CPU."""
    if device == "cuda":
        return EventWatch(torch)
    if device == "mps":
        return WallWatch(torch.mps.synchronize, how="time.perf_counter, synchronised")
    return WallWatch()


def _no_queue() -> None:
    """Wait for nothing: on a CPU a call returns when its work is done."""
