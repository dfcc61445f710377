"""What nbgrader recorded of a class, together with what the judge said and found."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.batch.marker import FOLDER, Marker
from autograder.batch.result import NAME, Result, Store
from autograder.exercises import exercises
from autograder.report.message import Said, parse
from autograder.sandbox.transplant import Carried

MARK = "gradschool"  # in a graded notebook's metadata; see autograder.plugins.autograde


@dataclass
class Graded:
    """A graded notebook.

    Attributes
    ----------
    said : dict of str to Said
        What each grade cell said, by exercise id.
    flags : list of str
        What a person should know about how the texts were found.
    unreadable : str
        Why the submitted file could not be read, if so.
    carried : Carried or None
        What was taken from the submission.
    key : str
        The name of its result.
    """

    said: dict[str, Said] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    unreadable: str = ""
    carried: Carried | None = None
    key: str = ""


@dataclass
class Row:
    """One student.

    Attributes
    ----------
    student, last_name, first_name : str
        Who it is; nbgrader may know no name.
    scores : dict
        Points by exercise id; None where nothing was graded.
    said : dict
        Feedback by exercise id.
    failed : dict or None
        By exercise id the ``(id, question)`` of each scenario that failed; None without a result file.
    human : list of str
        Reasons why a person must look at this submission.
    flags : list of str
        What a person should know, though it was graded.
    waiting : str
        Why it is not graded yet, if it only waits for its turn.
    late : float
        Seconds after the due date.
    penalty : float
        Points taken off for that.
    """

    student: str
    scores: dict[str, float | None] = field(default_factory=dict)
    said: dict[str, Said] = field(default_factory=dict)
    human: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    waiting: str = ""
    failed: dict[str, list[tuple[str, str]]] | None = None
    late: float = 0.0
    penalty: float = 0.0
    last_name: str = ""
    first_name: str = ""

    @property
    def graded(self) -> bool:
        """Whether anything was graded."""
        return any(score is not None for score in self.scores.values())

    @property
    def total(self) -> float:
        """Points of the lesson, before any penalty."""
        return round(sum(score for score in self.scores.values() if score is not None), 2)

    @property
    def final(self) -> float:
        """Points after the penalty for lateness; never less than none."""
        return round(max(0.0, self.total - self.penalty), 2)

    @property
    def sentence(self) -> str:
        """What went wrong, in one sentence."""
        if self.human:
            return f"A person must look: {self.human[0]}"
        if self.waiting:
            return self.waiting
        wrong = [one.first for one in self.said.values() if one.first]
        if wrong and all(one.unwritten or not one.first for one in self.said.values()) and not self.total:
            return "Nothing is written yet."
        return wrong[0] if wrong else "Everything agrees with torch."


def collect(gradebook: Any, lesson: str, course: Path, failures: dict[str, str]) -> list[Row]:
    """Gather the class's results.

    Parameters
    ----------
    gradebook : nbgrader.api.Gradebook
        Open gradebook.
    lesson : str
        Lesson id, which is the assignment's name.
    course : Path
        The course directory, with ``autograded/`` and perhaps result files.
    failures : dict of str to str
        For each student whose notebook could not be graded, the reason.

    Returns
    -------
    list of Row
        In order of the students' ids.
    """
    known = results_of(course, lesson)
    rows = []
    for submission in sorted(gradebook.assignment_submissions(lesson), key=lambda one: str(one.student.id)):
        row = Row(submission.student.id, dict.fromkeys(one.id for one in exercises(lesson)))
        row.last_name, row.first_name = submission.student.last_name or "", submission.student.first_name or ""
        rows.append(row)
        graded = course / "autograded" / row.student / lesson / f"{lesson}.ipynb"
        if row.student in failures or not graded.is_file():
            blame(row, failures.get(row.student, ""))
            continue
        row.late = float(submission.total_seconds_late or 0.0)
        row.penalty = float(submission.late_submission_penalty or 0.0)
        told = read(graded)
        row.said, row.flags = told.said, told.flags
        if told.unreadable:
            row.human.append(told.unreadable)
        _grades(row, submission, said_already=bool(told.unreadable))
        row.failed = _failed(known(told))
    return rows


def results_of(course: Path, lesson: str) -> Callable[[Graded], Result | None]:
    """Return what finds the result of a graded notebook, if this course's judge has graded here.

    A notebook says the name of its result. In one that was graded before they did, the name follows from what
    was carried over and from the judge, so that after an upgrade it is another.
    """
    if not (course / FOLDER / "results" / lesson).is_dir():
        return lambda graded: None
    store = Store(course / FOLDER / "results")
    marker: list[Marker] = []

    def find(graded: Graded) -> Result | None:
        if graded.key:
            return store.get(lesson, graded.key)
        if graded.carried is None:
            return None
        if not marker:
            try:
                marker.append(Marker(course, lesson))
            except FileNotFoundError:  # the lesson is not here any more, only its grades
                return None
        return marker[0].known(graded.carried)

    return find


def blame(row: Row, reason: str) -> None:
    """Note why a submission has no grade: for a reason that a person must look at, or it was not its turn yet."""
    if reason:
        row.human.append(reason)
    else:
        row.waiting = "Not graded yet."


def _grades(row: Row, submission: Any, said_already: bool) -> None:
    for notebook in submission.notebooks:
        for grade in notebook.grades:
            exercise = grade.name.removeprefix("grade-")
            nothing = grade.auto_score is None and grade.manual_score is None
            row.scores[exercise] = None if nothing else float(grade.score)
            if grade.needs_manual_grade and not said_already:
                row.human.append(f"{exercise} waits for a grade by hand, in formgrader.")


def _failed(result: Result | None) -> dict[str, list[tuple[str, str]]] | None:
    if result is None:
        return None
    return {id: [(one[0], one[1]) for one in told.failed] for id, told in result.exercises.items()}


def read(path: Path) -> Graded:
    """Read a graded notebook."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    marks = notebook["metadata"].get(MARK, {})
    found = Graded({}, list(marks.get("flags", ())), marks.get("unreadable", ""))
    if isinstance(marks.get("texts"), dict):
        found.carried = Carried(marks["texts"], tuple(found.flags), found.unreadable)
    key = marks.get("key", "")
    if isinstance(key, str) and NAME.fullmatch(key):  # a notebook that this course did not make may say anything
        found.key = key
    for cell in notebook["cells"]:
        told = cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] == "code" and told.get("grade") and not told.get("solution"):
            found.said[told["grade_id"].removeprefix("grade-")] = said_in(cell)
    return found


def said_in(cell: Any) -> Said:
    """Read what a grade cell printed; where it ended with an error, that is what it says."""
    text, error = "", ""
    for output in cell["outputs"]:
        if output["output_type"] == "stream":
            text += "".join(output["text"])
        elif output["output_type"] == "error":
            error = f"- Its check could not run: {output['ename']}: {' '.join(output['evalue'].split())}\n"
    head = f"{cell['metadata']['nbgrader']['grade_id'].removeprefix('grade-')}\n" if error and not text else ""
    return parse(head + text + error)
