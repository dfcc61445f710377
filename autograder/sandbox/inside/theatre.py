"""What stands in for `course.widgets.theatre` in a student's process: nobody is there to look.

A cell with a solution may hold lines that watch the engine. They run here without a watcher.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Story:
    """A story in which nothing happens."""

    def __init__(self) -> None:
        self.engine, self.title = "nptorch", ""
        self.nodes: list[Any] = []
        self.edges: list[Any] = []
        self.events: list[Any] = []

    def __str__(self) -> str:
        return "nothing is recorded while a submission is graded"


class record:  # noqa: N801 - used as a statement
    """Runs the block, and does nothing else."""

    def __init__(self, *args: Any, **names: Any) -> None:
        """Take whatever the real one takes."""

    def __enter__(self) -> Story:
        return Story()

    def __exit__(self, *error: object) -> None:
        """Let an exception go on."""


record_torch = record


def __getattr__(name: str) -> Callable[..., None]:
    """Return what stands in for any other function of the theatre: it shows nothing."""
    if name.startswith("__"):
        raise AttributeError(name)
    return lambda *args, **options: None
