"""Plain ``nbgrader autograde``: it finds whatever the batch finds, and says what the batch says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from nbgrader.api import Gradebook

from autograder.batch import result
from autograder.report import folder
from autograder.sandbox import layers
from tests.batch.conftest import LESSON, hand_in
from tests.batch.rows import files, rows
from tests.batch.test_like_nbgrader import grade, nbgrader


def test_whatever_the_file_is_called_and_where_code_runs(make_course: Callable[..., Path]) -> None:
    course = make_course([])
    hand_in(course, "goran", "renamed", "My work (1).ipynb")
    hand_in(course, "goran", "several", "one.ipynb")
    hand_in(course, "ada", "several", "two.ipynb")
    hand_in(course, "goran", "usual")
    hand_in(course, "ada", "usual", "scratch.ipynb")
    (course / "submitted" / "nothing" / LESSON).mkdir(parents=True)
    done = nbgrader(course).autograde(LESSON, "*")
    assert done["success"], done
    assert done["log"].count(str(layers.probe())) == 1
    with Gradebook(f"sqlite:///{course}/gradebook.db", "gradschool") as book:
        found = {one.student_id: (one.score, one.needs_manual_grade) for one in book.assignment_submissions(LESSON)}
        assert found == {
            "nothing": (0.0, True),
            "renamed": (1.11, False),
            "several": (0.0, True),
            "usual": (1.11, False),
        }
        people = {row.student: row for row in folder.rows_of(book, course, LESSON)}
    assert people["renamed"].flags == ["The notebook was called 'My work (1).ipynb'."]
    assert people["several"].human == [f"There are 2 notebooks and none is called {LESSON}.ipynb. Ask for it again."]
    assert people["nothing"].human == [f"There is no {LESSON}.ipynb in this submission. Ask for it again."]

    before = files(course / "autograded"), rows(course)
    grade(course, "--no-feedback")
    assert (files(course / "autograded"), rows(course)) == before, "the batch says the same of them all"


def test_one_renamed_notebook_alone(make_course: Callable[..., Path]) -> None:
    """As formgrader's button grades it."""
    course = make_course([])
    hand_in(course, "goran", "renamed", "My work (1).ipynb")
    done = nbgrader(course).autograde(LESSON, "renamed")
    assert done["success"], done
    with Gradebook(f"sqlite:///{course}/gradebook.db", "gradschool") as book:
        assert book.find_submission(LESSON, "renamed").score == 1.11


def test_results_are_found_after_an_upgrade(make_course: Callable[..., Path], monkeypatch) -> None:
    """A graded notebook says which result is its own, whoever graded it."""
    course = make_course(["goran"])
    grade(course, "--no-feedback")
    hand_in(course, "emeka")
    assert nbgrader(course).autograde(LESSON, "emeka")["success"]
    monkeypatch.setattr(result, "judging", lambda: "of next year")
    with Gradebook(f"sqlite:///{course}/gradebook.db", "gradschool") as book:
        failed = {row.student: row.failed for row in folder.rows_of(book, course, LESSON)}
    assert failed.keys() == {"goran", "emeka"}
    assert all(failed[student]["saved-tensor"] for student in failed)

    for path in (course / "autograded").rglob("*.ipynb"):  # as notebooks are that were graded before
        path.chmod(0o644)
        notebook = json.loads(path.read_text(encoding="utf-8"))
        del notebook["metadata"]["gradschool"]["key"]
        path.write_text(json.dumps(notebook), encoding="utf-8")
    with Gradebook(f"sqlite:///{course}/gradebook.db", "gradschool") as book:
        assert [row.failed for row in folder.rows_of(book, course, LESSON)] == [None, None]
        monkeypatch.undo()
        assert all(row.failed for row in folder.rows_of(book, course, LESSON))


def test_a_name_that_is_a_path_is_not_followed(make_course: Callable[..., Path]) -> None:
    """A notebook that nbgrader graded without us carries metadata that a student wrote."""
    course = make_course(["goran"])
    grade(course, "--no-feedback")
    path = course / "autograded" / "goran" / LESSON / f"{LESSON}.ipynb"
    (stored,) = (course / ".gradschool" / "results" / LESSON).glob("*.json")
    (course / "x.json").write_bytes(stored.read_bytes())
    for name in ("../../../x", 7, ["a"]):
        path.chmod(0o644)
        notebook = json.loads(path.read_text(encoding="utf-8"))
        notebook["metadata"]["gradschool"] = {"key": name}
        path.write_text(json.dumps(notebook), encoding="utf-8")
        with Gradebook(f"sqlite:///{course}/gradebook.db", "gradschool") as book:
            assert [row.failed for row in folder.rows_of(book, course, LESSON)] == [None]
