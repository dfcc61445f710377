"""Feedback pages as ``nbgrader generate_feedback`` writes them, many times as fast.

Which template, exporter and steps make a page is nbgrader's configuration, and stays so: this module
only keeps one exporter for the whole class, reads scores and comments for many students at once, and
renders the cells that are the same for everybody once (`autograder.batch.pages`).
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autograder.batch.course import Course, without_grammars
from autograder.batch.ledger import Ledger, replaced
from autograder.batch.pages import Pages
from autograder.batch.writer import CHUNK, Graded, Writer


class Feedback:
    """Writes the feedback of one lesson.

    Parameters
    ----------
    course : Course
        The course directory.
    writer : Writer
        Whose gradebook is read.
    """

    def __init__(self, course: Course, writer: Writer) -> None:
        self.course, self.lesson, self.scores = course, writer.lesson, writer.scores
        self.ledger = Ledger(course.own / "written" / f"{self.lesson}.feedback.json")
        with without_grammars():
            from nbgrader.converters import GenerateFeedback
        self._converter: Any = GenerateFeedback(coursedir=course.place, config=course.config)
        self._pages: Pages | None = None

    def write(self, graded: Sequence[Graded], force: bool = False) -> int:
        """Write the pages that are missing or no longer right; return how many."""
        written = 0
        students = [one.submission.student for one in graded]
        for start in range(0, len(students), CHUNK):
            written += self._write(students[start : start + CHUNK], force)
        return written

    def _write(self, students: Sequence[str], force: bool) -> int:
        rows = self.scores.rows(students)
        notes: dict[str, str] = {}
        for student in students:
            notebook = self.course.folder("autograded", student, self.lesson) / f"{self.lesson}.ipynb"
            row = next((one for one in rows[student].notebooks if one.name == self.lesson), None)
            if row is None or not notebook.is_file():
                continue
            told = Told(row)
            digest = told.digest(notebook)
            place = self.course.folder("feedback", student, self.lesson)
            if force or self.ledger.get(student) != digest or not (place / f"{self.lesson}.html").is_file():
                self._put(student, notebook, told, place)
                notes[student] = digest
        if notes:
            self.ledger.note(notes)
        return len(notes)

    def _put(self, student: str, notebook: Path, told: Told, place: Path) -> None:
        if self._pages is None:
            self._pages = Pages(self._converter)
        names = {
            "student": student,
            "assignment": self.lesson,
            "notebook": self.lesson,
            "db_url": self.course.place.db_url,
        }
        page = self._pages.page(notebook, names, told)
        with replaced(place) as made:
            (made / f"{self.lesson}.html").write_text(page, encoding="utf-8")
            left_out = shutil.ignore_patterns("*.ipynb", *self.course.place.ignore)
            shutil.copytree(notebook.parent, made, dirs_exist_ok=True, ignore=left_out, copy_function=shutil.copy)
        self._converter.set_permissions(self.lesson, student)


class Told:
    """What the gradebook says of one notebook, as `nbgrader.preprocessors.GetGrades` reads it.

    Parameters
    ----------
    row : nbgrader.api.SubmittedNotebook
        The notebook, with its grades and comments.
    """

    def __init__(self, row: Any) -> None:
        self.grades = {one.cell.name: (one.score, one.cell.max_score) for one in row.grades}
        self.comments = {one.cell.name: one.comment for one in row.comments}
        self.penalty = row.late_submission_penalty or 0

    def digest(self, notebook: Path) -> str:
        """Name a page by what it shows."""
        there = notebook.stat()
        shown = [sorted(self.grades.items()), sorted(self.comments.items()), self.penalty]
        return hashlib.sha256(json.dumps([*shown, there.st_mtime_ns, there.st_size]).encode()).hexdigest()

    def fill(self, notebook: Any, resources: Any) -> tuple[Any, Any]:
        """Put scores and comments where a template looks for them; a step among nbconvert's."""
        for cell in notebook.cells:
            marks = cell.metadata.get("nbgrader", {})
            name = marks.get("grade_id")
            if marks.get("solution") or marks.get("task"):
                marks["comment"] = self.comments.get(name)
            if (marks.get("grade") or marks.get("task")) and name in self.grades:
                marks["score"], marks["points"] = self.grades[name]
        score = sum(score for score, _ in self.grades.values())
        resources["nbgrader"]["score"] = score - self.penalty
        resources["nbgrader"]["max_score"] = sum(most for _, most in self.grades.values())
        resources["nbgrader"]["late_penalty"] = self.penalty
        return notebook, resources
