"""Mutants: the reference parts with one small change each, faults that nobody thought of."""

from __future__ import annotations

import ast
import copy
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_SWAPS: dict[type, type] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.MatMult: ast.Mult,
    ast.Pow: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
_SIMPLE = (ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Raise, ast.Delete, ast.Continue, ast.Break)


@dataclass(frozen=True)
class Mutant:
    """One changed part.

    Attributes
    ----------
    part : str
        Which part.
    where : str
        The function within it, and how many lines below its first line of code.
    change : str
        What was changed, as text: before -> after.
    wrong : object
        The changed part.
    """

    part: str
    where: str
    change: str
    wrong: Any

    def __str__(self) -> str:
        return f"{self.part} {self.where}: {self.change}"


def mutants(name: str, part: Any) -> Iterator[Mutant]:
    """Make every mutant of one part.

    Parameters
    ----------
    name : str
        The part's name.
    part : object
        The reference part.
    """
    module = importlib.import_module(part.__module__)
    tree = ast.parse(inspect.getsource(module))
    for position in range(_count(tree, part.__name__)):
        changed = copy.deepcopy(tree)
        where, change = _apply(changed, part.__name__, position)
        ast.fix_missing_locations(changed)
        names: dict[str, Any] = {"__name__": module.__name__}
        try:
            exec(compile(changed, f"<mutant of {name}>", "exec"), names)
        except Exception:  # what does not even load teaches nothing: no student hands it in
            continue
        yield Mutant(name, where, change, names[part.__name__])


def _definition(tree: ast.Module, name: str) -> Any:
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name:
            return node
    raise LookupError(name)


def _count(tree: ast.Module, name: str) -> int:
    return sum(1 for _ in _changes(_definition(tree, name)))


def _apply(tree: ast.Module, name: str, position: int) -> tuple[str, str]:
    """Make one change in place; say where and what."""
    definition = _definition(tree, name)
    for nth, (node, owner, change) in enumerate(_changes(definition)):
        if nth == position:
            before, line = _text(node), getattr(node, "lineno", owner.lineno) - _first_line(owner)
            after = change()
            return f"{owner.name}+{line}", f"{before} -> {after}"
    raise IndexError(position)


def _first_line(function: ast.FunctionDef) -> int:
    """Return where the code begins, so that a docstring can grow without moving it."""
    described = ast.get_docstring(function, clean=False) is not None and len(function.body) > 1
    return function.body[1 if described else 0].lineno


def _text(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())[:100]


def _changes(definition: Any) -> Iterator[tuple[Any, ast.FunctionDef, Any]]:
    """Go through all changes that can be made: the node to show, its function, and what makes the change."""
    for owner in [node for node in ast.walk(definition) if isinstance(node, (ast.FunctionDef, ast.ClassDef))]:
        if isinstance(owner, ast.FunctionDef):
            for block in _blocks(owner):
                for statement in block:
                    yield from ((node, owner, change) for node, change in _of_statement(block, statement))


def _blocks(function: ast.FunctionDef) -> Iterator[list[ast.stmt]]:
    """Go through the lists of statements of a function, but not of functions within it."""
    waiting: list[Any] = [function]
    while waiting:
        node = waiting.pop(0)
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                yield block
                waiting += [one for one in block if not isinstance(one, (ast.FunctionDef, ast.ClassDef))]
        waiting += getattr(node, "handlers", [])


def _of_statement(block: list[ast.stmt], statement: ast.stmt) -> Iterator[tuple[Any, Any]]:
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return
    docstring = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    if isinstance(statement, _SIMPLE) and not docstring:
        yield statement, lambda: _replace(block, statement, ast.Pass())
    if isinstance(statement, ast.Return) and statement.value is not None and not _is_none(statement.value):
        yield statement, lambda: _replace(block, statement, ast.Return(ast.Constant(None)))
    if isinstance(statement, (ast.If, ast.While)):
        yield statement.test, lambda: _set(statement, "test", ast.UnaryOp(ast.Not(), statement.test))
    for inner in _expressions(statement):
        yield from _of_expression(inner)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _expressions(statement: ast.stmt) -> Iterator[Any]:
    """Go through the expressions of one statement, not of the statements inside it."""
    waiting: list[Any] = [
        child for child in ast.iter_child_nodes(statement) if not isinstance(child, (ast.stmt, ast.ExceptHandler))
    ]
    if isinstance(statement, ast.AnnAssign):
        waiting.remove(statement.annotation)
    if isinstance(statement, ast.Raise):
        return  # the words of an error are compared by their stable phrases only
    while waiting:
        node = waiting.pop(0)
        yield node
        waiting += list(ast.iter_child_nodes(node))


def _of_expression(node: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(node, (ast.BinOp, ast.BoolOp)) and type(node.op) in _SWAPS:
        yield node, lambda: _set(node, "op", _SWAPS[type(node.op)]())
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node, lambda: _set(node, "op", ast.UAdd())
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node, lambda: _set(node, "operand", ast.UnaryOp(ast.Not(), node.operand))
    if isinstance(node, ast.Compare):
        for nth, op in enumerate(node.ops):
            if type(op) in _SWAPS:
                yield node, lambda nth=nth, op=op: _swap(node, nth, _SWAPS[type(op)]())
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield node, lambda: _set(node, "value", not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        yield node, lambda: _set(node, "value", node.value + 1)
    if isinstance(node, ast.Call):
        for nth, keyword in enumerate(node.keywords):
            if keyword.arg is not None:
                yield node, lambda nth=nth: _without(node, nth)
        if len(node.args) == 2:
            yield node, lambda: _set(node, "args", node.args[::-1])
    if isinstance(node, ast.IfExp):
        yield node, lambda: _set(node, "test", ast.UnaryOp(ast.Not(), node.test))


def _set(node: Any, field: str, value: Any) -> str:
    setattr(node, field, value)
    return _text(ast.fix_missing_locations(node))


def _swap(node: ast.Compare, nth: int, op: ast.cmpop) -> str:
    node.ops[nth] = op
    return _text(node)


def _without(node: ast.Call, nth: int) -> str:
    del node.keywords[nth]
    return _text(node)


def _replace(block: list[ast.stmt], old: ast.stmt, new: ast.stmt) -> str:
    block[block.index(old)] = new
    return _text(new)
