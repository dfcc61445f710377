"""What the exporters share: everybody's points for each assignment, after penalties."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.report.spreadsheet import RISKY, guarded


@dataclass(frozen=True)
class Person:
    """A student as the gradebook knows them."""

    id: str
    last_name: str = ""
    first_name: str = ""
    email: str = ""
    lms_id: str = ""


@dataclass
class Table:
    """Points of a class.

    Attributes
    ----------
    people : list of Person
        The lines, in order of their ids.
    most : dict of str to float
        Points to be earned, by assignment, in the gradebook's order.
    points : dict of tuple to float or None
        By ``(student id, assignment)``, after the penalty for lateness. None where something was handed
        in and is not graded yet; nothing under this key where nothing was handed in.
    waiting : list of str
        Who waits for a grade by hand, as ``student (assignment)``.
    """

    people: list[Person] = field(default_factory=list)
    most: dict[str, float] = field(default_factory=dict)
    points: dict[tuple[str, str], float | None] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)


def gather(gradebook: Any, students: Sequence[str] = (), assignments: Sequence[str] = ()) -> Table:
    """Read the gradebook.

    Parameters
    ----------
    gradebook : nbgrader.api.Gradebook
        Open gradebook.
    students, assignments : sequence of str
        Only these. Without a choice: all students, and the assignments that somebody handed in.
    """
    table = Table()
    wanted = {str(one) for one in students}
    for one in sorted(gradebook.students, key=lambda one: str(one.id)):
        if not wanted or one.id in wanted:
            names = (one.last_name, one.first_name, one.email, getattr(one, "lms_user_id", None))
            table.people.append(Person(one.id, *(name or "" for name in names)))
    there = {one.id for one in table.people}
    for assignment in gradebook.assignments:
        submissions = gradebook.assignment_submissions(assignment.name)
        if assignment.name not in assignments if assignments else not submissions:
            continue
        table.most[assignment.name] = float(assignment.max_score)
        for submission in submissions:
            if submission.student.id in there:
                table.points[submission.student.id, assignment.name] = _points(submission)
                if submission.needs_manual_grade:
                    table.waiting.append(f"{submission.student.id} ({assignment.name})")
    return table


def _points(submission: Any) -> float | None:
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    if grades and all(grade.auto_score is None and grade.manual_score is None for grade in grades):
        return None
    return max(0.0, float(submission.score) - float(submission.late_submission_penalty or 0.0))


def number(points: float | None) -> str:
    """Write points with a dot and at most two places; nothing if there are none."""
    return "" if points is None else f"{round(points, 2):.12g}"


def risky(identifier: str) -> bool:
    """Whether a spreadsheet would take an identifier for a formula; guarding it would make it another."""
    return identifier.lstrip(" ").startswith(RISKY)


def write(path: Path, rows: Iterable[Sequence[str]]) -> None:
    """Write lines as CSV in UTF-8: commas, quotes doubled, lines that end in CR and LF (RFC 4180)."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\r\n").writerows(rows)


__all__ = ["Person", "Table", "gather", "guarded", "number", "risky", "write"]
