"""The engine stays small enough to be put on a screen."""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path

import course

HOME = Path(course.__file__).parent
CORE = (
    *(f"nptorch/{name}.py" for name in ("_tensor", "assigned", "engine", "grad_mode", "graph", "record")),
    *(f"nptorch/{name}.py" for name in ("saved", "shown", "table", "views")),
    *(f"parts/{name}.py" for name in ("l02_engine", "l04_graph", "l05_retain_graph", "l06_versions", "l08_hooks")),
)
SILENT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def lines_of_code(source: str) -> int:
    """Return how many lines are neither empty nor only a comment nor of a docstring."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in SILENT:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node, clean=False):
            text = node.body[0]
            lines.difference_update(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    return len(lines)


def test_what_counts_as_a_line_of_code():
    assert lines_of_code('"""Text.\n\nMore."""\n\n# why\nx = (\n    1\n)  # so\n') == 3


def test_no_file_is_longer_than_400_lines_and_most_are_under_200():
    lengths = {
        path: len(path.read_text(encoding="utf-8").splitlines())
        for folder in ("nptorch", "parts")
        for path in (HOME / folder).rglob("*.py")
    }
    assert {path: length for path, length in lengths.items() if length > 400} == {}
    assert sum(length < 200 for length in lengths.values()) > 0.7 * len(lengths)


def test_the_core_has_less_than_1500_lines_of_code():
    assert sum(lines_of_code((HOME / name).read_text(encoding="utf-8")) for name in CORE) < 1500
