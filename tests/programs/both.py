"""Run one program under torch and under the engine, and compare everything it notes.

A program is a function ``program(T, note)``: `T` is ``torch`` or ``course.nptorch``, and ``note(label, value)``
writes down what is to agree. Both start from the same seed, and the engine draws torch's random numbers, so a
program need not be told its weights.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import course.nptorch as nptorch

TOLERANCE = 1e-10


class Notes:
    """What one run wrote down."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, Any]] = []

    def __call__(self, label: str, value: Any) -> Any:
        """Write down a copy of `value`, and return it."""
        self.lines.append((label, plain(value)))
        return value

    def attempt(self, label: str, f: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Write down what a call returns, or type and text of what it raises."""
        try:
            self(label, f(*args, **kwargs))
        except Exception as error:
            text = str(error).replace("course.nptorch", "torch").split("\n\nTip: ")[0].strip()
            self.lines.append((label, f"{type(error).__name__}: {text}"))


def plain(value: Any) -> Any:
    """Return a value as plain data that has nothing of either engine in it."""
    if hasattr(value, "grad_fn"):
        data = np.array(value.detach().numpy(force=True))
        return (str(data.dtype), data, value.requires_grad)
    if isinstance(value, dict):
        return {key: plain(x) for key, x in value.items()}
    if isinstance(value, tuple | list):
        return [plain(x) for x in value]
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def run(program: Callable[..., None], T: Any) -> Notes:
    """Run a program in float64 from a fixed seed; what escapes it and the warnings are noted too."""
    before = T.get_default_dtype()
    T.set_default_dtype(T.float64)
    T.manual_seed(0)
    note = Notes()
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            note.attempt("end", program, T, note)
        texts = {f"{w.category.__name__}: {str(w.message).split(' (Triggered internally')[0]}" for w in caught}
        note.lines.append(("warnings", sorted(texts)))
    finally:
        T.set_default_dtype(before)
    return note


def same(program: Callable[..., None]) -> None:
    """Assert that a program notes the same on both engines."""
    theirs, mine = run(program, torch), run(program, nptorch)
    assert [label for label, _ in mine.lines] == [label for label, _ in theirs.lines], (mine.lines, theirs.lines)
    for (label, a), (_, b) in zip(mine.lines, theirs.lines, strict=True):
        agree(label, a, b)


def agree(label: str, a: Any, b: Any) -> None:
    """Assert that two plain values agree; numbers to within rounding."""
    if isinstance(b, tuple):  # a tensor
        assert isinstance(a, tuple), label
        assert (a[0], a[1].shape, a[2]) == (b[0], b[1].shape, b[2]), label
        np.testing.assert_allclose(a[1], b[1], rtol=TOLERANCE, atol=TOLERANCE, err_msg=label)
    elif isinstance(b, list):
        assert len(a) == len(b), (label, a, b)
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            agree(f"{label}[{i}]", x, y)
    elif isinstance(b, dict):
        assert list(a) == list(b), label
        for key in b:
            agree(f"{label}[{key}]", a[key], b[key])
    elif isinstance(b, float):
        np.testing.assert_allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE, err_msg=label)
    else:
        assert a == b, label
