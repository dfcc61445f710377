"""``with theatre.record() as story``: what an engine does inside the block becomes a story."""

from __future__ import annotations

import importlib
import os
import sys
import threading
from types import TracebackType
from typing import Any

from course.widgets.theatre.story import Story

_one_at_a_time = threading.Lock()


def is_inert() -> bool:
    """Return whether nbgrader is grading this notebook: then nobody looks, and nothing is recorded."""
    return os.environ.get("NBGRADER_EXECUTION") == "autograde"


class record:  # noqa: N801 - used as a statement
    """Watch an engine while a block runs.

    Parameters
    ----------
    title : str
        One line above the stage.
    engine : {"nptorch", "torch"}
        Whose events. What of torch cannot be seen is told in `course.widgets.theatre.watch_torch`.
    **names : Tensor
        What to call tensors. Variables of the code around and inside the block are found anyway.

    Returns
    -------
    story : Story
        From ``with ... as story``. It is complete when the block has ended, also by an exception,
        which goes on as if nobody had watched.

    Raises
    ------
    RuntimeError
        If a recording is under way.
    ValueError
        For another engine.

    Notes
    -----
    The events are those of the thread that records. While nbgrader grades, a recording is inert
    and its story is empty.
    """

    def __init__(self, title: str = "", *, engine: str = "nptorch", **names: Any) -> None:
        if engine not in ("nptorch", "torch"):
            raise ValueError(f"engine is 'nptorch' or 'torch', not {engine!r}")
        self.story = Story(engine, title)
        self._names = names
        self._watch: Any = None

    def __enter__(self) -> Story:
        if is_inert():
            return self.story
        if not _one_at_a_time.acquire(blocking=False):
            raise RuntimeError("a recording is under way, and an event belongs to one story: end that one first")
        try:
            # imported late: nobody needs torch for watching the other one, or either for a story from a file
            watcher = importlib.import_module(f"course.widgets.theatre.watch_{self.story.engine}")
            self._watch = watcher.start(self.story, self._names, sys._getframe(1))
        except BaseException:
            _one_at_a_time.release()
            raise
        return self.story

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        watch, self._watch = self._watch, None
        if watch is None:
            return
        try:
            watch.stop(error)
        finally:
            _one_at_a_time.release()


def record_torch(title: str = "", **names: Any) -> record:
    """Watch real torch: ``record(title, engine="torch", **names)``."""
    return record(title, engine="torch", **names)
