"""Which file of a submission is its notebook: the same answer on every road to a grade."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from autograder.sandbox.transplant import Carried

SHOWN = 80  # characters of a file name in a sentence


def carried_from_folder(folder: Path, lesson: str, carry: Callable[[Path], Carried]) -> Carried:
    """Take the texts of a submission, whatever its file is called.

    Parameters
    ----------
    folder : Path
        What a student handed in.
    lesson : str
        Lesson id, which is the name that the notebook should have.
    carry : callable
        Takes the texts from a file.
    """
    wanted = folder / f"{lesson}.ipynb"
    if os.path.lexists(wanted):
        return carry(wanted)
    others = sorted(path for path in folder.glob("*.ipynb") if not path.name.startswith("."))
    if len(others) == 1:
        found = carry(others[0])
        return replace(found, flags=(f"The notebook was called {_shown(others[0].name)}.", *found.flags))
    if others:
        return Carried({}, (), f"There are {len(others)} notebooks and none is called {wanted.name}. Ask for it again.")
    return Carried({}, (), f"There is no {wanted.name} in this submission. Ask for it again.")


def _shown(name: str) -> str:
    return ascii(name if len(name) <= SHOWN else name[:SHOWN] + "...")
