"""The whole way with real nbgrader: build, release, submit, autograde, feedback, report."""

from __future__ import annotations

import csv
import html
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from rich.console import Console

from autograder import demo
from autograder.classroom import EXAMPLES, Example, assemble, examples, read
from autograder.demo import LESSON, Outcome
from autograder.exercises import exercises
from autograder.report import Row, folder, results

pytestmark = pytest.mark.xdist_group("pipeline")
WHOLE = sum(one.points for one in exercises(LESSON))
CLASS = {one.student: one for one in examples(LESSON)}


@pytest.fixture(scope="session")
def graded(root: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, str, Path]:
    """The bundled class, graded once for all tests here: (outcome, what was printed, course directory)."""
    course = tmp_path_factory.mktemp("course") / "demo"
    before = {path.name for path in root.iterdir()}
    out = io.StringIO()
    outcome = demo.run(root=root, course=course, console=Console(file=out, width=100))
    assert {path.name for path in root.iterdir()} - before <= {"build"}, "the repository was touched"
    return outcome, out.getvalue(), course


def row(graded: tuple[Outcome, str, Path], student: str) -> Row:
    return next(one for one in graded[0].rows if one.student == student)


def test_the_class_is_complete() -> None:
    assert len(CLASS) >= 10
    assert all(one.shows for one in CLASS.values())
    assert sum("a fault" in one.shows for one in CLASS.values()) >= 5


RIGHT = [name for name, one in CLASS.items() if one.shows.startswith(("right,", "the reference"))]


@pytest.mark.parametrize("student", RIGHT)
def test_right_submissions_earn_full_marks(graded: tuple[Outcome, str, Path], student: str) -> None:
    """The reference, two that are written differently, and one that prints and warns."""
    one = row(graded, student)
    assert one.total == WHOLE, one.said
    assert one.human == []
    assert one.sentence == "Everything agrees with torch."


def test_the_untouched_release_scores_nothing(graded: tuple[Outcome, str, Path]) -> None:
    one = row(graded, "ben")
    assert list(one.scores.values()) == [0.0, 0.0, 0.0]
    assert one.sentence == "Nothing is written yet."
    assert one.human == []


FAULTS = [name for name, one in CLASS.items() if one.shows.startswith("a fault")]


@pytest.mark.parametrize("student", FAULTS)
def test_each_fault_costs_something_and_gets_its_sentence(graded: tuple[Outcome, str, Path], student: str) -> None:
    one = row(graded, student)
    assert 0 < one.total < WHOLE
    wrong = [said for said in one.said.values() if said.ideas]
    assert wrong, f"no idea was recognised: {one.said}"
    assert one.sentence in wrong[0].ideas


def test_faults_are_recognised_for_what_they_are(graded: tuple[Outcome, str, Path]) -> None:
    expected = {
        "carla": "release() must let go",
        "dmitri": "Look at retain_graph",
        "emeka": "keep output.detach()",
        "fatima": "Remember which nodes you have seen",
        "goran": "must raise RuntimeError",
    }
    for student, words in expected.items():
        assert words in row(graded, student).sentence


def test_a_deleted_check_does_not_matter(graded: tuple[Outcome, str, Path]) -> None:
    """What is graded is the author's notebook with the student's texts in it."""
    one = row(graded, "june")
    rule = next(exercise for exercise in exercises(LESSON) if exercise.id == "release-rule")
    assert one.scores["release-rule"] == rule.points
    assert one.sentence == "Not written yet: saved_bytes."
    assert one.human == one.flags == []


def test_a_damaged_notebook_stops_nobody(graded: tuple[Outcome, str, Path]) -> None:
    outcome, printed, course = graded
    one = row(graded, "kofi")
    assert list(one.scores.values()) == [0.0, 0.0, 0.0]
    assert one.sentence.startswith("A person must look: The file is damaged: it cannot be read beyond line")
    assert len(one.human) == 1, "said once, not for each exercise"
    assert "A person must look: The file is damaged" in " ".join(printed.replace("|", " ").split())
    after = [other.student for other in outcome.rows if other.student > "kofi"]
    assert after
    assert all(row(graded, student).said for student in after)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        waiting = {one.student.id for one in gradebook.assignment_submissions(LESSON) if one.needs_manual_grade}
    assert waiting == {"kofi"}


