"""Turn the text of a lesson into nbgrader's source notebook."""

from __future__ import annotations

import ast
import hashlib
import re
from pathlib import Path
from typing import Any

import jupytext
import nbformat

from course.building.pages import beside
from course.building.solution import BuildError, PartModule, solution_cell_of

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
SCHEMA = 3
nbf: Any = nbformat  # its functions are untyped


def source_notebook(lesson: Path, parts: Path, docs: Path) -> str:
    """Build the notebook of one lesson.

    Parameters
    ----------
    lesson : Path
        The lesson's text, in jupytext's percent format.
    parts : Path
        The folder of the reference parts.
    docs : Path
        The folder of the pages that the lesson may link to.

    Returns
    -------
    str
        The notebook as JSON, the same bytes for the same text.
    """
    loaded = jupytext.reads(lesson.read_text(encoding="utf-8"), fmt="py:percent")
    known: set[str] = set()
    begun: dict[str, int] = {}
    points: dict[str, float] = {}
    graded: set[str] = set()
    cells = []
    for position, cell in enumerate(loaded.cells):
        role, exercise = _role(cell)
        made = _blank(cell, f"{lesson.stem}/{position}")
        if role == "exercise":
            begun[exercise] = begun.get(exercise, 0) + 1
            nth = "" if begun[exercise] == 1 else f"-{begun[exercise]}"
            made.source = _exercise_text(lesson, parts, cell.source, frozenset(known))
            made.metadata["nbgrader"] = _marks(exercise + nth, solution=True)
            if begun[exercise] == 1:
                points[exercise] = _worth(lesson, cell, exercise)
        elif role == "grade":
            _check_grade_cell(lesson, cell.source, exercise, exercise in begun, exercise in graded)
            graded.add(exercise)
            made.metadata["nbgrader"] = _marks(f"grade-{exercise}", points=points[exercise])
        if cell.cell_type == "markdown":
            made.source = beside(cell.source, docs)
        if cell.cell_type == "code":
            known |= _bound_names(cell.source)
        cells.append(made)
    if ungraded := sorted(set(begun) - graded):
        raise BuildError(f"{lesson.name}: no cell tagged grade:{ungraded[0]} follows its exercise")
    metadata = {"kernelspec": dict(KERNEL), "language_info": {"name": "python"}}
    notebook = nbf.v4.new_notebook(cells=cells, metadata=metadata)
    notebook.nbformat_minor = 5
    nbf.validate(notebook)
    return str(nbf.writes(notebook)).rstrip("\n") + "\n"


def _role(cell: Any) -> tuple[str, str]:
    """Read a cell's ``exercise:ID`` or ``grade:ID`` tag."""
    for tag in cell.metadata.get("tags", []):
        role, colon, exercise = tag.partition(":")
        if colon and role in ("exercise", "grade"):
            return role, exercise
    return "", ""


def _worth(lesson: Path, cell: Any, exercise: str) -> float:
    """Read the ``points:5`` tag of an exercise's first cell."""
    for tag in cell.metadata.get("tags", []):
        role, colon, number = tag.partition(":")
        if colon and role == "points":
            try:
                return float(number)
            except ValueError as error:
                raise BuildError(f"{lesson.name}: the tag {tag!r} of exercise {exercise} is no number") from error
    raise BuildError(f"{lesson.name}: exercise {exercise} needs a tag such as points:5")


def _blank(cell: Any, where: str) -> Any:
    """Copy text, type and tags, and nothing an editor may have left behind."""
    made = getattr(nbf.v4, f"new_{cell.cell_type}_cell")(source=cell.source)
    made["id"] = hashlib.sha256(f"{where}\n{cell.source}".encode()).hexdigest()[:12]
    kept = {key: cell.metadata[key] for key in ("tags", "jupyter") if key in cell.metadata}
    made.metadata.update(kept)
    return made


def _marks(grade_id: str, *, solution: bool = False, points: float | None = None) -> dict[str, Any]:
    """Write nbgrader's metadata for a solution cell, or for a grade cell when it has points."""
    marks: dict[str, Any] = {
        "grade": points is not None,
        "grade_id": grade_id,
        "locked": points is not None,
        "schema_version": SCHEMA,
        "solution": solution,
        "task": False,
    }
    if points is not None:
        marks["points"] = int(points) if float(points).is_integer() else points
    return marks


def _exercise_text(lesson: Path, parts: Path, text: str, known: frozenset[str]) -> str:
    """Replace ``from course.parts.X import A`` by the text of A."""
    wanted = "one line 'from course.parts.<lesson> import <part>'"
    where = f"{lesson.name}: an exercise cell must be {wanted}, not: {text!r}"
    try:
        statements = ast.parse(text).body
    except SyntaxError as error:
        raise BuildError(where) from error
    if len(statements) != 1 or not isinstance(statements[0], ast.ImportFrom):
        raise BuildError(where)
    module = statements[0].module or ""
    if not module.startswith("course.parts."):
        raise BuildError(where)
    read = PartModule.read(parts / f"{module.rpartition('.')[2]}.py")
    return solution_cell_of(read, [alias.name for alias in statements[0].names], known)


def _check_grade_cell(lesson: Path, text: str, exercise: str, begun: bool, graded: bool) -> None:
    """A grade cell comes once, after its exercise, and ends in the call whose value nbgrader reads."""
    where = f"{lesson.name}: the cell grade:{exercise} must"
    if not begun or graded:
        raise BuildError(f"{where} come once, after a cell exercise:{exercise}")
    last = ast.parse(text).body[-1:]
    call = last[0].value if last and isinstance(last[0], ast.Expr) else None
    first = call.args[0] if isinstance(call, ast.Call) and call.args else None
    named = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "grade"
    right = named and isinstance(first, ast.Constant) and first.value == exercise
    if not right or text.rstrip().endswith(";"):
        raise BuildError(f"{where} end in grade({exercise!r}, ...)")


def _bound_names(text: str) -> set[str]:
    """Names that a code cell brings to the cells after it."""
    plain = re.sub(r"(?m)^(\s*)[%!].*$", r"\1pass", text)
    bound: set[str] = set()
    for statement in ast.parse(plain).body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            bound |= {alias.asname or alias.name.split(".")[0] for alias in statement.names}
        elif isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            bound.add(statement.name)
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            bound |= {
                node.id
                for node in ast.walk(statement)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            }
    return bound
