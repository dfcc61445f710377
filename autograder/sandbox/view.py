"""What a student's process can see of the course: the engine, the earlier lessons' parts, NumPy.

Not the parts under test, no hidden scenario, no fault, no record, no scenario at all, no grader, and of
all packages that are installed only those named here; above all no torch and nothing else that could
differentiate in the student's place.
"""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("numpy", "numpy.libs", "msgpack")  # numpy.libs holds its compiled libraries, where there are any
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class View:
    """A folder that is put first on ``sys.path`` inside.

    Attributes
    ----------
    entries : dict of str to Path
        For each path inside the view, the file or folder that stands there.
    """

    entries: dict[str, Path]

    def lay(self, folder: Path) -> None:
        """Make the view as links in an empty folder."""
        for inside, real in self.entries.items():
            place = folder / inside
            place.parent.mkdir(parents=True, exist_ok=True)
            os.symlink(real, place)


def view(given: Path | None = None) -> View:
    """Say what is in view.

    Parameters
    ----------
    given : Path, optional
        The folder with the parts of earlier lessons.
    """
    entries = {
        "course/__init__.py": ROOT / "course" / "__init__.py",
        "course/nptorch": ROOT / "course" / "nptorch",
        "autograder/__init__.py": ROOT / "autograder" / "sandbox" / "inside" / "__init__.py",
        "autograder/sandbox": ROOT / "autograder" / "sandbox",
    }
    for name in PACKAGES:
        if place := _package(name):
            entries[name] = place
    if given is not None and given.is_dir():
        entries["given"] = given
    return View(entries)


def _package(name: str) -> Path | None:
    if name.endswith(".libs"):
        beside = _package(name.removesuffix(".libs"))
        place = beside.with_name(name) if beside else None
        return place if place and place.is_dir() else None
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0]).resolve()
