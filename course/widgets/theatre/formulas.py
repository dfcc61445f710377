"""The derivative of a node as text, read off the vjp table: ``"g * other"``."""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

from course.nptorch.table import OPS


def formula_of(op: Any, wanted: list[bool]) -> str:
    """Return the rules of a row of the table for the inputs that get a gradient.

    Parameters
    ----------
    op : Op
        The row.
    wanted : list of bool
        Per input with a rule, whether it gets a gradient.

    Returns
    -------
    str
        ``"g * other"`` for one input, ``"self: g * other; other: g * self"`` for several; ``""``
        where the rule cannot be read.
    """
    texts = [
        (name, body(rule)) for name, rule, want in zip(op.inputs, op.rules, wanted, strict=False) if want and body(rule)
    ]
    return texts[0][1] if len(texts) == 1 else "; ".join(f"{name}: {text}" for name, text in texts)


def formula_by_name(node_name: str, wanted: list[bool]) -> str:
    """Return the same for a node of torch, by its name; ``""`` where the table has no such node."""
    op = _by_node_name().get(node_name)
    return "" if op is None else formula_of(op, wanted)


@functools.cache
def _by_node_name() -> dict[str, Any]:
    return {op.node_name: op for op in reversed(OPS.values())}


@functools.lru_cache(maxsize=500)
def body(rule: Callable[..., Any]) -> str:
    """Return what a rule returns, as it is written; ``""`` for what is longer than one expression."""
    code = getattr(rule, "__code__", None)
    if code is None or not hasattr(rule, "__name__"):
        return ""
    try:
        return _of_lambda(code) if rule.__name__ == "<lambda>" else _of_def(rule)
    except (OSError, TypeError, SyntaxError):  # no source to be had
        return ""


def _of_def(rule: Callable[..., Any]) -> str:
    tree = ast.parse(textwrap.dedent(inspect.getsource(rule)))
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    last = function.body[-1]
    lines = [line for line in function.body if not isinstance(line, ast.Expr)]  # without the docstring
    if len(lines) != 1 or not isinstance(last, ast.Return) or last.value is None:
        return f"{rule.__name__}(...)"
    return ast.unparse(last.value)


def _of_lambda(code: Any) -> str:
    line, column = next((at[0], at[2]) for at in reversed(list(code.co_positions())) if at[3])
    for body in _lambdas(code.co_filename):
        if body.lineno <= line <= (body.end_lineno or 0) and body.col_offset <= column < (body.end_col_offset or 0):
            return ast.unparse(body)
    return ""


@functools.cache
def _lambdas(path: str) -> list[ast.expr]:
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    return [node.body for node in ast.walk(tree) if isinstance(node, ast.Lambda)]
