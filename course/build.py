"""Build the course: lesson text and reference parts -> ``source/`` -> ``release/``.

``build()`` writes both folders; the same input gives the same bytes. ``check()`` says what is out of date.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from course.building.compare import differing
from course.building.notebook import source_notebook
from course.building.pages import FOLDER, pages
from course.building.release import release
from course.building.solution import BuildError

ROOT = Path(__file__).resolve().parent.parent
COMMAND = "make build"

__all__ = ["COMMAND", "ROOT", "BuildError", "Check", "build", "check", "lessons"]


@dataclass(frozen=True)
class Check:
    """What ``check()`` found: one line per stale file, and the command that mends them all."""

    stale: list[str]
    command: str = COMMAND

    def __bool__(self) -> bool:
        return not self.stale

    def __str__(self) -> str:
        if not self.stale:
            return "Everything built is up to date."
        return "\n".join([*self.stale, f"Run: {self.command}"])


def lessons(root: Path = ROOT) -> list[str]:
    """List the ids of the lessons that are written, in lesson order."""
    return sorted(path.stem for path in (root / "course" / "lessons").glob("l[0-9][0-9]_*.py"))


def build(
    only: list[str] | None = None,
    *,
    root: Path = ROOT,
    into: Path | None = None,
    say: Callable[[str], None] = print,
) -> list[Path]:
    """Build ``source/`` and ``release/``.

    Parameters
    ----------
    only : list of str, optional
        Lesson ids; all lessons unless given.
    root : Path
        The repository to read.
    into : Path, optional
        Where to write; ``root`` unless given.
    say : callable
        Told of each step, in one line.

    Returns
    -------
    list of Path
        The released lessons' folders.
    """
    into = into or root
    wanted = lessons(root) if only is None else only
    if unknown := sorted(set(wanted) - set(lessons(root))):
        raise BuildError(f"no lesson {unknown[0]!r}; there are: {', '.join(lessons(root))}")
    if not wanted:
        raise BuildError(f"there is no lesson in {root / 'course' / 'lessons'}")
    for lesson in wanted:
        say(f"source/{lesson}")
        build_source(root, into / "source" / lesson, lesson)
    say(f"release/ ({len(wanted)} by nbgrader)")
    release(root, into, wanted)
    return [into / "release" / lesson for lesson in wanted]


def check(*, root: Path = ROOT) -> Check:
    """Build into a scratch folder and compare with what is there."""
    with tempfile.TemporaryDirectory(prefix="gradschool-check-") as name:
        fresh = Path(name)
        build(root=root, into=fresh, say=lambda line: None)
        stale = [
            f"{folder}/{line}" for folder in ("source", "release") for line in differing(fresh / folder, root / folder)
        ]
    return Check(stale)


def build_source(root: Path, target: Path, lesson: str) -> None:
    """Write one lesson's notebook, the parts of the lessons before, and the pages that it links to."""
    parts, docs = root / "course" / "parts", root / "docs"
    written = root / "course" / "lessons" / f"{lesson}.py"
    text = source_notebook(written, parts, docs)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    (target / f"{lesson}.ipynb").write_bytes(text.encode())
    for part in sorted(parts.glob("l[0-9][0-9]_*.py")):
        if part.stem < lesson:
            (target / "given").mkdir(exist_ok=True)
            (target / "given" / part.name).write_bytes(part.read_text(encoding="utf-8").encode())
    for page in sorted(pages(written.read_text(encoding="utf-8"))):
        (target / FOLDER).mkdir(exist_ok=True)
        (target / FOLDER / page).write_bytes((docs / page).read_text(encoding="utf-8").encode())
