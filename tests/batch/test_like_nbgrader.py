"""What the batch leaves behind is what nbgrader leaves: row by row, file by file, byte by byte."""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from traitlets.config.loader import PyFileConfigLoader
from typer.testing import CliRunner

from autograder.cli import app
from tests.batch.conftest import LESSON, hand_in, settle
from tests.batch.rows import files, rows

STUDENTS = ["ada", "ben", "dmitri", "kofi"]
LATE = 'c.LateSubmissionPlugin.penalty_method = "zero"'


def nbgrader(course: Path) -> Any:
    config = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
    config.CourseDirectory.root = str(course)
    config.Exchange.root = str(course.parent / "exchange")
    return NbGraderAPI(config=config)


def grade(course: Path, *options: str) -> str:
    result = CliRunner().invoke(app, ["grade", LESSON, "--course", str(course), *options])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def pair(make_course: Callable[..., Path], root: Path) -> tuple[Path, Path]:
    """Two equal courses with late work, an extension and a manual score: (ours, nbgrader's)."""
    ours = make_course(STUDENTS, "ours")
    settle(ours, root, LATE)
    for student, day in (("ada", 1), ("dmitri", 3), ("ben", 3)):
        folder = ours / "submitted" / student / LESSON
        (folder / "timestamp.txt").write_text(f"2026-10-0{day} 12:00:00.000000 UTC\n")
        (folder / "submission_secret.txt").write_text(f"secret of {student}")
        (folder / "notes.txt").write_text("not wanted")
    with Gradebook(f"sqlite:///{ours}/gradebook.db", "gradschool") as book:
        book.find_assignment(LESSON).duedate = datetime.datetime(2026, 10, 2)
        book.db.commit()
    grade(ours, "--no-feedback")
    theirs = ours.parent / "theirs"
    shutil.copytree(ours, theirs)  # with the secret and the results, which nbgrader then finds
    for name in ("autograded", "gradebook.db"):
        path = theirs / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return ours, theirs


def test_same_rows_and_files_as_nbgrader(pair: tuple[Path, Path], bare: Path) -> None:
    ours, theirs = pair
    shutil.copy(bare / "gradebook.db", theirs)
    with Gradebook(f"sqlite:///{theirs}/gradebook.db", "gradschool") as book:
        book.find_assignment(LESSON).duedate = datetime.datetime(2026, 10, 2)
        book.db.commit()
    api = nbgrader(theirs)
    for student in STUDENTS:
        done = api.autograde(LESSON, student)
        assert done["success"], done
    assert rows(ours) == rows(theirs)
    late = [row for row in rows(ours) if row[0] == "notebook" and row[1] == "dmitri"]
    assert late[0][-1] == 6.0, "dmitri was late, and loses all"
    assert any(row[0] == "comment" and "No response." in row for row in rows(ours))
    assert files(ours / "autograded") == files(theirs / "autograded")

    grade(ours)  # now the feedback
    for student in STUDENTS:
        done = api.generate_feedback(LESSON, student)
        assert done["success"], done
    # The days differ only if midnight passed; then the page says so too.
    assert files(ours / "feedback") == files(theirs / "feedback")


def test_nbgrader_goes_on_where_we_stopped(make_course: Callable[..., Path]) -> None:
    """After ours, nbgrader finds everything done; and its feedback can be released."""
    course = make_course(["goran"])
    folder = course / "submitted" / "goran" / LESSON
    (folder / "timestamp.txt").write_text("2026-10-01 12:00:00.000000 UTC")
    (folder / "submission_secret.txt").write_text("a secret")
    grade(course)
    before = files(course / "autograded"), files(course / "feedback"), rows(course)
    api = nbgrader(course)
    (course.parent / "exchange").mkdir(mode=0o777)
    (course.parent / "exchange").chmod(0o777)
    assert api.autograde(LESSON, "goran", force=False)["success"]
    assert api.generate_feedback(LESSON, "goran", force=False)["success"]
    assert (files(course / "autograded"), files(course / "feedback"), rows(course)) == before
    done = api.release_feedback(LESSON)
    assert done["success"], done
    (released,) = (course.parent / "exchange").rglob("*.html")
    assert released.read_bytes() == (course / "feedback" / "goran" / LESSON / f"{LESSON}.html").read_bytes()


def test_what_a_person_did_is_kept(make_course: Callable[..., Path]) -> None:
    """A second run touches nothing; a resubmission does, and asks for the person again."""
    course = make_course(["goran", "ben"])
    grade(course)
    with Gradebook(f"sqlite:///{course}/gradebook.db", "gradschool") as book:
        given = book.find_grade("grade-saved-tensor", LESSON, LESSON, "goran")
        given.manual_score, given.needs_manual_grade = 4.0, False
        book.find_comment("saved-tensor", LESSON, LESSON, "goran").manual_comment = "Nearly <there>."
        book.db.commit()
    before, graded = rows(course), files(course / "autograded")
    shown = (course / "feedback" / "goran" / LESSON / f"{LESSON}.html").read_text(encoding="utf-8")
    assert "Nearly" not in shown
    said = grade(course)
    assert "Written: 0; unchanged: 2" in said
    assert "Feedback pages written: 1" in said, "the page of the one whose score changed"
    assert (rows(course), files(course / "autograded")) == (before, graded)
    page = (course / "feedback" / "goran" / LESSON / f"{LESSON}.html").read_text(encoding="utf-8")
    assert "Nearly" in page
    assert page != shown

    hand_in(course, "emeka", "goran")
    (course / "submitted" / "goran" / LESSON / "timestamp.txt").write_text("2026-10-01 12:00:00.000000 UTC")
    assert "Written: 1; unchanged: 1" in grade(course)
    now = rows(course)
    assert ("grade", "goran", LESSON, "grade-saved-tensor", 3.0, 4.0, None, True) in now
    assert ("submission", LESSON, "goran", datetime.datetime(2026, 10, 1, 12), None) in now
    assert [row for row in now if "ben" in row] == [row for row in before if "ben" in row]


def test_who_comes_late_after_the_others_were_graded(make_course: Callable[..., Path], root: Path) -> None:
    """A new submission's rows are made in the same transaction in which its penalty is set."""
    course = make_course(["ada"])
    settle(course, root)
    with Gradebook(f"sqlite:///{course}/gradebook.db", "gradschool") as book:
        book.find_assignment(LESSON).duedate = datetime.datetime(2026, 10, 2)
        book.db.commit()
    grade(course, "--no-feedback")
    settle(course, root, LATE)
    file = hand_in(course, "hana")
    (file.parent / "timestamp.txt").write_text("2026-10-03 12:00:00.000000 UTC\n")
    grade(course, "--no-feedback")
    late = {row[1]: row for row in rows(course) if row[0] == "notebook"}
    assert late["hana"][-1] == 11.0
    assert not late["ada"][-1]
