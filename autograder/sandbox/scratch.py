"""Folders for strangers: made empty, and cleared away whatever has been built in them."""

from __future__ import annotations

import contextlib
import itertools
import os
import stat
import tempfile
from pathlib import Path


def make(where: Path | str | None = None) -> Path:
    """Make a folder that only this user can enter."""
    return Path(os.path.realpath(tempfile.mkdtemp(prefix="student-", dir=where)))


def discard(folder: Path) -> None:
    """Remove a folder of a process that has ended, with all below it.

    Folders that lie thousands deep defeat what descends into them, by recursion, by open files or by the
    length of the path. Here what lies below is moved up instead. Links are removed, never followed.

    Raises
    ------
    OSError
        If something cannot be removed.
    """
    names = (folder / f".{number}" for number in itertools.count())
    while waiting := _inside(folder):
        for path in waiting:
            if not _is_folder(path):
                path.unlink()
                continue
            for below in _inside(path):
                if _is_folder(below):
                    _open_up(below)  # to be moved, a folder has to be writable
                    below.rename(next(name for name in names if not os.path.lexists(name)))
                else:
                    below.unlink()
            path.rmdir()
    folder.rmdir()


def _is_folder(path: Path) -> bool:
    return stat.S_ISDIR(path.lstat().st_mode)


def _inside(folder: Path) -> list[Path]:
    _open_up(folder)
    return list(folder.iterdir())


def _open_up(folder: Path) -> None:
    with contextlib.suppress(PermissionError):  # somebody else's; if that matters, what comes next fails
        folder.chmod(0o700)
