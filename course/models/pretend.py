"""A pretend GPU: it has a queue, and a clock that only it moves. Nothing here waits, or takes any time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

TICK = 2.0**-20  #: about a microsecond, and exact in a float


class Device:
    """What a program sees of a GPU when it asks for the time.

    The host puts work into the device's queue and goes on at once. The device does one thing after the other.

    Parameters
    ----------
    launch : float
        Seconds that the host needs to put one thing into the queue.

    Attributes
    ----------
    log : list of str
        What was asked of it, in order: ``"work"``, ``"clock"`` and ``"wait"``.
    """

    def __init__(self, launch: float = 8 * TICK) -> None:
        self.launch = launch
        self.log: list[str] = []
        self._now = 4096.0  # a clock starts anywhere
        self._done = self._now  # when the queue will be empty

    def run(self, seconds: float) -> None:
        """Put work of so many seconds into the queue."""
        self.log.append("work")
        self._now += self.launch
        self._done = max(self._done, self._now) + seconds

    def busy(self, seconds: float) -> None:
        """Let the host do something for so many seconds, and the device go on meanwhile."""
        self._now += seconds

    def synchronize(self) -> None:
        """Wait until the queue is empty."""
        self.log.append("wait")
        self._now = max(self._now, self._done)

    def clock(self) -> float:
        """Return the host's time in seconds."""
        self.log.append("clock")
        return self._now

    def job(self, *seconds: float) -> Callable[[], None]:
        """Return work that takes another time at each call; from the last one on always that."""
        times: Sequence[float] = seconds
        calls = iter(range(10**9))

        def work() -> None:
            self.run(times[min(next(calls), len(times) - 1)])

        return work
