"""What nbgrader recorded of a class, together with what the grade cells said."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.exercises import exercises


@dataclass(frozen=True)
class Feedback:
    """What one grade cell printed, taken apart again.

    Attributes
    ----------
    text : str
        The whole text.
    ideas : tuple of str
        The likely causes it names.
    first : str
        What went wrong, in one sentence; empty if nothing did.
    error : str
        Why the check could not run, if it could not.
    restored : bool
        The student had deleted this cell and nbgrader put it back.
    """

    text: str = ""
    ideas: tuple[str, ...] = ()
    first: str = ""
    error: str = ""
    restored: bool = False


@dataclass
class Row:
    """One student.

    Attributes
    ----------
    scores : dict
        Points by exercise id; None where nothing could be graded.
    human : list of str
        Reasons why a person should look at this submission.
    """

    student: str
    scores: dict[str, float | None] = field(default_factory=dict)
    feedback: dict[str, Feedback] = field(default_factory=dict)
    human: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def total(self) -> float:
        """Points of the lesson so far."""
        return sum(score for score in self.scores.values() if score is not None)

    @property
    def sentence(self) -> str:
        """What went wrong, in one sentence."""
        if self.human:
            return self.human[0]
        wrong = [said.first for said in self.feedback.values() if said.first]
        said = wrong[0] if wrong else "Everything agrees with torch."
        if wrong and all(first.startswith("Not written yet") for first in wrong) and not self.total:
            said = "Nothing is written yet."
        return " ".join([said, *self.notes])


def collect(gradebook: Any, lesson: str, autograded: Path, failures: dict[str, str]) -> list[Row]:
    """Gather the class's results.

    Parameters
    ----------
    gradebook : nbgrader.api.Gradebook
        Open gradebook.
    lesson : str
        Lesson id, which is the assignment's name.
    autograded : Path
        nbgrader's folder of graded notebooks.
    failures : dict of str to str
        For each student whose notebook could not be graded, the reason.

    Returns
    -------
    list of Row
        In order of the students' ids.
    """
    rows = []
    for submission in sorted(gradebook.assignment_submissions(lesson), key=lambda one: one.student.id):
        row = Row(submission.student.id, dict.fromkeys(one.id for one in exercises(lesson)))
        rows.append(row)
        if row.student in failures:
            row.human.append(failures[row.student])
            continue
        path = autograded / row.student / lesson / f"{lesson}.ipynb"
        row.feedback = read_feedback(path)
        for notebook in submission.notebooks:
            for grade in notebook.grades:
                exercise = grade.name.removeprefix("grade-")
                row.scores[exercise] = None if grade.auto_score is None else float(grade.score)
                if grade.needs_manual_grade:
                    row.human.append(f"{exercise}: nbgrader could not grade this cell.")
        for exercise, said in row.feedback.items():
            if said.error:
                row.human.append(f"{exercise}: {said.error}")
            if said.restored:
                row.notes.append(f"(The deleted check of {exercise} was put back.)")
    return rows


def read_feedback(path: Path) -> dict[str, Feedback]:
    """Read what the grade cells of a graded notebook printed, by exercise id."""
    found = {}
    broken: dict[str, str] = {}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] != "code" or not (marks.get("grade") or marks.get("solution")):
            continue
        exercise = marks["grade_id"].removeprefix("grade-")
        error = next((out for out in cell["outputs"] if out["output_type"] == "error"), None)
        why = _error(error) if error else ""
        if marks.get("solution"):
            broken[exercise] = why and f"its cell does not run: {why}"
        else:
            restored = "".join(cell["source"]).startswith("# This cell (id:")
            failed = why and (broken.get(exercise) or f"its check could not run: {why}")
            found[exercise] = _parse(cell["outputs"], restored, failed)
    return found


def _error(output: dict[str, Any]) -> str:
    """An exception's type and text; IPython's made-up file names tell nobody anything."""
    return f"{output['ename']}: " + re.sub(r"\(\S+\.py, line (\d+)\)", r"(line \1)", output["evalue"])


def _parse(outputs: list[dict[str, Any]], restored: bool, failed: str) -> Feedback:
    text = "".join("".join(out["text"]) for out in outputs if out["output_type"] == "stream")
    ideas = re.findall(r"(?m)^    Likely cause: (.*)$", text)
    if several := re.search(r"(?m)^    Likely cause, one of:\n((?:      .*\n?)+)", text):
        ideas += [line.strip() for line in several[1].splitlines()]
    return Feedback(text, tuple(ideas), _first(text, ideas), failed, restored)


def _first(text: str, ideas: list[str]) -> str:
    if missing := re.search(r"(?m)^    This is not written yet: (?:write )?(.*)$", text):
        return f"Not written yet: {missing[1]}."
    if ideas:
        return ideas[0]
    if trouble := re.search(r"(?m)^    (Your part .*)$", text):
        return trouble[1]
    question = re.search(r"(?m)^- (.*)$", text)
    return f"Differs from torch: {question[1]}" if question else ""
