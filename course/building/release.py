"""Let nbgrader make the students' version."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from traitlets.config.loader import PyFileConfigLoader

from course.building.solution import BuildError


def nbgrader_in(course: Path, root: Path, *, gradebook: bool) -> Any:
    """Return nbgrader's API with ``course`` as the course directory and the settings of ``root``.

    nbgrader derives the place of its gradebook from the course directory, so with a scratch
    directory the instructor's own is not touched. Without a gradebook (nbgrader's ``--no-db``)
    a release takes a tenth of the time: to create the database nbgrader starts itself once more.
    """
    from nbgrader.apps import NbGraderAPI  # over a second to import, and only a build needs it

    config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    config.CourseDirectory.root = str(course.resolve())
    if not gradebook:
        config.SaveCells.enabled = False
        config.GenerateAssignment.no_database = True
    return NbGraderAPI(config=config)


def generate(api: Any, course: Path, lessons: Sequence[str]) -> None:
    """Run nbgrader's ``generate_assignment`` in a course directory that has ``source/``.

    Parameters
    ----------
    api : NbGraderAPI
        As `nbgrader_in` makes it.
    course : Path
        The course directory.
    lessons : sequence of str
        Lesson ids.
    """
    for lesson in lessons:
        result = api.generate_assignment(lesson, force=True, create=True)
        if not result["success"]:
            why = result.get("error") or result.get("log")
            raise BuildError(f"nbgrader could not release {lesson}:\n{why}")
        for notebook in (course / "release" / lesson).glob("*.ipynb"):
            text = notebook.read_text(encoding="utf-8").rstrip("\n") + "\n"
            notebook.write_bytes(text.encode())  # the same line ends on every system


def release(root: Path, into: Path, lessons: Sequence[str]) -> None:
    """Make ``into/release`` from ``into/source`` in a scratch directory that leaves nothing behind."""
    with tempfile.TemporaryDirectory(prefix="gradschool-build-", ignore_cleanup_errors=True) as name:
        course = Path(name).resolve()
        for lesson in lessons:
            shutil.copytree(into / "source" / lesson, course / "source" / lesson)
        generate(nbgrader_in(course, root, gradebook=False), course, lessons)
        for lesson in lessons:
            shutil.rmtree(into / "release" / lesson, ignore_errors=True)
            shutil.copytree(course / "release" / lesson, into / "release" / lesson)
