"""A time limit for code that may never end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

AGAIN = 0.05  # a part that swallows the first interruption gets another, and another


class TimeUp(BaseException):
    """The time is up; not an ``Exception``, so that ``except Exception`` does not hold it back."""


@dataclass
class Bell:
    """Remembers that the time was up, should the block have swallowed `TimeUp`."""

    armed: bool = True
    rang: bool = False


@contextmanager
def limit(seconds: float) -> Iterator[Bell]:
    """Raise `TimeUp` inside the block after ``seconds``.

    This needs SIGALRM and the main thread. Without them (Windows, a worker thread) there is no
    limit here, and nbgrader's own limit for a cell remains.
    """
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield Bell()
        return
    bell = Bell()

    def ring(number: int, frame: FrameType | None) -> None:
        if bell.armed:
            bell.rang = True
            raise TimeUp

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        try:
            yield bell
        finally:
            bell.armed = False
    finally:  # reached even if the bell rang on the way out
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
