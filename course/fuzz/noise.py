"""Telling rounding errors from wrong numbers.

Where a program cancels or divides by next to nothing, the last bit of an input decides about leading digits of
the result, and two correct engines differ. So a small difference in numbers is held against what torch itself
does when the inputs change in their last bits.
"""

from __future__ import annotations

import ast

import numpy as np

from course.fuzz.compare import TOLERANCE_ULPS, Difference
from course.fuzz.look import Numbers
from course.fuzz.program import Program
from course.fuzz.run import Engine, Step, run

#: Errors larger than this, relative to the number itself, are never called noise.
LARGEST = {"float64": 1e-6, "float32": 1e-2, "float16": 0.3}
#: How much more than torch's own movement is still called noise.
MARGIN = 100.0


def is_noise(program: Program, difference: Difference, torch: Engine) -> bool:
    """Return whether torch's own numbers move as much when the inputs move by a few ulps."""
    expected = difference.expected
    if difference.error is None or not np.isfinite(difference.error):
        return False
    if not isinstance(expected, Numbers) or expected.array.dtype.kind != "f":
        return False
    size = float(np.nanmax(np.abs(expected.array[np.isfinite(expected.array)]), initial=0.0))
    if difference.error > LARGEST[str(expected.array.dtype)] * max(size, 1.0):
        return False
    rounding = TOLERANCE_ULPS * float(np.finfo(expected.array.dtype).eps) * max(size, 1.0)
    if difference.error <= max(rounding, _as_float32(program, size)):
        return True
    return any(
        difference.error <= MARGIN * _moved(program, difference, expected, torch, steps) for steps in (2.0, -3.0)
    )


def _as_float32(program: Program, size: float) -> float:
    """Return how far float64 numbers may be off because they came from float32 ones."""
    text = "\n".join(program.statements)
    has_float32 = "float32" in text or ".float()" in text or "dtype" not in text
    return TOLERANCE_ULPS * 2.0**-23 * size if has_float32 else 0.0


def _moved(program: Program, difference: Difference, expected: Numbers, torch: Engine, steps: float) -> float:
    shaken = Program(tuple(shake(line, steps) for line in program.statements), program.patient)
    try:
        step = run(shaken, torch)[difference.at]
    except Exception:  # the shaken program takes another turn, so it says nothing about rounding
        return 0.0
    moved = _find(step, difference.where)
    if not isinstance(moved, Numbers) or moved.array.shape != expected.array.shape:
        return 0.0
    apart = np.abs(moved.array.astype("f8") - expected.array.astype("f8"))
    return float(np.max(apart[np.isfinite(apart)], initial=0.0))


def _find(step: Step, where: str) -> object:
    if where.startswith("log of "):
        label, _, rest = where.removeprefix("log of ").partition(", ")
        number = int(rest.partition(".")[0])
        return next((line[2][number].get("values") for line in step.log if line[0] == label), None)
    name, _, field = where.partition(".")
    seen = step.seen.get(name)
    return seen.get(field) if isinstance(seen, dict) else None


def shake(statement: str, steps: float) -> str:
    """Return a statement in which every number that is not whole is off by a few ulps.

    Whole numbers inside ``T.tensor`` are moved as well, each by another number of ulps.
    """
    tree = ast.parse(statement)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "T.tensor" and "int64" not in statement:
            ulp = 2.0**-23 if "float32" in statement else 2.0**-52
            for at, part in enumerate(ast.walk(node.args[0])):
                if isinstance(part, ast.Constant) and isinstance(part.value, float):
                    part.value *= 1 + steps * ulp * (1 + at % 3)
    return ast.unparse(tree)