def test_a_cell_that_does_not_compile_costs_its_exercise_only(graded: tuple[Outcome, str, Path]) -> None:
    one = row(graded, "lena")
    assert one.scores["saved-tensor"] == 0.0
    assert one.scores["release-rule"] == 3.0
    said = "Its cell does not run: SyntaxError: expected ':' (line 2 of the cell)"
    assert one.sentence == said
    assert one.human == []
    assert said in escaped(feedback(graded, "lena"))


def test_flags_reach_the_teacher_and_the_student(graded: tuple[Outcome, str, Path], root: Path, tmp_path: Path) -> None:
    """A copied cell: graded, and said so."""
    course = tmp_path / "course"
    shutil.copytree(graded[2], course, ignore=shutil.ignore_patterns("submitted", "autograded", "feedback"))
    shutil.copy(root / "nbgrader_config.py", course)
    notebook = json.loads((graded[2] / "submitted" / "ada" / LESSON / f"{LESSON}.ipynb").read_text())
    cells = notebook["cells"]
    nth = next(n for n, cell in enumerate(cells) if "class SavedTensor" in "".join(cell["source"]))
    cells.insert(nth, {**cells[nth], "source": ["class SavedTensor: pass"]})
    place = course / "submitted" / "ada" / LESSON
    place.mkdir(parents=True)
    (place / f"{LESSON}.ipynb").write_text(json.dumps(notebook))
    nbgrader(course, root, "autograde", LESSON, "--student", "ada")
    nbgrader(course, root, "generate_feedback", LESSON, "--student", "ada")
    with folder.open_gradebook(course) as gradebook:
        one = next(one for one in folder.rows_of(gradebook, course, LESSON) if one.student == "ada")
    assert one.total == WHOLE
    flag = "There are 2 cells 'saved-tensor'; the last one that was written in was graded."
    assert one.flags == [flag]
    assert flag in escaped(folder.write(course, LESSON, [one]).read_text(encoding="utf-8"))
    assert flag in escaped((course / "feedback" / "ada" / LESSON / f"{LESSON}.html").read_text(encoding="utf-8"))


def test_everybody_gets_feedback(graded: tuple[Outcome, str, Path]) -> None:
    for student in CLASS:
        assert LESSON in {path.stem for path in (graded[2] / "feedback" / student / LESSON).glob("*.html")}
    text = escaped(feedback(graded, "emeka"))
    for words in ("keep output.detach()", "saved-tensor: 3 of 5 points", "torch gives", 'compare("saved.no-cycle"'):
        assert words in text
    assert "Hand it in again" in feedback(graded, "kofi")


def test_feedback_runs_nothing_and_shows_no_test(graded: tuple[Outcome, str, Path]) -> None:
    for student in CLASS:
        text = feedback(graded, student)
        assert "default-src 'none'" in escaped(text)
        for bad in ("<script", "javascript:", "<iframe", "<object", "url(", 'src="http', "def two_", "grade("):
            assert bad not in text.lower(), f"{student}: {bad}"


def feedback(graded: tuple[Outcome, str, Path], student: str) -> str:
    return (graded[2] / "feedback" / student / LESSON / f"{LESSON}.html").read_text(encoding="utf-8")


def escaped(text: str) -> str:
    return html.unescape(text)


def test_the_table_names_every_student(graded: tuple[Outcome, str, Path]) -> None:
    printed = graded[1]
    assert printed.isascii()
    for student in CLASS:
        assert f"| {student} " in printed
    assert "[ 1/" in printed, "progress is shown"


