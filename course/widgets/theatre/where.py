"""The user's own code: which line of it is running, and what it calls its tensors."""

from __future__ import annotations

import inspect
import linecache
import os
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

#: Modules whose lines nobody asked for. The theatre's own programs count as the user's.
ENGINES = ("course.nptorch.", "course.parts.", "course.widgets.theatre.", "given.", "mine.", "torch.", "contextlib.")
PROGRAMS = "course.widgets.theatre.programs"


def users_frames(frame: FrameType | None) -> Iterator[FrameType]:
    """Yield the frames of the user's code from `frame` outwards."""
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module == PROGRAMS or not f"{module}.".startswith(ENGINES):
            yield frame
        frame = frame.f_back


def users_line() -> dict[str, Any] | None:
    """Return ``{"file", "line", "code"}`` of the line of the user's code that is running now."""
    frame = next(users_frames(sys._getframe(1)), None)
    if frame is None:
        return None
    path, line = frame.f_code.co_filename, frame.f_lineno
    return {"file": _short(path), "line": line, "code": linecache.getline(path, line, frame.f_globals).strip()}


def _short(path: str) -> str:
    """Return the name of a file without the folders, which say more about a machine than about a program."""
    if "ipykernel_" in path or path.startswith("<ipython-input"):
        return "cell"
    return os.path.basename(path)


def names_in(frame: FrameType) -> dict[str, Any]:
    """Return the variables of a running function or module, without those that start with ``_``."""
    found = {name: value for name, value in frame.f_locals.items() if not name.startswith("_")}
    if sys.version_info < (3, 13) and frame.f_code.co_flags & inspect.CO_OPTIMIZED:
        frame.f_locals.clear()  # a copy, which the frame would keep, and with it the tensors
    return found
