"""The rows of nbgrader's gradebook: scores, comments and penalties, saved as ``nbgrader autograde`` does."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from autograder.batch.beside import moment_of
from autograder.batch.course import Course, NoCourse, without_grammars
from autograder.sandbox.transplant import text_of

LOG = logging.getLogger("gradschool")


class Scores:
    """nbgrader's gradebook, open for one lesson.

    Parameters
    ----------
    course : Course
        The course directory.
    lesson : str
        Lesson id, which is the assignment's name.

    Raises
    ------
    NoCourse
        If the gradebook cannot be opened.
    """

    def __init__(self, course: Course, lesson: str) -> None:
        with without_grammars():
            from nbgrader import api, utils
            from nbgrader.preprocessors import AssignLatePenalties
            from sqlalchemy.exc import SQLAlchemyError
            from sqlalchemy.orm import selectinload
        self._api, self._utils, self._selectinload = api, utils, selectinload
        self._late: Any = AssignLatePenalties(config=course.config)
        if self._late.enabled:
            self._late.init_plugin()
        self._late.log = LOG  # it tells the log of every penalty
        self.course, self.lesson = course, lesson
        try:
            self.gradebook: Any = api.Gradebook(course.place.db_url, course.place.course_id)
        except SQLAlchemyError as error:
            reason = str(error.__cause__ or error).strip().splitlines()[0]
            raise NoCourse(f"the gradebook cannot be opened: {reason}") from error
        self.db = self.gradebook.db
        self.assignment: Any = self.db.query(api.Assignment).filter_by(name=lesson).one_or_none()

    @property
    def known(self) -> bool:
        """Whether nbgrader knows the lesson."""
        return self.assignment is not None and any(one.name == self.lesson for one in self.assignment.notebooks)

    def students(self) -> set[str]:
        """Return who has a submission of the lesson in the gradebook."""
        submitted = self._api.SubmittedAssignment
        return {id for (id,) in self.db.query(submitted.student_id).filter_by(assignment_id=self.assignment.id)}

    def save(self, results: Sequence[Any], notebooks: dict[str, Any]) -> list[str]:
        """Save submissions in one transaction; return what a person should know, one sentence each.

        Parameters
        ----------
        results : sequence of Graded
            What was graded.
        notebooks : dict
            The graded notebook of each student.
        """
        try:
            said = self._save(results, notebooks)
            self.db.commit()
        except BaseException:
            self.db.rollback()
            raise
        return said

    def _save(self, results: Sequence[Any], notebooks: dict[str, Any]) -> list[str]:
        said: list[str] = []
        rows = self.rows([one.submission.student for one in results], create=True)
        for one in results:
            row = rows[one.submission.student]
            try:
                stamp = moment_of(one.submission.folder)
            except ValueError:
                stamp = None
                said.append(f"{one.submission.student}: timestamp.txt holds no time, so lateness is not known.")
            if stamp:
                row.timestamp = stamp
            for notebook in row.notebooks:
                if notebook.name == self.lesson:
                    self._grade(notebook, notebooks[one.submission.student], bool(one.result.unreadable))
                elif not (one.submission.folder / f"{notebook.name}.ipynb").exists():
                    self._missing(notebook)
        self.db.flush()  # a row that was made just now can be refreshed only when it is in the database
        if self._late.enabled:
            for row in rows.values():
                self._penalty(row)
        return said

    def rows(self, students: Sequence[str], create: bool = False) -> dict[str, Any]:
        """Return the submissions of these students with all that belongs to them; make those that are missing."""
        api, load = self._api, self._selectinload
        kept = api.SubmittedAssignment
        notebooks = load(kept.notebooks)
        found = (
            self.db.query(kept)
            .filter(kept.assignment_id == self.assignment.id, kept.student_id.in_(students))
            .options(
                notebooks.selectinload(api.SubmittedNotebook.grades).selectinload(api.Grade.cell),
                notebooks.selectinload(api.SubmittedNotebook.comments).selectinload(api.Comment.cell),
            )
            .populate_existing()
        )
        rows = {row.student_id: row for row in found}
        if not create:
            return rows
        registered = {id for (id,) in self.db.query(api.Student.id).filter(api.Student.id.in_(students))}
        self.db.add_all([api.Student(id=id) for id in students if id not in registered])
        with self.db.no_autoflush:
            for student in students:
                if student not in rows:
                    rows[student] = self._new(student)
        return rows

    def _new(self, student: str) -> Any:
        """Make a submission; see `nbgrader.api.Gradebook.add_submission`."""
        api = self._api
        row = api.SubmittedAssignment(assignment=self.assignment, student_id=student)
        for notebook in self.assignment.notebooks:
            kept = api.SubmittedNotebook(notebook=notebook, assignment=row)
            for cell in notebook.grade_cells:
                api.Grade(cell=cell, notebook=kept)
            for cell in notebook.solution_cells:
                api.Comment(cell=cell, notebook=kept)
            for cell in notebook.task_cells:
                api.Comment(cell=cell, notebook=kept)
                api.Grade(cell=cell, notebook=kept)
        self.db.add(row)
        return row

    def _grade(self, row: Any, notebook: Any, unreadable: bool) -> None:
        """Save scores and comments; see `nbgrader.preprocessors.SaveAutoGrades`."""
        grades = {one.cell.name: one for one in row.grades}
        comments = {one.cell.name: one for one in row.comments}
        for cell in notebook["cells"]:
            if "nbgrader" not in cell["metadata"]:
                continue
            cell = self._node(cell)
            name = cell.metadata.nbgrader["grade_id"]
            if self._utils.is_grade(cell) and name in grades:
                grade = grades[name]
                grade.auto_score, _ = self._utils.determine_grade(cell, LOG)
                by_hand = grade.manual_score is not None or grade.auto_score is None
                grade.needs_manual_grade = by_hand or unreadable
            if (self._utils.is_solution(cell) or self._utils.is_task(cell)) and name in comments:
                checksum = cell.metadata.nbgrader.get("checksum")
                untouched = checksum == self._utils.compute_checksum(cell) and not self._utils.is_task(cell)
                comments[name].auto_comment = "No response." if untouched else None

    @staticmethod
    def _node(cell: Any) -> Any:
        """Return a cell in the form in which nbgrader's functions expect it."""
        from nbformat.notebooknode import from_dict

        return from_dict({**cell, "source": text_of(cell)})  # type: ignore[no-untyped-call]

    @staticmethod
    def _missing(row: Any) -> None:
        """A notebook of the assignment that was not handed in; see `nbgrader.converters.Autograde`."""
        for grade in row.grades:
            grade.auto_score, grade.needs_manual_grade = 0, False

    def _penalty(self, row: Any) -> None:
        """Set the penalty for lateness; see `nbgrader.preprocessors.AssignLatePenalties`."""
        late = row.total_seconds_late
        for notebook in row.notebooks:
            if notebook.name != self.lesson:
                continue
            notebook.late_submission_penalty = None
            if late > 0:
                self.db.refresh(notebook, ["score"])
                penalty = self._late.plugin_inst.late_submission_penalty(row.student_id, notebook.score, late)
                if penalty is not None:
                    notebook.late_submission_penalty = self._late._check_late_penalty(notebook, penalty)

    def close(self) -> None:
        """Close the gradebook."""
        self.gradebook.close()