def test_the_report_is_one_page(graded: tuple[Outcome, str, Path]) -> None:
    text = graded[0].report.read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert "prefers-color-scheme: dark" in text
    assert "<script" not in text
    assert "src=" not in text
    assert "url(" not in text
    for student in CLASS:
        assert f'<th scope="row">{student}</th>' in text
    for heading in ("Need a person to look", "Common wrong ideas", "Hardest scenarios", "Grades"):
        assert heading in text
    lines = list(csv.DictReader(graded[0].report.with_suffix(".csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [float(line["total"]) for line in lines] == [one.total for one in graded[0].rows]


def test_a_second_run_gives_the_same_grades(graded: tuple[Outcome, str, Path], root: Path, tmp_path: Path) -> None:
    chosen = ("ada", "emeka")
    (tmp_path / "examples" / LESSON).mkdir(parents=True)
    for student in chosen:
        shutil.copy(EXAMPLES / LESSON / f"{student}.py", tmp_path / "examples" / LESSON)
    quiet = Console(file=io.StringIO())
    course = tmp_path / "demo"
    shutil.copytree(graded[2], course)
    again = demo.run(root=root, course=course, examples_from=tmp_path / "examples", console=quiet)
    assert [one.student for one in again.rows] == list(chosen)
    for one in again.rows:
        assert one.scores == row(graded, one.student).scores


def test_plain_nbgrader_commands_work(graded: tuple[Outcome, str, Path], root: Path, tmp_path: Path) -> None:
    """In a course directory that holds only the configuration, the source and a submission."""
    shutil.copy(root / "nbgrader_config.py", tmp_path)
    course = graded[2]
    shutil.copytree(course / "source", tmp_path / "source")
    shutil.copytree(course / "submitted" / "ada", tmp_path / "submitted" / "ada")
    nbgrader(tmp_path, root, "generate_assignment", LESSON)
    made = tmp_path / "release" / LESSON / f"{LESSON}.ipynb"
    assert made.read_text() == (root / "release" / LESSON / f"{LESSON}.ipynb").read_text()
    nbgrader(tmp_path, root, "autograde", LESSON, "--student", "ada")
    told = results.read(tmp_path / "autograded" / "ada" / LESSON / f"{LESSON}.ipynb")
    assert all(said.text and not said.first for said in told.said.values())
    validated = nbgrader(tmp_path, root, "validate", f"source/{LESSON}/{LESSON}.ipynb")
    assert "Success! Your notebook passes all the tests." in validated


def nbgrader(course: Path, root: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


# --- without nbgrader -------------------------------------------------------------------------


def test_a_folder_that_is_not_the_demos_is_left_alone(root: Path, tmp_path: Path) -> None:
    (tmp_path / "gradebook.db").write_text("a year of grades")
    with pytest.raises(FileExistsError, match="was not made by the demo"):
        demo.run(root=root, course=tmp_path, console=Console(file=io.StringIO()))
    assert (tmp_path / "gradebook.db").read_text() == "a year of grades"


def notebook(tmp_path: Path) -> Path:
    cell = {
        "cell_type": "code",
        "metadata": {"nbgrader": {"grade_id": "box", "solution": True, "grade": False}},
        "source": ["stub"],
    }
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def test_examples_are_put_together(tmp_path: Path) -> None:
    path = notebook(tmp_path)
    (tmp_path / "zoe.py").write_text("# class: shows something\n# do: damage\n\n# %% box\nx = 1\ny = 2\n")
    example = read(tmp_path / "zoe.py")
    assert example == Example("zoe", "shows something", {"box": "x = 1\ny = 2"}, ("damage",))
    whole = assemble(Example("zoe", "", example.cells), path, path)
    assert json.loads(whole)["cells"][0]["source"] == ["x = 1\n", "y = 2"]
    with pytest.raises(json.JSONDecodeError):
        json.loads(assemble(example, path, path))


@pytest.mark.parametrize(
    ("example", "says"),
    [
        (Example("zoe", "", {"bax": "x"}), "no cell 'bax'"),
        (Example("zoe", "", {}, ("delete box",)), "no cell 'grade-box'"),
        (Example("zoe", "", {}, ("burn",)), "no such order: 'burn'"),
    ],
)
def test_an_example_that_fits_no_notebook_is_refused(tmp_path: Path, example: Example, says: str) -> None:
    path = notebook(tmp_path)
    with pytest.raises(ValueError, match=says):
        assemble(example, path, path)
