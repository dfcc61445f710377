"""Before anything is timed: do all engines compute the same?"""

from __future__ import annotations

import numpy as np

from course.compare.timing.engines import Bare, Engine
from course.compare.timing.operations import Operation

SIZE = 256
#: Rounding of float32 in a sum of 256 terms, a few times over. A wrong gradient is thousands of times worse.
TOLERANCE = 64 * float(np.finfo(np.float32).eps)


def objection(engine: Engine, operation: Operation, n: int = SIZE) -> str:
    """Return why there is nothing to time: how the engine fails, or differs from bare NumPy; empty if it does not."""
    judge = Bare().results(operation, n)
    try:
        found = engine.results(operation, n)
    except Exception as error:  # a student's part may raise whatever it likes, or be missing
        return f"it raises {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}".rstrip(": ")
    for got, expected in zip(found, judge, strict=True):
        if got.shape != expected.shape:
            return f"its result has shape {got.shape}, that of NumPy {expected.shape}"
        away = float(np.abs(got - expected).max() / np.abs(expected).max())
        if not away <= TOLERANCE:
            return f"its result differs from that of NumPy by {away:.1e} of the largest number"
    return ""
