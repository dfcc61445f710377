"""What of the author's notebook runs around the student's cells when they are graded.

A solution may use what the lesson imported and defined above it. Plots, training runs and tables are
not needed for a grade, and left out unless a solution turns out to use a name that they make.
"""

from __future__ import annotations

import ast
import functools
import marshal
from typing import Any

from autograder.sandbox.inside.magics import without_magics
from autograder.sandbox.transplant import Cell, Notebook, grade_id, is_solution, text_of

_LIGHT = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def program(source: Notebook, texts: dict[str, str], whole: bool = False) -> list[list[str]]:
    """List what runs, in order: pairs of a solution's id, or nothing, and a text.

    Parameters
    ----------
    source : dict
        The author's notebook.
    texts : dict of str to str
        The student's solutions.
    whole : bool
        Whether the lesson's other statements run as well.
    """
    steps: list[list[str]] = []
    for cell in source["cells"]:
        if cell.get("cell_type") != "code" or is_graded(cell):
            continue
        if is_solution(cell):
            if grade_id(cell) in texts:
                steps.append([grade_id(cell), texts[grade_id(cell)]])
            continue
        steps += [["", statement] for statement in _statements(text_of(cell), whole)]
    return steps


def is_graded(cell: Cell) -> bool:
    """Say whether this is a cell that calls `grade`."""
    return bool(cell["metadata"].get("nbgrader", {}).get("grade"))


def beside(source: Notebook, exercise: str) -> list[str]:
    """List the author's statements and the other exercises' solutions, for parts that are not the student's."""
    texts: list[str] = []
    for cell in source["cells"]:
        if cell.get("cell_type") != "code" or is_graded(cell):
            continue
        if not is_solution(cell):
            texts += _statements(text_of(cell), whole=False)
        elif grade_id(cell) != exercise:
            texts.append(text_of(cell))
    return texts


def made_by_statements(source: Notebook) -> set[str]:
    """Names that only the statements left out of `program` make."""
    made: set[str] = set()
    for cell in source["cells"]:
        if cell.get("cell_type") == "code" and not is_graded(cell) and not is_solution(cell):
            for statement in _parsed(text_of(cell)):
                made |= {
                    node.id
                    for node in ast.walk(statement)
                    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
                }
    return made


@functools.lru_cache(1000)
def code(statement: str) -> bytes:
    """Compile one of the author's statements, which are the same for everybody, for a process of this interpreter."""
    return marshal.dumps(compile(statement, "<lesson>", "exec", dont_inherit=True))


@functools.lru_cache(1000)
def codes(text: str) -> list[tuple[str, bytes]]:
    """Compile one of the author's texts by statements; return each with the name that it defines, if it does."""
    return [
        (getattr(one, "name", ""), marshal.dumps(compile(ast.Module([one], []), "<beside>", "exec")))
        for one in _parsed(text)
    ]


@functools.lru_cache(1000)  # the author's cells are the same for everybody
def _statements(text: str, whole: bool) -> list[str]:
    return [ast.unparse(one) for one in _parsed(text) if whole or isinstance(one, _LIGHT) or _constant(one)]


def _parsed(text: str) -> list[Any]:
    """Parse one of the author's cells; a student's text is never looked into here."""
    return ast.parse(without_magics(text)).body


def _constant(statement: Any) -> bool:
    """``name = 3`` and the like: it costs nothing to run (and needs nothing, as ``x.grad = None`` would)."""
    return (
        isinstance(statement, ast.Assign)
        and isinstance(statement.value, ast.Constant)
        and all(isinstance(target, ast.Name) for target in statement.targets)
    )
