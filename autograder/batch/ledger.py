"""Writing that is never seen half done: a ledger of what was written, and folders that are replaced whole."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


class Ledger:
    """What was written for whom: one small file.

    Parameters
    ----------
    path : Path
        Where it is kept.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):  # none yet, or damaged: then all is written once more
            found = {}
        self._noted: dict[str, str] = found if isinstance(found, dict) else {}

    def get(self, student: str) -> str | None:
        """Return what was noted for a student."""
        return self._noted.get(student)

    def note(self, more: dict[str, str]) -> None:
        """Note more; the file is replaced as a whole."""
        self._noted.update(more)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(self._noted, stream, indent=0, sort_keys=True)
        os.replace(name, self.path)


@contextlib.contextmanager
def replaced(place: Path) -> Iterator[Path]:
    """Fill a new folder, which then takes the place of what was there."""
    place.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=place.parent, prefix=".part-"))
    try:
        made.chmod(0o755)  # as nbconvert makes folders
        yield made
        if place.exists():
            shutil.rmtree(place)
        made.replace(place)
    finally:
        shutil.rmtree(made, ignore_errors=True)
