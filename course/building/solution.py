"""Turn the reference of a part into the text of a solution cell.

The reference is ordinary Python in ``course/parts``. The student's cell shows its signatures and
docstrings and nothing else, so everything that is not specification goes between nbgrader's
solution markers: the body of each function and method, class-level statements, private methods, and
private helper functions of the module.
"""

from __future__ import annotations

import ast
import builtins
import io
import tokenize
from dataclasses import dataclass
from pathlib import Path

BEGIN = "### BEGIN SOLUTION"
END = "### END SOLUTION"

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class BuildError(Exception):
    """The lesson or a part cannot be built; the message says what to change and where."""


@dataclass(frozen=True)
class PartModule:
    """A module of ``course/parts``, read but not imported."""

    path: Path
    lines: tuple[str, ...]
    tree: ast.Module

    @classmethod
    def read(cls, path: Path) -> PartModule:
        """Read and parse one module."""
        if not path.is_file():
            raise BuildError(f"{path.name} is named by a lesson but there is no such file in {path.parent}")
        text = path.read_text(encoding="utf-8")
        return cls(path, tuple(text.splitlines()), ast.parse(text, filename=str(path)))

    def definition(self, name: str) -> Definition:
        """Return the top-level function or class called ``name``."""
        for node in self.tree.body:
            if isinstance(node, Definition) and node.name == name:
                return node
        raise BuildError(f"{self.path.name} defines no function or class called {name}")

    def imports(self) -> dict[str, str]:
        """Map each name that the module imports to the one-line import that brings it."""
        found: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    bound = alias.asname or alias.name.split(".")[0]
                    found[bound] = "import " + ast.unparse(alias)
            elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
                module = "." * node.level + (node.module or "")
                for alias in node.names:
                    found[alias.asname or alias.name] = f"from {module} import {ast.unparse(alias)}"
        return found


def solution_cell(module: PartModule, name: str, known: frozenset[str] = frozenset()) -> str:
    """Return the solution cell of the part ``name``.

    Parameters
    ----------
    module : PartModule
        The module that holds the reference.
    name : str
        The function or class to show.
    known : frozenset of str
        Names that earlier cells of the notebook bring, beyond builtins.

    Returns
    -------
    str
        Imports the reference needs, private helpers as solution, then the object with its bodies marked.
    """
    return solution_cell_of(module, [name], known)


def solution_cell_of(module: PartModule, names: list[str], known: frozenset[str] = frozenset()) -> str:
    """Return one cell for several parts, as `solution_cell` does for one: each import once, at the top."""
    imports: set[str] = set()
    blocks = []
    for name in names:
        helpers, needed = _needs(module, module.definition(name), known)
        imports.update(needed)
        blocks += [_region(_text(module, helper), indent=0) for helper in helpers]
        blocks.append("\n".join(_marked(module, module.definition(name))))
        known |= {name}
    if imports:
        blocks.insert(0, "\n".join(sorted(imports, key=lambda line: (line.startswith("from"), line))))
    return "\n\n\n".join(blocks)


def _needs(module: PartModule, target: Definition, known: frozenset[str]) -> tuple[list[Definition], set[str]]:
    """Find the private helpers and the imports that ``target`` uses, directly or through a helper."""
    defined = {node.name: node for node in module.tree.body if isinstance(node, Definition)}
    available = module.imports()
    helpers: list[Definition] = []
    imports: set[str] = set()
    queue = [target]
    while queue:
        node = queue.pop()
        for used in sorted(_free_names(node) - known - {target.name}):
            if used in available:
                imports.add(available[used])
            elif used.startswith("_") and used in defined:
                if defined[used] not in helpers:
                    helpers.append(defined[used])
                    queue.append(defined[used])
            else:
                raise BuildError(
                    f"{module.path.name}: {target.name} uses {used!r}, which the student's notebook "
                    "does not have. Import it, make it a private function, or build it in an earlier cell."
                )
    helpers.sort(key=lambda helper: helper.lineno)
    return helpers, imports


def _free_names(node: ast.AST) -> set[str]:
    """Names that ``node`` reads and does not bind anywhere inside itself."""
    read: set[str] = set()
    bound: set[str] = set(vars(builtins))
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            (read if isinstance(inner.ctx, ast.Load) else bound).add(inner.id)
        elif isinstance(inner, ast.arg):
            bound.add(inner.arg)
        elif isinstance(inner, ast.ExceptHandler) and inner.name:
            bound.add(inner.name)
        elif isinstance(inner, ast.alias):
            bound.add(inner.asname or inner.name.split(".")[0])
        elif isinstance(inner, Definition) and inner is not node:
            bound.add(inner.name)
    return read - bound


def _text(module: PartModule, node: ast.stmt) -> list[str]:
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    return list(module.lines[first - 1 : node.end_lineno])


def _region(lines: list[str], indent: int) -> str:
    pad = " " * indent
    return "\n".join([pad + BEGIN, *lines, pad + END])


def _marked(module: PartModule, node: Definition) -> list[str]:
    """Lines of ``node`` with everything that is not specification between the markers."""
    documented = ast.get_docstring(node) is not None
    if not documented and not node.name.startswith("__"):  # a class documents its own __init__
        raise BuildError(f"{module.path.name}: {node.name} has no docstring, which is its specification")
    top = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    body = (node.body[0].end_lineno if documented else _header_end(module, node)) or top
    kept = list(module.lines[top - 1 : body])
    indent = node.body[0].col_offset
    if not isinstance(node, ast.ClassDef):
        solution = list(module.lines[body : _end(module, node, indent)])
        return [*kept, _region(solution, indent)] if any(line.strip() for line in solution) else kept
    for inner in node.body[documented:]:
        if isinstance(inner, Definition) and (not inner.name.startswith("_") or inner.name.endswith("__")):
            kept += ["", *_marked(module, inner)]
        else:
            kept += ["", _region(_text(module, inner), indent)]
    return kept


def _header_end(module: PartModule, node: Definition) -> int:
    """Line of the colon that ends ``def ...:``, for a body without a docstring."""
    text = "\n".join(module.lines[node.lineno - 1 : node.body[0].lineno])
    depth = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.OP:
            depth += (token.string in "([{") - (token.string in ")]}")
            if token.string == ":" and depth == 0:
                return node.lineno - 1 + token.start[0]
    raise BuildError(f"{module.path.name}: cannot find where the header of {node.name} ends")


def _end(module: PartModule, node: Definition, indent: int) -> int:
    """Last line of a body, with the comments that follow its last statement at the body's own indent."""
    end = node.end_lineno or node.lineno
    ahead = end
    while ahead < len(module.lines):
        line = module.lines[ahead]
        depth = len(line) - len(line.lstrip())
        if line.strip() and not (line.lstrip().startswith("#") and depth >= indent):
            break
        ahead += 1
        if line.strip():
            end = ahead
    return end
