"""Running the project's commands from a test."""

from __future__ import annotations

import os


def outside_make() -> dict[str, str]:
    """Return this process's environment without what make tells the programs that it starts.

    A make that runs inside another one prints which folder it enters and leaves.
    """
    return {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}}
