"""Numbers as a story holds them: plain JSON, short, and a copy of what was there."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from course.widgets.theatre.story import SMALL, Value


def value_of(array: Any) -> Value | None:
    """Return an array as the `Value` of a story; None for None.

    Parameters
    ----------
    array : numpy.ndarray, NumPy scalar or None
        Any shape and dtype. It is read, and not kept.
    """
    if array is None:
        return None
    array = np.asarray(array)
    return {"shape": list(array.shape), "text": _text(array), "norm": _norm(array)}


def _norm(array: Any) -> float | str:
    with np.errstate(all="ignore"):
        wide = array if array.dtype.kind == "c" else array.astype(np.float64, copy=False)
        norm = float(np.linalg.norm(wide.ravel())) if array.size else 0.0
    return norm if math.isfinite(norm) else str(norm)


def _text(array: Any) -> str:
    if array.size > SMALL:
        return ""
    return _nested(array.tolist())


def _nested(item: Any) -> str:
    if isinstance(item, list):
        return "[" + ", ".join(_nested(each) for each in item) + "]"
    return number(item)


def number(item: Any) -> str:
    """Return one number with at most six digits; whole floats keep a digit after their point."""
    if not isinstance(item, float):
        return str(item)
    text = f"{item:.6g}"
    return f"{text}.0" if text.lstrip("-").isdigit() else text


def brief(value: Value | None) -> str:
    """Return a `Value` in a few letters: its numbers, or its form and norm."""
    if value is None:
        return "None"
    if value["text"]:
        return str(value["text"])
    norm = value["norm"]
    return f"<{'x'.join(str(n) for n in value['shape'])}, norm {norm if isinstance(norm, str) else number(norm)}>"


def several(values: list[Value | None]) -> str:
    """Return one `Value` as itself, more of them in round brackets."""
    return brief(values[0]) if len(values) == 1 else "(" + ", ".join(brief(value) for value in values) + ")"
