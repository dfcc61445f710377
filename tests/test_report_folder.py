"""`gradschool report`: everybody who handed something in is in it, graded or not."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from autograder.report import folder

LESSON = "l05_retain_graph"


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course directory with two submissions: one that nbgrader lists but could not grade, one it never saw."""
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\n")
    for student, text in {"zoe": '{"cells": [', "ann": '{"cells": []}'}.items():
        place = tmp_path / "submitted" / student / LESSON
        place.mkdir(parents=True)
        (place / f"{LESSON}.ipynb").write_text(text)
    (tmp_path / "gradebook.db").touch()
    return tmp_path


@pytest.fixture
def gradebook(course: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    # A new gradebook needs alembic, which stands beside this Python.
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    (course / "gradebook.db").unlink()
    from nbgrader.api import Gradebook

    Gradebook(f"sqlite:///{course / 'gradebook.db'}").close()
    with folder.open_gradebook(course) as opened:
        yield opened


def test_a_gradebook_without_grades_says_what_to_do(gradebook: Any) -> None:
    with pytest.raises(folder.NothingGraded, match="Grade first: nbgrader autograde LESSON"):
        folder.graded_lessons(gradebook)


def test_who_has_no_grade_is_told_apart(course: Path, gradebook: Any) -> None:
    gradebook.add_assignment(LESSON)
    gradebook.add_student("zoe")
    gradebook.add_submission(LESSON, "zoe")
    assert folder.graded_lessons(gradebook) == [LESSON]
    ann, zoe = folder.rows_of(gradebook, course, LESSON)
    assert (ann.student, zoe.student) == ("ann", "zoe")
    assert ann.sentence == "Not graded yet."
    assert ann.human == []
    assert zoe.sentence.startswith("A person must look: The file is damaged")
    assert set(ann.scores.values()) == {None}
    written = folder.write(course, LESSON, [ann, zoe])
    assert written.name == f"class_report_{LESSON}.html"
    text = written.read_text(encoding="utf-8")
    assert "The file is damaged" in text
    assert "Not graded yet" in text
    lines = written.with_suffix(".csv").read_text(encoding="utf-8-sig").splitlines()
    assert [line.partition(",")[0] for line in lines] == ["student", "ann", "zoe"]


def test_an_assignment_of_another_course_is_left_out(gradebook: Any) -> None:
    gradebook.add_assignment("homework")
    gradebook.add_student("zoe")
    gradebook.add_submission("homework", "zoe")
    with pytest.raises(folder.NothingGraded, match="no graded lesson"):
        folder.graded_lessons(gradebook)


def test_a_submission_without_the_notebook(course: Path) -> None:
    (course / "submitted" / "ann" / LESSON / f"{LESSON}.ipynb").rename(course / "renamed.ipynb")
    said = folder.why_not(course / "submitted" / "ann" / LESSON, LESSON)
    assert said.startswith(f"There is no {LESSON}.ipynb in this submission.")


def test_the_gradebook_is_where_the_settings_say(course: Path) -> None:
    (course / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.db_url = 'sqlite:////nowhere/grades.db'\n"
    )
    with pytest.raises(folder.NothingGraded, match=r"there is no gradebook at /nowhere/grades\.db"):
        folder.open_gradebook(course)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"cells": [', "cannot be read beyond line 1"),
        (b"", "is empty"),
        (b"[]", "has no cells"),
        (b'{"cells": []}', ""),
    ],
)
def test_what_is_no_notebook_is_said_so(course: Path, content: bytes, says: str) -> None:
    place = course / "submitted" / "ann" / LESSON
    (place / f"{LESSON}.ipynb").write_bytes(content)
    found = folder.why_not(place, LESSON)
    assert (says in found) if says else found == ""


def test_a_link_is_not_followed(course: Path) -> None:
    place = course / "submitted" / "ann" / LESSON
    (place / f"{LESSON}.ipynb").unlink()
    (place / f"{LESSON}.ipynb").symlink_to(course / "submitted" / "zoe" / LESSON / f"{LESSON}.ipynb")
    assert folder.why_not(place, LESSON) == "The file is a link. Ask for it again."
