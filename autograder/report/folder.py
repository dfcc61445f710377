"""The class report of a real class: what plain nbgrader graded in a course directory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from traitlets.config.loader import PyFileConfigLoader

from autograder.batch.handed import carried_from_folder
from autograder.exercises import exercises
from autograder.report.page import page
from autograder.report.results import Row, blame, collect
from autograder.report.spreadsheet import table
from autograder.sandbox.transplant import carry


class NothingGraded(LookupError):
    """There are no grades to report on; the message says what to do."""


def open_gradebook(course: Path) -> Any:
    """Open the gradebook of a course directory, wherever its settings say that it is.

    Raises
    ------
    NothingGraded
        If this is no course directory, or it has no gradebook yet.
    """
    from nbgrader.api import Gradebook  # half a second to import
    from nbgrader.coursedir import CourseDirectory

    if not (course / "nbgrader_config.py").is_file():
        raise NothingGraded(f"{course} is no nbgrader course directory: it has no nbgrader_config.py.")
    config = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
    place = CourseDirectory(config=config)
    if "root" not in config.CourseDirectory:
        place.root = str(course)
    file = place.db_url.removeprefix("sqlite:///")
    if file != place.db_url and not Path(file).is_file():
        raise NothingGraded(f"there is no gradebook at {file}.\nGrade first: nbgrader autograde LESSON")
    return Gradebook(place.db_url, place.course_id)


def graded_lessons(gradebook: Any) -> list[str]:
    """List the lessons that the gradebook has submissions of.

    Raises
    ------
    NothingGraded
        If it has none.
    """
    known = {exercise.lesson for exercise in exercises()}
    found = sorted(one.name for one in gradebook.assignments if one.submissions and one.name in known)
    if not found:
        raise NothingGraded("the gradebook has no graded lesson.\nGrade first: nbgrader autograde LESSON")
    return found


def rows_of(gradebook: Any, course: Path, lesson: str) -> list[Row]:
    """Gather the results of everybody who handed a lesson in, graded or not."""
    submitted = {path.parent.name: path for path in (course / "submitted").glob(f"*/{lesson}")}
    there = {one.student.id for one in gradebook.assignment_submissions(lesson)}
    failures = {
        student: why_not(submitted[student], lesson)
        for student in there & set(submitted)
        if not (course / "autograded" / student / lesson / f"{lesson}.ipynb").is_file()
    }
    rows = collect(gradebook, lesson, course, failures)
    for student in set(submitted) - there:
        rows.append(Row(student, dict.fromkeys(one.id for one in exercises(lesson))))
        blame(rows[-1], why_not(submitted[student], lesson))
    return sorted(rows, key=lambda row: row.student)


def why_not(folder: Path, lesson: str) -> str:
    """Say why a submission cannot be graded, or nothing."""
    return carried_from_folder(folder, lesson, lambda file: carry(file, {"cells": []})).unreadable


def write(course: Path, lesson: str, rows: list[Row], name: str = "") -> Path:
    """Write the page beside the gradebook, and the table beside the page; return where the page is.

    Parameters
    ----------
    course : Path
        The course directory.
    lesson : str
        Lesson id.
    rows : list of Row
        The students.
    name : str
        What the two files are called, without their endings.
    """
    path = course / f"{name or f'class_report_{lesson}'}.html"
    path.write_bytes(page(f"Class report: {lesson}", exercises(lesson), rows).encode())
    path.with_suffix(".csv").write_bytes(table(exercises(lesson), rows).encode("utf-8-sig"))
    return path
