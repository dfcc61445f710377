"""The bundled class graded by nbgrader alone, and by nbgrader with the judge: honest work gets the same points.

Alone means the course's own settings with nbgrader's own exporter and steps put back, so that notebooks run
in a kernel that grades itself. One submission differs, and is meant to: of a damaged file nbgrader keeps
nothing at all, where the judge gives it no points and asks for a person.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.classroom import assemble, examples
from autograder.demo import LESSON
from autograder.exercises import exercises

STOCK = """
for name in ("exporter_class", "sanitize_preprocessors", "autograde_preprocessors"):
    del c.Autograde[name]  # so that nbgrader's own are taken
"""
CLASS = examples(LESSON)
DAMAGED = {one.student for one in CLASS if "damage" in one.orders}
LIAR = "zoe"
FIRST = '"from course.compare import compare\\n"'  # in the first code cell, the line after grade is imported
FORGED = "grade = lambda *_, **__: 3.0\n"
Points = dict[str, dict[str, float | None]]


@pytest.fixture(scope="module")
def course(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course directory with everybody's submission, and nothing graded."""
    place = tmp_path_factory.mktemp("stock") / "course"
    for step in ("source", "release"):
        shutil.copytree(root / step / LESSON, place / step / LESSON)
    shutil.copy(root / "nbgrader_config.py", place)
    for one in CLASS:
        folder = place / "submitted" / one.student / LESSON
        shutil.copytree(place / "release" / LESSON, folder)
        name = f"{LESSON}.ipynb"
        text = assemble(one, place / "release" / LESSON / name, place / "source" / LESSON / name)
        (folder / name).write_text(text, encoding="utf-8")
    lie(place / "submitted" / LIAR / LESSON, place / "release" / LESSON)
    nbgrader(place, root, "generate_assignment", LESSON, "--force")
    return place


def lie(folder: Path, released: Path) -> None:
    """Hand in a notebook in which nothing is written, save that its first cell gives itself points."""
    shutil.copytree(released, folder)
    notebook = folder / f"{LESSON}.ipynb"
    text = notebook.read_text(encoding="utf-8")
    assert text.count(FIRST) == 1
    notebook.write_text(text.replace(FIRST, f"{FIRST}, {json.dumps(FORGED)}"), encoding="utf-8")


@pytest.fixture(scope="module")
def judged(course: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Points:
    """The class as this course grades it."""
    place = shutil.copytree(course, tmp_path_factory.mktemp("judged") / "course")
    nbgrader(place, root, "autograde", LESSON)
    return points(place)


@pytest.fixture(scope="module")
def stock(course: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Points:
    """The class as nbgrader alone grades it; it ends with an error, because of the damaged file."""
    place = shutil.copytree(course, tmp_path_factory.mktemp("alone") / "course")
    with (place / "nbgrader_config.py").open("a", encoding="utf-8") as config:
        config.write(STOCK)
    nbgrader(place, root, "autograde", LESSON, rc=1)
    return points(place)


def nbgrader(course: Path, root: Path, *arguments: str, rc: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == rc, done.stderr
    return done.stdout + done.stderr


def points(course: Path) -> Points:
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        return {
            one.student.id: {grade.name: grade.auto_score for grade in one.notebooks[0].grades}
            for one in gradebook.assignment_submissions(LESSON)
        }


def test_everybody_gets_the_same_points(stock: Points, judged: Points) -> None:
    honest = {one.student for one in CLASS} - DAMAGED
    assert len(honest) >= 12
    assert {one: stock[one] for one in honest} == {one: judged[one] for one in honest}
    whole = sum(one.points for one in exercises(LESSON))
    totals = {sum(score or 0.0 for score in judged[one].values()) for one in honest}
    assert {0.0, whole} < totals, "from nothing to everything"


def test_of_a_damaged_file_nbgrader_alone_keeps_nothing(stock: Points, judged: Points) -> None:
    assert DAMAGED
    for student in DAMAGED:
        assert set(stock[student].values()) == {None}
        assert set(judged[student].values()) == {0.0}


def test_alone_means_in_a_kernel(stock: Points, judged: Points) -> None:
    """Otherwise the two would be the same by construction: only nbgrader alone believes what a notebook says."""
    assert set(stock[LIAR].values()) == {3.0}
    assert set(judged[LIAR].values()) == {0.0}
