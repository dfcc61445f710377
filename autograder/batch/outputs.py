"""A graded notebook: the author's, with the student's texts and what is said about them."""

from __future__ import annotations

from typing import Any

from autograder.batch.result import Result
from autograder.sandbox.program import is_graded
from autograder.sandbox.transplant import Carried, Notebook, grade_id, is_solution, rebuild


def graded(source: Notebook, released: Notebook, carried: Carried, result: Result) -> Notebook:
    """Return the notebook that nbgrader keeps as autograded.

    Only plain text is put into it: nothing that a browser would run can come from a student.
    """
    notebook = rebuild(source, released, carried)
    put_outputs(notebook["cells"], result)
    return notebook


def put_outputs(cells: list[Any], result: Result) -> None:
    """Put what is said of each exercise under its grade cell, and what a solution printed under its own."""
    for cell in cells:
        if is_graded(cell):
            exercise = grade_id(cell).removeprefix("grade-")
            found = result.exercises[exercise]
            flags = [f"(Note: {flag})" for flag in result.flags if exercise in _concerns(flag, result)]
            text = "\n".join([*found.lines, *flags]) + "\n"
            cell["outputs"] = [_printed(text), _value(float(found.points))]
        elif is_solution(cell):
            ran = result.cells.get(grade_id(cell), {})
            said = [ran.get("printed", "").rstrip("\n"), ran.get("error", "")]
            cell["outputs"] = [_printed(line + "\n") for line in said if line]


def _concerns(flag: str, result: Result) -> list[str]:
    """Say which exercises a flag is about; one that names none is about the whole file."""
    return [id for id in result.exercises if repr(id) in flag] or list(result.exercises)


def _printed(text: str) -> dict[str, Any]:
    return {"name": "stdout", "output_type": "stream", "text": text}


def _value(points: float) -> dict[str, Any]:
    """What nbgrader reads the points from."""
    return {
        "data": {"text/plain": repr(points)},
        "execution_count": None,
        "metadata": {},
        "output_type": "execute_result",
    }
