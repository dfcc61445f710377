"""A gradebook with everything in it that has ever broken an import."""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

LESSON = "l05_retain_graph"
DUE = datetime.datetime(2026, 3, 1, 12)
CELLS = {"grade-saved-tensor": 5, "grade-release-rule": 3, "grade-saved-bytes": 3}
PEOPLE: dict[str, dict[str, str]] = {
    "ada": {"last_name": "Lovelace", "first_name": "Ada", "email": "ada@example.org", "lms_user_id": "77"},
    "bert": {"last_name": 'O"Neil, Jr.', "first_name": "Bert", "email": "bert@example.org"},
    "chloe": {"last_name": "Müller-Łuź", "first_name": "Chloé 李", "email": "chloe@example.org"},
    "dora": {"last_name": "=HYPERLINK(1)", "first_name": "@Dora", "email": "dora@example.org"},
    "emil": {"last_name": "Late", "first_name": "Emil", "email": "emil@example.org"},
    "fay": {"last_name": "Nothing", "first_name": "Fay", "email": "fay@example.org"},
    "gus": {},
    "=cmd": {"last_name": "Odd", "first_name": "Id", "email": "odd@example.org"},
}
SCORES = {"ada": (5, 3, 3), "bert": (0.5, 3, 1.25), "chloe": (0, 0, 0), "dora": (5, 0, 0), "emil": (5, 3, 2)}


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty course directory."""
    # A new gradebook needs alembic, which stands beside this Python.
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\n")
    return tmp_path


@pytest.fixture
def gradebook(course: Path) -> Iterator[Any]:
    """Two lessons; of the second nobody handed anything in."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        for lesson in (LESSON, "l06_versions"):
            book.add_assignment(lesson, duedate=DUE)
            book.add_notebook(lesson, lesson)
            for name, most in CELLS.items():
                book.add_grade_cell(name, lesson, lesson, max_score=most, cell_type="code")
        for student, told in PEOPLE.items():
            book.add_student(student, **told)
        for student, scores in SCORES.items():
            late = datetime.timedelta(days=1, hours=3) if student == "emil" else datetime.timedelta(0)
            book.add_submission(LESSON, student, timestamp=DUE + late)
            notebook = book.find_submission_notebook(LESSON, LESSON, student)
            notebook.late_submission_penalty = 2.5 if late else None
            for name, score in zip(CELLS, scores, strict=True):
                book.find_grade(name, LESSON, LESSON, student).auto_score = score
        book.add_submission(LESSON, "gus", timestamp=DUE)
        book.db.commit()
        yield book
