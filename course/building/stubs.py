"""An nbgrader preprocessor: each empty body says by name what is to be written.

nbgrader puts one and the same stub wherever a solution stood. This step follows ``ClearSolutions``
and rewrites each stub: inside a function it names the function; outside of any (a private helper, a
class-level statement) nothing has to be written at that place, so the stub goes.
"""

from __future__ import annotations

import ast
from typing import Any

from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_solution

MARK = "write this part"
CODE_STUB = f'# YOUR CODE HERE\nraise NotImplementedError("{MARK}")'


def name_gaps(source: str) -> str:
    """Name every stub in a cell after the function around it, and drop the stubs outside of functions."""
    if MARK not in source:
        return source
    lines = source.split("\n")
    owners = _owners(ast.parse(source))
    kept: list[str] = []
    for number, line in enumerate(lines, start=1):
        if MARK in line and number not in owners:
            kept.pop()  # the comment line of the stub
        elif MARK in line:
            kept.append(line.replace(MARK, f"write {owners[number]}"))
        else:
            kept.append(line)
    return _few_blank_lines(kept)


def _owners(tree: ast.Module) -> dict[int, str]:
    """Map each line inside a function to the function's dotted name."""
    owners: dict[int, str] = {}
    stack: list[tuple[ast.AST, str]] = [(tree, "")]
    while stack:
        node, prefix = stack.pop()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef):
                stack.append((child, f"{prefix}{child.name}."))
            elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                for line in range(child.lineno, (child.end_lineno or child.lineno) + 1):
                    owners[line] = prefix + child.name
    return owners


def _few_blank_lines(lines: list[str]) -> str:
    """Join, with no blank lines in front and never more than two in a row."""
    kept: list[str] = []
    for line in lines:
        if line.strip() or (kept and any(previous.strip() for previous in kept[-2:])):
            kept.append(line)
    return "\n".join(kept)


class NameGaps(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader is untyped
    """Runs right after ``ClearSolutions`` in ``nbgrader generate_assignment``."""

    def preprocess_cell(self, cell: Any, resources: Any, cell_index: int) -> tuple[Any, Any]:
        """Rewrite the stubs of one solution cell."""
        if cell.cell_type == "code" and is_solution(cell):
            cell.source = name_gaps(cell.source)
        return cell, resources
