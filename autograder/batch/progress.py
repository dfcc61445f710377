"""What is shown while a class is graded: a bar with the time left, or plain lines where nobody watches."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

EVERY = 10.0  # seconds between two lines
WIDTH = 30


class AsciiBar(ProgressColumn):
    """A bar that any terminal and any log can show."""

    def render(self, task: Task) -> Text:
        """Draw it."""
        full = int(WIDTH * task.completed / task.total) if task.total else WIDTH
        return Text("[" + "#" * full + "-" * (WIDTH - full) + "]")


class Shown:
    """Shows how far a piece of work is.

    Parameters
    ----------
    console : rich.console.Console
        Where it is shown.
    what : str
        What is done.
    total : int
        How many there are to do.
    """

    def __init__(self, console: Console, what: str, total: int) -> None:
        self.console, self.what, self.total = console, what, total
        self.done = 0
        self._started = self._said = time.monotonic()
        self._bar: Progress | None = None
        if console.is_terminal and total:
            columns = [TextColumn(what), AsciiBar(), TextColumn("{task.completed} of {task.total}")]
            columns += [TimeRemainingColumn(), TextColumn("left")]
            self._bar = Progress(*columns, console=console, transient=True)
            self._task = self._bar.add_task(what, total=total)

    def step(self, count: int = 1) -> None:
        """Say that so many more are done."""
        self.done += count
        if self._bar is not None:
            self._bar.advance(self._task, count)
            return
        now = time.monotonic()
        if now - self._said >= EVERY and self.done < self.total:
            self._said = now
            left = (now - self._started) / self.done * (self.total - self.done)
            self._line(f"{self.what}: {self.done} of {self.total}, about {left:.0f} s left")

    def _line(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def __enter__(self) -> Shown:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        if self.total:
            seconds = time.monotonic() - self._started
            self._line(f"{self.what}: {self.done} of {self.total} in {seconds:.1f} s")
