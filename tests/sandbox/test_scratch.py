"""Folders for strangers are cleared away whatever was built in them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from autograder.sandbox import scratch


def test_only_its_owner_can_enter(tmp_path: Path) -> None:
    folder = scratch.make(tmp_path)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert folder.parent == tmp_path


def test_links_are_not_followed(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir(mode=0o755)
    (kept / "file").write_text("text")
    folder = scratch.make(tmp_path)
    (folder / "deep").mkdir()
    for place in (folder, folder / "deep"):
        (place / "to a folder").symlink_to(kept)
        (place / "to a file").symlink_to(kept / "file")
        (place / "to nothing").symlink_to(tmp_path / "nothing")
    scratch.discard(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert (kept / "file").read_text() == "text"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o755


def test_what_defeats_a_descent(tmp_path: Path) -> None:
    """Folders deeper than the longest path, closed ones, strange names, names like those in use."""
    folder = scratch.make(tmp_path)
    here = os.getcwd()
    try:
        os.chdir(folder)
        for number in range(2000):
            name = f".{number % 3}" if number % 2 else "n" * 200
            os.mkdir(name)
            os.chdir(name)
    finally:
        os.chdir(here)
    (folder / "two\nlines \udcff").write_text("x")
    (folder / "closed" / "below").mkdir(parents=True)
    (folder / "closed" / "below").chmod(0)
    (folder / "closed").chmod(0)
    os.mkfifo(folder / "pipe")
    scratch.discard(folder)
    assert list(tmp_path.iterdir()) == []
