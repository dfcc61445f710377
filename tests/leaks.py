"""Find code that should not be somewhere, however it has been reformatted.

A body is compared by its syntax tree, with docstrings and annotations taken out: comments, line
breaks, quotes and rewritten docstrings do not hide a copied solution.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

SHORTEST = 3  # statements; two-line bodies are alike by accident

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class _Bare(ast.NodeTransformer):
    """Take out what can be changed without changing what the code does."""

    def _bare(self, node: Definition) -> Definition:
        self.generic_visit(node)
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
        if not isinstance(node, ast.ClassDef):
            node.returns = None
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _bare

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        self.generic_visit(node)
        return ast.Assign([node.target], node.value, lineno=node.lineno) if node.value else None


def bodies(source: str) -> dict[str, str]:
    """Map the normalised body of every long enough function and class in `source` to its name."""
    tree = _Bare().visit(ast.parse(source))
    return {
        "\n".join(ast.dump(statement) for statement in node.body): node.name
        for node in ast.walk(tree)
        if isinstance(node, Definition) and _size(node.body) >= SHORTEST
    }


def _size(body: list[ast.stmt]) -> int:
    """Count statements at every depth, so that one loop with a long body is not short."""
    return sum(isinstance(node, ast.stmt) for statement in body for node in ast.walk(statement))


def secrets(*folders: Path) -> dict[str, str]:
    """Map the bodies of all modules in `folders` to where each comes from."""
    return {
        body: f"{name} of {path.parent.name}/{path.name}"
        for folder in folders
        for path in sorted(folder.rglob("*.py"))
        for body, name in bodies(path.read_text(encoding="utf-8")).items()
    }


def code_of(path: Path) -> Iterator[str]:
    """Yield the Python code in a module or in each code cell of a notebook."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        yield text
    elif path.suffix == ".ipynb":
        for cell in json.loads(text)["cells"]:
            if cell["cell_type"] == "code":
                yield "".join(cell["source"])


def leaks(secret: dict[str, str], folder: Path) -> list[str]:
    """List the secret bodies that are found anywhere under `folder`, in modules and notebooks."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix not in {".py", ".ipynb"} or not path.is_file():
            continue
        for code in code_of(path):
            try:
                there = bodies(code)
            except SyntaxError:  # a cell with a magic; nothing that was copied from a module
                continue
            found += [f"{secret[body]} is in {path.relative_to(folder)}" for body in there if body in secret]
    return found
