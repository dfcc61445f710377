"""The fuzzer's forms of statements, each run by itself on small tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.fuzz.words import axes, functions, writing

SHAPES: tuple[tuple[int, ...], ...] = ((3,), (3, 2), ())
TABLES: dict[str, tuple[str, ...]] = {
    "one": functions.ONE,
    "activations": functions.ACTIVATIONS,
    "several": functions.SEVERAL,
    "folds": axes.FOLDS,
    "order": axes.ORDER,
    "distinct": axes.DISTINCT,
    "picked": axes.PICKED,
    "matrices": axes.MATRICES,
    "vectors": axes.VECTORS,
    "shapes": axes.SHAPES,
}
WRITTEN: dict[str, tuple[str, ...]] = {
    "elements": tuple("{a}." + form for form in writing.ELEMENTS),
    "several in place": tuple("{a}." + form for form in writing.SEVERAL),
    "places": tuple("{a}." + form for form in writing.PLACES),
    "parts": writing.PARTS,
    "object": writing.OBJECT,
}
#: Written for one shape only.
_ONLY = {"matrices": (3, 2), "vectors": (3,)}


def fits(table: str, shape: tuple[int, ...]) -> bool:
    """Return whether the forms of a table are about tensors of this shape."""
    return _ONLY.get(table, shape) == shape


def spelled(form: str, shape: tuple[int, ...]) -> str:
    """Return a form with its gaps filled, for tensors called a, b, c and s."""
    names = {"r": "b"} | {name: name for name in "abcs"}
    places = {"d": "0", "e": "1" if len(shape) > 1 else "0", "p": "0", "q": "1", "n": "0.5"}
    return form.format(f="T.nn.functional", i="T.zeros_like(a).long()", **names, **places)


def leaves(T: Any, shape: tuple[int, ...], kind: str) -> dict[str, Any]:
    """Return four leaves: of plain numbers, of those where functions have corners, or with nan and infinities."""
    draw = np.random.RandomState(0)
    count = int(np.prod(shape, dtype=int))

    def values(k: int) -> Any:
        if kind == "plain":
            return draw.permutation(np.arange(count)) / 4 + 0.3 - 0.1 * k
        if kind == "corners":
            return draw.choice([0.0, -0.0, 1, -1, 0.5, 0.25, 2, -1.5], count)
        return draw.choice([0.0, 1, np.inf, -np.inf, np.nan, -1], count)

    return {
        name: T.tensor(values(k).reshape(shape), dtype=T.float64, requires_grad=True) for k, name in enumerate("abcs")
    }


def run(T: Any, form: str, shape: tuple[int, ...], names: dict[str, Any]) -> Any:
    """Run a form; return its result, what it wrote to, or the kind of its exception.

    Where it writes, it is to an intermediate; of an intermediate that `names` has already, to that.
    """
    statement = spelled(form, shape)
    scope = {**names, "T": T}
    try:
        code = compile(statement, "<form>", "eval")
    except SyntaxError:
        code = compile(statement, "<form>", "exec")
    try:
        made = eval(code, scope)
    except Exception as error:
        return type(error).__name__
    return scope["a"] if made is None else made
