"""Compare two folders of built files, byte by byte."""

from __future__ import annotations

from pathlib import Path

LEFT_BY_OTHERS = {".ipynb_checkpoints", "__pycache__", ".DS_Store"}


def files(folder: Path) -> dict[str, bytes]:
    """Map the relative path of every file that a build may have made to its bytes."""
    found = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and not LEFT_BY_OTHERS.intersection(relative.parts):
            found[relative.as_posix()] = path.read_bytes()
    return found


def differing(fresh: Path, kept: Path) -> list[str]:
    """List what is missing from ``kept``, left over in it, or different from ``fresh``."""
    wanted, there = files(fresh), files(kept)
    lines = [f"{path} is missing" for path in wanted if path not in there]
    lines += [f"{path} should not be there" for path in there if path not in wanted]
    lines += [f"{path} is out of date" for path in wanted if path in there and wanted[path] != there[path]]
    return sorted(lines)
