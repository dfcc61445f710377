"""Cut the source of a part out of the notebook cell or file in which it was written."""

from __future__ import annotations

import ast
import builtins
import inspect
import linecache
import symtable
from typing import Any

from course.nptorch.parts import DECLARED

HEADER = "import numpy as np\n\nimport course.nptorch as torch\n"
KEPT = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)


def part_source(part: Any) -> str:
    """Return a module's text with the part and the helpers defined in the same cell.

    Imports, functions and classes of the cell are taken along, names bound to constants, and what is
    assigned to other names that they use, such as a counter; everything else in it (experiments,
    plots, plugging in) is left out. Classes that the part derives from come with it from their cells,
    without the other parts that stand there. A part of another cell that it calls is not taken along:
    the text calls whichever is plugged in under that name.

    Raises
    ------
    OSError
        If the source is not to be found.
    ValueError
        If the part needs a name that is defined in another cell, or is not written yet.
    """
    filename = _filename(part)
    lines = linecache.getlines(filename)
    if not lines:
        raise OSError("its source is not at hand; define it in a notebook cell or a file")
    tree = ast.parse("".join(lines))
    kept = _kept(lines, tree)
    future = [_text(lines, node) for node in kept if _is_future(node)]
    pieces = _inherited(part, filename) + [_text(lines, node) for node in kept if not _is_future(node)]
    if part.__name__ not in {getattr(node, "name", None) for node in tree.body}:
        raise OSError("it is not defined at the top level of its cell")
    if stubs := [stub for node in tree.body for stub in _stubs(node, part.__name__)]:
        raise ValueError(f"{', '.join(stubs)} is not written yet; write it and run its cell first")
    text = _joined(future, [], pieces)
    text = _joined(future, sorted(_needed(text) & set(DECLARED)), pieces)
    if missing := sorted(_needed(text)):
        raise ValueError(
            f"it uses {', '.join(missing)}, which another cell defines; put that into the same cell as the part"
        )
    return text


def _joined(future: list[str], others: list[str], pieces: list[str]) -> str:
    """Put the text together; `others` are parts that it calls."""
    calls = ["from course.nptorch.parts import latest"] * bool(others)
    bound = ["\n".join(f'{name} = latest("{name}")' for name in others)] * bool(others)
    return "\n\n".join([*future, "\n".join([HEADER.rstrip(), *calls]), *bound, *pieces]) + "\n"


def _filename(part: Any) -> str:
    """Return the file, or the notebook cell, in which a function or class was written."""
    code = getattr(part, "__code__", None)
    if code is None:  # a class knows no file in a notebook, but its methods do
        for member in vars(part).values():
            inner = inspect.unwrap(getattr(member, "__func__", member))
            code = getattr(inner, "__code__", None)
            if code is not None and code.co_filename:
                break
    if code is None:
        raise OSError("it has no methods, so its source cannot be found")
    return str(code.co_filename)


def _inherited(part: Any, filename: str) -> list[str]:
    """Return what the part's base classes from other cells need, in the order in which they derive."""
    pieces: list[str] = []
    for base in reversed(getattr(part, "__mro__", ())[1:]):
        if base.__module__ != part.__module__ or _filename(base) == filename:
            continue
        lines = linecache.getlines(_filename(base))
        for node in ast.parse("".join(lines)).body:
            name = getattr(node, "name", None)
            if (isinstance(node, KEPT) or _constant(node)) and name not in DECLARED and not _is_future(node):
                pieces.append(_text(lines, node))
            if stubs := _stubs(node, base.__name__):
                raise ValueError(f"{', '.join(stubs)} is not written yet; write it and run its cell first")
    return list(dict.fromkeys(pieces))


def _stubs(node: ast.stmt, name: str) -> list[str]:
    """Name the part, or the methods of it, whose body does nothing but raise a stub's NotImplementedError."""
    if getattr(node, "name", None) != name:
        return []
    inner = node.body if isinstance(node, ast.ClassDef) else [node]
    prefix = f"{name}." if isinstance(node, ast.ClassDef) else ""
    return [f"{prefix}{f.name}" for f in inner if isinstance(f, ast.FunctionDef) and _is_stub(f)]


def _is_stub(function: ast.FunctionDef) -> bool:
    said = ast.get_docstring(function, clean=False) is not None
    body = function.body[1:] if said else function.body
    if len(body) != 1 or not isinstance(body[0], ast.Raise):
        return False
    raised = body[0].exc
    error = raised.func if isinstance(raised, ast.Call) else raised
    if not isinstance(error, ast.Name) or error.id != "NotImplementedError":
        return False
    # the stub of a released lesson says "write this or that"; whoever says something else has written it
    said_so = raised.args[0] if isinstance(raised, ast.Call) and raised.args else None
    return said_so is None or (isinstance(said_so, ast.Constant) and str(said_so.value).startswith("write "))


def _text(lines: list[str], node: Any) -> str:
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    return "".join(lines[first - 1 : node.end_lineno]).rstrip()


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _kept(lines: list[str], tree: ast.Module) -> list[ast.stmt]:
    """Return the statements of a cell that are taken along, in their order."""
    kept = [node for node in tree.body if isinstance(node, KEPT) or _constant(node)]
    while True:
        missing = _needed("\n".join(_text(lines, node) for node in kept if not _is_future(node)))
        more = [node for node in tree.body if node not in kept and _binds(node) & missing]
        if not more:
            return kept
        kept = [node for node in tree.body if node in kept or node in more]


def _binds(node: ast.stmt) -> set[str]:
    """Return the names to which a statement assigns something, if that is all it does."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _constant(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Assign):
        return False
    try:
        ast.literal_eval(node.value)
    except ValueError:
        return False
    return all(isinstance(target, ast.Name) for target in node.targets)


def _needed(text: str) -> set[str]:
    """Return the global names a module reads and neither defines nor finds among the builtins."""
    top = symtable.symtable(text, "part", "exec")
    defined = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    defined |= {s.get_name() for s in top.get_symbols() if s.is_namespace()}
    read: set[str] = set()
    tables = [top]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        read |= {
            s.get_name()
            for s in table.get_symbols()
            if (s.is_global() and s.is_referenced()) or (table is top and s.is_referenced())
        }
    return read - defined - set(vars(builtins)) - {"__name__", "__file__", "__doc__"}
