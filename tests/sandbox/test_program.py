"""What runs around a student's cells: what a solution may need, and nothing that needs what was left out."""

from __future__ import annotations

from autograder.sandbox.program import program

CELL = """
import math
eps = 1e-6
x = make()
x.grad = None
table["row"] = 0
def helper():
    return eps
"""


def notebook(text: str) -> dict[str, object]:
    return {"cells": [{"cell_type": "code", "source": text, "metadata": {}}]}


def test_constants_imports_and_definitions_run_and_nothing_else_does() -> None:
    texts = [text for _, text in program(notebook(CELL), {})]
    assert [text.splitlines()[0] for text in texts] == ["import math", "eps = 1e-06", "def helper():"]


def test_everything_runs_where_it_is_asked_for() -> None:
    assert len(program(notebook(CELL), {}, whole=True)) == 6
