"""A student's own copy of a released lesson, which nothing here ever overwrites."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MINE = "my_course"


class NoLesson(LookupError):
    """There is no such lesson to open; the message says what there is and what to do."""


def release_folder(start: Path | None = None) -> Path:
    """Return the ``release/`` to copy from: the one in `start` (default: here), else the repository's.

    Raises
    ------
    NoLesson
        If neither is there.
    """
    for place in (start or Path.cwd(), ROOT):
        if (place / "release").is_dir():
            return place / "release"
    raise NoLesson(
        f"there is no release/ folder in {start or Path.cwd()}.\n"
        "Go to the course's folder, or make the folder there with: gradschool build"
    )


def released(release: Path) -> list[str]:
    """List the ids of the lessons in a ``release/`` folder, in lesson order."""
    return sorted(path.parent.name for path in release.glob("*/*.ipynb") if path.stem == path.parent.name)


def open_copy(lesson: str | None, release: Path, mine: Path) -> Path:
    """Make sure that the student has a copy of a lesson.

    Parameters
    ----------
    lesson : str or None
        The lesson's id, its beginning (``"l05"``) or its number (``"5"``); None for the first one.
    release : Path
        The released lessons.
    mine : Path
        The folder of the student's own work. A lesson that is in it already is left as it is.

    Returns
    -------
    Path
        The student's notebook.

    Raises
    ------
    NoLesson
        If `lesson` names no released lesson, or more than one.
    """
    lesson = _find(lesson, released(release), release)
    target = mine / lesson
    if not target.exists():
        mine.mkdir(parents=True, exist_ok=True)
        # A copy that is interrupted must not look like a lesson that is there.
        with tempfile.TemporaryDirectory(dir=mine, prefix=".copying-") as scratch:
            shutil.copytree(release / lesson, Path(scratch) / lesson)
            (Path(scratch) / lesson).rename(target)
    notebook = target / f"{lesson}.ipynb"
    if not notebook.is_file():
        raise NoLesson(
            f"{target} is there, but has no {notebook.name} in it.\n"
            f"Put your notebook back, or move {target} away to get a fresh copy."
        )
    return notebook


def _find(wanted: str | None, lessons: list[str], release: Path) -> str:
    if not lessons:
        raise NoLesson(f"there is no lesson in {release}.\nMake it with: gradschool build")
    if wanted is None:
        return lessons[0]
    start = f"l{int(wanted):02}" if wanted.isdecimal() else wanted
    fits = [lesson for lesson in lessons if lesson == start] or [
        lesson for lesson in lessons if lesson.startswith(start)
    ]
    if len(fits) != 1:
        raise NoLesson(f"no released lesson is called {wanted!r}.\nThere are: {', '.join(lessons)}")
    return fits[0]
