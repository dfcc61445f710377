"""Where two runs of a program part."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from course.fuzz.look import Failed, Numbers
from course.fuzz.program import Program, gradients, written_to
from course.fuzz.run import Step
from course.scenarios.differences import ulps_apart

#: Errors up to this many ulps of the largest number in a tensor are no difference.
TOLERANCE_ULPS = 64


@dataclass(frozen=True)
class Difference:
    """The first thing in which two runs differ.

    Attributes
    ----------
    at : int
        After which statement.
    where : str
        ``raised``, ``log``, or name and field, e.g. ``c._version``.
    expected, got : object
        What torch showed, and what the engine did.
    error : float or None
        For numbers of the same shape and dtype: the largest error, absolute.
    """

    at: int
    where: str
    expected: Any
    got: Any
    error: float | None = None

    @property
    def kind(self) -> tuple[str, ...]:
        """What stays the same while the program shrinks."""
        field = self.where.partition(".")[2] or self.where
        return field.rstrip("0123456789"), _kind(self.expected), _kind(self.got)

    def __str__(self) -> str:
        return f"{self.where}\n    torch:   {self.expected!r}\n    nptorch: {self.got!r}"


def _kind(value: Any) -> str:
    if isinstance(value, Failed):
        return f"{value.type} {' '.join(value.keywords)}"
    if isinstance(value, str):
        return value
    return type(value).__name__


def first_difference(
    program: Program, expected: list[Step], got: list[Step], ulps: float = TOLERANCE_ULPS
) -> Difference | None:
    """Return where two runs of one program part, or None."""
    steps = (*expected, *got)
    if any("inference_mode" in statement for statement in program.statements):
        _forget(steps, {name for step in steps for name in step.seen}, "_version")
    _forget(steps, written_to(program.statements), "_version", "grad_fn")
    # a gradient lies in memory as the formula of its operation happens to leave it
    _forget(steps, gradients(program.statements), "stride")
    for at, (one, other) in enumerate(zip(expected, got, strict=True)):
        found = _of_steps(at, one, other, ulps)
        if found is not None:
            return found
    return None


def _forget(steps: Iterable[Step], names: Iterable[str], *fields: str) -> None:
    """Take away what is not compared."""
    for step in steps:
        for name in names:
            seen = step.seen.get(name)
            if isinstance(seen, dict):
                for field in fields:
                    seen.pop(field, None)


def _of_steps(at: int, one: Step, other: Step, ulps: float) -> Difference | None:
    if not same_failure(one.failed, other.failed):
        return Difference(at, "raised", one.failed, other.failed)
    if [line[:2] for line in one.log] != [line[:2] for line in other.log]:
        expected, got = ([line[0] for line in step.log] for step in (one, other))
        return Difference(at, "log", expected, got)
    for (label, _, given), (_, _, taken) in zip(one.log, other.log, strict=True):
        if len(given) != len(taken):
            return Difference(at, f"log of {label}", given, taken)
        for number, (a, b) in enumerate(zip(given, taken, strict=True)):
            found = _of_values(at, f"log of {label}, {number}", a, b, ulps)
            if found is not None:
                return found
    if one.seen.keys() != other.seen.keys():
        return Difference(at, "names", sorted(one.seen), sorted(other.seen))
    for name in one.seen:
        found = _of_values(at, name, one.seen[name], other.seen[name], ulps)
        if found is not None:
            return found
    return None


def same_failure(one: Failed | None, other: Failed | None) -> bool:
    """Return whether two exceptions are the same in what is stable: type, and torch's keywords."""
    if one is None or other is None:
        return one is other
    return one.type == other.type and set(one.keywords) <= set(other.keywords)


def _of_values(at: int, where: str, one: Any, other: Any, ulps: float) -> Difference | None:
    if isinstance(one, dict) and isinstance(other, dict):
        for field in (*one, *(field for field in other if field not in one)):
            found = _of_values(at, f"{where}.{field}", one.get(field), other.get(field), ulps)
            if found is not None:
                return found
        return None
    if isinstance(one, Numbers) and isinstance(other, Numbers):
        return _of_numbers(at, where, one, other, ulps)
    if isinstance(one, Failed) and isinstance(other, Failed):
        return None if same_failure(one, other) else Difference(at, where, one, other)
    same = type(one) is type(other) and one == other
    return None if same else Difference(at, where, one, other)


def _of_numbers(at: int, where: str, one: Numbers, other: Numbers, ulps: float) -> Difference | None:
    a, b = one.array, other.array
    if a.shape != b.shape or a.dtype != b.dtype:
        return Difference(at, where, one, other)
    if a.tobytes() == b.tobytes() or ulps_apart(a.ravel(), b.ravel(), str(a.dtype)) <= ulps:
        return None
    finite = np.isfinite(a) & np.isfinite(b)
    odd = bool((~finite & (a != b) & ~(np.isnan(a) & np.isnan(b))).any())
    error = float("inf") if odd else float(np.abs(a[finite].astype("f8") - b[finite].astype("f8")).max())
    return Difference(at, where, one, other, error)
