"""Simpler forms of one statement, most promising first."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from typing import Any


def simpler(statement: str) -> Iterator[str]:
    """Yield forms of a statement that say less; some make no sense."""
    tree = ast.parse(statement).body[0]
    if isinstance(tree, ast.With):
        yield from (ast.unparse(line) for line in tree.body)
        if len(tree.items) > 1:
            yield from (_without_item(tree, at) for at in range(len(tree.items)))
        for form in simpler(ast.unparse(tree.body[0])):
            changed = copy.deepcopy(tree)
            changed.body = ast.parse(form).body
            yield ast.unparse(changed)
    yield from _with_simpler_parts(tree)


_MOST = 12


def _with_simpler_parts(tree: ast.stmt) -> Iterator[str]:
    """Put a simpler form in the place of each expression in turn."""
    for place in range(_count(tree)):
        for number in range(_MOST):
            changed = copy.deepcopy(tree)
            swap = _Swap(place, number)
            made = swap.visit(changed)
            if not swap.done:
                break
            yield ast.unparse(ast.fix_missing_locations(made))


def _without_item(tree: ast.With, at: int) -> str:
    changed = copy.deepcopy(tree)
    del changed.items[at]
    return ast.unparse(changed)


def _count(tree: ast.AST) -> int:
    return sum(isinstance(node, ast.expr) for node in ast.walk(tree))


class _Swap(ast.NodeTransformer):
    """Puts the `number`-th simpler form in the place of the `place`-th expression."""

    def __init__(self, place: int, number: int) -> None:
        self.place = place
        self.number = number
        self.done = False
        self._at = -1

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.expr):
            self._at += 1
            if self._at == self.place:
                for number, form in enumerate(forms(node)):
                    if number == self.number:
                        self.done = True
                        return form
                return node
        return self.generic_visit(node)


def forms(node: ast.expr) -> Iterator[ast.expr]:
    """Yield simpler expressions that may stand in the place of one."""
    if isinstance(node, ast.Call):
        yield from _of_call(node)
    elif isinstance(node, ast.BinOp):
        yield node.left
        yield node.right
    elif isinstance(node, ast.Subscript | ast.UnaryOp | ast.Attribute):
        inner = node.operand if isinstance(node, ast.UnaryOp) else node.value
        if not (isinstance(inner, ast.Name) and inner.id == "T"):
            yield inner
    elif isinstance(node, ast.List | ast.Tuple) and isinstance(node.ctx, ast.Load):
        yield from _of_list(node)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        for value in (1.0, 2.0) if isinstance(node.value, float) else (0, 1):
            if abs(value) < abs(node.value) or not float(node.value).is_integer():
                yield ast.Constant(value)


def _of_call(node: ast.Call) -> Iterator[ast.expr]:
    if isinstance(node.func, ast.Attribute) and not _of_module(node.func):
        yield node.func.value
    if ast.unparse(node.func) != "T.tensor":
        yield from (one for one in node.args if not isinstance(one, ast.Constant | ast.Lambda))
    for at in range(len(node.keywords)):
        rest = [*node.keywords[:at], *node.keywords[at + 1 :]]
        yield ast.Call(node.func, node.args, rest)
    if node.args and ast.unparse(node.func) != "T.tensor":
        yield ast.Call(node.func, node.args[:-1], node.keywords)


def _of_module(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id == "T"


def _of_list(node: ast.List | ast.Tuple) -> Iterator[ast.expr]:
    if not node.elts:
        return
    yield node.elts[0]
    if len(node.elts) == 1:
        return
    for at in range(len(node.elts)):
        yield type(node)([*node.elts[:at], *node.elts[at + 1 :]], node.ctx)
    if all(isinstance(row, ast.List) and len(row.elts) > 1 for row in node.elts):
        rows = [row.elts for row in node.elts if isinstance(row, ast.List)]
        yield ast.List([row[0] for row in rows], node.ctx)
        yield ast.List([ast.List(row[:-1], ast.Load()) for row in rows], node.ctx)
