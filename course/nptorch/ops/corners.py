"""Arithmetic of arrays where torch and NumPy differ in the corners: division by 0, signs of 0, roots of -inf."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.nptorch.ops.operands import aligned
from course.nptorch.ops.write import mismatch


def rounded(compute: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Refuse division of integers by zero, where NumPy would return 0."""

    def checked(a: Any, b: Any) -> Any:
        if np.asarray(a).dtype.kind != "f" and np.asarray(b).dtype.kind != "f" and not np.all(b):
            raise RuntimeError("ZeroDivisionError")
        return compute(a, b)

    return checked


def truncated(a: Any, b: Any) -> Any:
    """Return ``a / b`` cut down to a whole number."""
    quotient = np.trunc(np.true_divide(a, b))
    return quotient.astype(np.result_type(a, b))


def remainder(a: Any, b: Any) -> Any:
    """Return what is left of ``a / b``, with the sign of `b`; a remainder of 0 has the sign of `a`."""
    if np.result_type(a, b).kind != "f":
        return np.remainder(a, b)
    left = np.fmod(a, b)
    return np.where((left != 0) & ((left < 0) != (np.asarray(b) < 0)), left + b, left)


def power(a: Any, b: Any) -> Any:
    """Return ``a ** b``; integers cannot be raised to negative ones."""
    a, b = aligned(a, b)
    kinds = [np.asarray(x).dtype.kind for x in (a, b)]
    if "f" not in kinds and np.any(np.less(b, 0)):
        raise RuntimeError("Integers to negative integer powers are not allowed.")
    if type(b) is float and abs(b) == 0.5 and a.dtype.kind == "f":
        return np.sqrt(a) if b > 0 else 1 / np.sqrt(a)  # as torch does, which decides what becomes of -inf
    try:
        return np.power(a, b)
    except ValueError as error:
        raise mismatch(a, b) from error
