"""The bundled class: submissions kept as the texts of their solution cells, assembled into notebooks.

``autograder/examples/<lesson>/<student>.py`` holds what a student wrote, one block for each exercise
under a line ``# %% <exercise id>``; an exercise without a block is left as it was released. A line
``# class: ...`` in front says what the example shows, and these lines change more than a text:

``# do: reference``          every solution is the reference (nobody has to copy it)
``# do: delete ID``          the grade cell of the exercise is gone
``# do: damage``             the file is cut off in the middle
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parent / "examples"


@dataclass(frozen=True)
class Example:
    """One student of the bundled class.

    Attributes
    ----------
    student : str
        Student id; the file's name.
    shows : str
        What the example is there for.
    cells : dict of str to str
        Text of the solution cell by exercise id.
    orders : tuple of str
        What else is done to the notebook.
    """

    student: str
    shows: str
    cells: dict[str, str] = field(default_factory=dict)
    orders: tuple[str, ...] = ()


def examples(lesson: str, folder: Path = EXAMPLES) -> list[Example]:
    """Read the bundled class of a lesson, in order of the students' names."""
    return [read(path) for path in sorted((folder / lesson).glob("*.py"))]


def read(path: Path) -> Example:
    """Read one example."""
    head, *blocks = re.split(r"(?m)^# %% ", path.read_text(encoding="utf-8"))
    cells = {}
    for block in blocks:
        exercise, _, text = block.partition("\n")
        cells[exercise.strip()] = text.strip("\n")
    shows = re.search(r"(?m)^# class: (.*)$", head)
    orders = tuple(re.findall(r"(?m)^# do: (.*)$", head))
    return Example(path.stem, shows[1].strip() if shows else "", cells, orders)


def assemble(example: Example, released: Path, source: Path) -> str:
    """Put an example's texts into the released notebook.

    Parameters
    ----------
    example : Example
        What the student wrote.
    released, source : Path
        The notebook as released, and as its author has it (for the reference solution).

    Returns
    -------
    str
        The submitted file's text.

    Raises
    ------
    ValueError
        If the example names an exercise that the notebook does not have.
    """
    notebook: dict[str, Any] = json.loads(released.read_text(encoding="utf-8"))
    texts = dict(example.cells)
    cut = False
    for order in example.orders:
        verb, _, exercise = order.partition(" ")
        if verb == "reference":
            texts = _solutions(json.loads(source.read_text(encoding="utf-8")))
        elif verb == "delete":
            _delete(notebook, f"grade-{exercise}")
        elif verb == "damage":
            cut = True
        else:
            raise ValueError(f"{example.student}: no such order: {order!r}")
    for exercise, text in texts.items():
        _cell(notebook, exercise)["source"] = text.splitlines(keepends=True)
    whole = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    return whole[: len(whole) // 2] if cut else whole


def _solutions(source: dict[str, Any]) -> dict[str, str]:
    """Text of each solution cell of the author's notebook."""
    return {
        marks["grade_id"]: "".join(cell["source"])
        for cell in source["cells"]
        if (marks := cell["metadata"].get("nbgrader")) and marks["solution"] and not marks["grade"]
    }


def _cell(notebook: dict[str, Any], grade_id: str) -> dict[str, Any]:
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id:
            found: dict[str, Any] = cell
            return found
    raise ValueError(f"the notebook has no cell {grade_id!r}")


def _delete(notebook: dict[str, Any], grade_id: str) -> None:
    notebook["cells"].remove(_cell(notebook, grade_id))
