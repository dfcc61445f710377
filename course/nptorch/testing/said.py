"""What `assert_close` says: how many elements differ, and where most."""

from __future__ import annotations

from typing import Any

import numpy as np


def of_numbers(actual: Any, expected: Any, rtol: float, atol: float) -> str:
    """Say how two numbers differ."""
    away = abs(actual - expected)
    relative = away / abs(expected) if expected else float("inf")
    lines = [f"Expected {expected} but got {actual}."]
    lines += [f"Absolute difference: {away}{_allowed(atol, rtol, atol)}"]
    lines += [f"Relative difference: {relative}{_allowed(rtol, rtol, atol)}"]
    return _message("Scalars", lines, rtol, atol)


def of_arrays(actual: Any, expected: Any, matches: Any, rtol: float, atol: float) -> str:
    """Say how two arrays of one shape and dtype differ, looking only at elements that do not match."""
    if actual.dtype.kind in "bui":
        actual, expected = actual.astype(np.int64), expected.astype(np.int64)
    with np.errstate(all="ignore"):
        away = np.where(matches, 0, np.abs(actual - expected))
        size = np.abs(expected)
        if away.dtype.kind == "i":  # torch divides whole numbers in float32
            away, size = away.astype(np.float32), size.astype(np.float32)
        relative = np.where(matches, 0, away / size)
    wrong = int((~matches).sum())
    lines = [f"Mismatched elements: {wrong} / {matches.size} ({wrong / matches.size:.1%})"]
    for name, found, allowed in (("absolute", away, atol), ("relative", relative, rtol)):
        place = np.unravel_index(int(np.argmax(found)), found.shape)
        most = found[place].item()
        if name == "absolute" and actual.dtype.kind == "i":
            most = int(most)
        index = tuple(int(one) for one in place)
        lines.append(f"Greatest {name} difference: {most} at index {index}{_allowed(allowed, rtol, atol)}")
    return _message("Tensor-likes", lines, rtol, atol)


def _allowed(tolerance: float, rtol: float, atol: float) -> str:
    return "" if rtol == atol == 0 else f" (up to {tolerance} allowed)"


def _message(what: str, lines: list[str], rtol: float, atol: float) -> str:
    return "\n".join([f"{what} are not {'equal' if rtol == atol == 0 else 'close'}!", "", *lines])
