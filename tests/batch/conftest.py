"""A small class in a course directory, made once and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from autograder.classroom import assemble, examples
from course.building.release import generate, nbgrader_in

LESSON = "l05_retain_graph"
SETTINGS = """
__file__ = {file!r}
exec(open(__file__, encoding="utf-8").read())
{more}
"""
CLASS = {one.student: one for one in examples(LESSON)}


@pytest.fixture(scope="session")
def bare(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course directory with the lesson released, and nobody in it."""
    course = tmp_path_factory.mktemp("bare") / "course"
    shutil.copytree(root / "source" / LESSON, course / "source" / LESSON)
    generate(nbgrader_in(course, root, gradebook=True), course, [LESSON])
    settle(course, root)
    return course


def settle(course: Path, root: Path, more: str = "") -> None:
    """Give a course directory the repository's settings, and more."""
    text = SETTINGS.format(file=str(root / "nbgrader_config.py"), more=more)
    (course / "nbgrader_config.py").write_text(text, encoding="utf-8")


@pytest.fixture
def make_course(bare: Path, tmp_path: Path) -> Callable[..., Path]:
    """Return a function that makes a course directory of one's own with these students."""

    def make(students: Sequence[str], name: str = "course") -> Path:
        course = tmp_path / name
        shutil.copytree(bare, course)
        for student in students:
            hand_in(course, student)
        return course

    return make


def hand_in(course: Path, student: str, as_student: str = "", name: str = f"{LESSON}.ipynb") -> Path:
    """Hand a bundled submission in, under this or another name; return its file."""
    notebook = f"{LESSON}.ipynb"
    folder = course / "submitted" / (as_student or student) / LESSON
    folder.mkdir(parents=True, exist_ok=True)
    release, source = course / "release" / LESSON / notebook, course / "source" / LESSON / notebook
    (folder / name).write_text(assemble(CLASS[student], release, source), encoding="utf-8")
    return folder / name
