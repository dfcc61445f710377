"""Which nn module is running, as a dotted path from the user's variable: ``"net.0"``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from course.widgets.theatre.where import names_in, users_frames


class Groups:
    """The modules whose forward is running, outermost first. Works for modules of either engine."""

    def __init__(self) -> None:
        self.path: list[str] = []
        self._names: dict[int, str] = {}  # of the modules inside the outermost, by identity

    @property
    def now(self) -> str:
        """The path of the innermost one; ``""`` outside of modules."""
        return self.path[-1] if self.path else ""

    def enter(self, module: Any) -> None:
        """A module begins to run."""
        if not self.path:
            name = _variable(module)
            self._names = {id(item): f"{name}.{path}" if path else name for path, item in module.named_modules()}
        self.path.append(self._names.get(id(module), type(module).__name__))

    def leave(self) -> None:
        """The innermost one has run."""
        self.path.pop()

    @contextmanager
    def inside(self, module: Any) -> Iterator[None]:
        """While the block runs, `module` does."""
        self.enter(module)
        try:
            yield
        finally:
            self.leave()


def _variable(module: Any) -> str:
    """Return what the user calls a module, or the name of its class."""
    frame = next(users_frames(sys._getframe(1)), None)
    if frame is not None:
        for name, thing in names_in(frame).items():
            if thing is module and name != "self":
                return name
    return type(module).__name__
