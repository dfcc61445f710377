"""How far the losses of one column are from the judge's: where they part, how fast that grows, and why."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course.compare.training.columns import COLUMNS, JUDGE, Column

#: Errors above this are no longer small changes, and do not tell how fast small ones grow.
SMALL = 0.1

#: So many times as many roundoffs as the same program makes of torch's own float32 is no matter of rounding.
TOO_MANY = 1000

_ROUNDED = {
    "float64": "Every result is rounded at 2^-53 = {:.1e}, the judge's too, but sums are added in another order",
    "float32": "Every result is rounded at 2^-24 = {:.1e}",
    "tf32": "The factors of matrix products and convolutions are rounded at 2^-11 = {:.1e}, all else at 2^-24",
    "bfloat16": "Matrix products and convolutions take and give numbers rounded at 2^-8 = {:.1e}, weights keep float32",
}


@dataclass(frozen=True)
class Line:
    """One column of one program, held against the judge.

    Attributes
    ----------
    program
        The program's short name.
    column
        How it was run.
    where
        ``here``, or what a record says of itself: ``recorded on ...``.
    errors
        At each step the relative difference from the judge; of several losses that of the worst.
    parted
        The first step (from 1) at which the error is above the column's tolerance; None if there is none.
    growth
        By how much a step multiplies the error, fitted to all steps; None where too few tell.
    why
        Where the difference comes from, in one sentence.
    """

    program: str
    column: Column
    where: str
    errors: tuple[float, ...]
    parted: int | None
    growth: float | None
    why: str

    @property
    def recorded(self) -> bool:
        """Whether this was measured elsewhere."""
        return self.where != HERE

    def at(self, step: int) -> float | None:
        """Return the error at a step (from 1), None beyond the end."""
        return self.errors[step - 1] if step <= len(self.errors) else None


HERE = "here"


def judge_of(data: Mapping[str, Any]) -> str | None:
    """Return the column that others are held against: the judge, without torch the engine's own float64."""
    return next((name for name in (JUDGE.name, "nptorch float64") if name in data["columns"]), None)


def lines(data: Mapping[str, Any], program: str, where: str = HERE) -> list[Line]:
    """Hold the columns of one measurement against the judge of the same measurement.

    Parameters
    ----------
    data : mapping
        What `measure` returned.
    program : str
        The program's short name.
    where : str
        Where it was measured.

    Returns
    -------
    list of Line
        One for each column but the judge; none if there is no judge, or the program was not run.
    """
    judge = judge_of(data)
    columns = data["columns"]
    if judge is None or program not in data["programs"]:
        return []
    mistake = _mistake(data, program)
    found = []
    for name in COLUMNS:
        if name in columns and name != judge:
            errors = _errors(data, name, judge, program)
            engines = mistake if COLUMNS[name].engine == "nptorch" else ""
            found.append(_line(program, COLUMNS[name], where, errors, columns[name], engines))
    return found


def relative(one: Sequence[float | None], other: Sequence[float | None]) -> NDArray[np.float64]:
    """Return the distance of two lists of numbers, each as a part of the larger one: from 0 (equal) to 2.

    A number that is not finite is as far away as can be, 1.
    """
    a, b = (np.array([math.nan if x is None else x for x in side], dtype=float) for side in (one, other))
    larger = np.maximum(np.abs(a), np.abs(b))
    apart = np.abs(a - b)
    return np.where(np.isnan(apart), 1.0, apart / np.where(larger > 0, larger, 1.0))


def growth_of(errors: NDArray[np.float64]) -> float | None:
    """Return by how much a step multiplies the error: the slope of a straight line through its logarithms."""
    steps = np.arange(len(errors))
    usable = (errors > 0) & (errors < SMALL)
    if usable.sum() < 3:
        return None
    return float(np.exp(np.polyfit(steps[usable], np.log(errors[usable]), 1)[0]))


def _errors(data: Mapping[str, Any], name: str, judge: str, program: str) -> NDArray[np.float64]:
    ours, theirs = (data["columns"][one]["losses"][program] for one in (name, judge))
    worst: NDArray[np.float64] = np.max([relative(ours[goal], theirs[goal]) for goal in theirs], axis=0)
    return worst


def _line(
    program: str,
    column: Column,
    where: str,
    errors: NDArray[np.float64],
    data: Mapping[str, Any],
    mistake: str,
) -> Line:
    above = np.flatnonzero(errors > column.tolerance)
    growth = growth_of(errors)
    said = mistake or _rounding(column, errors, growth)
    parted = int(above[0]) + 1 if above.size else None
    told = tuple(float(one) for one in errors)
    return Line(program, column, where, told, parted, growth, said + _again(data, program))


def _mistake(data: Mapping[str, Any], program: str) -> str:
    """Say that the engine does something else than torch, where rounding cannot be the reason; empty if it can.

    What a program makes of roundings is seen on torch in float32. Another engine may be unlucky, but not by orders
    of magnitude. Where float32 has lost its way itself, nothing can be said any more.

    float64 sees smaller mistakes than float32, and what it sees holds for both. In float32 only the first step can
    convict: later a number may have fallen on the other side of a kink (ReLU, a maximum), which is rounding, too.
    """
    if not {JUDGE.name, "torch CPU float32"} <= set(data["columns"]):
        return ""
    u = COLUMNS["torch CPU float32"].roundoff
    most = np.maximum.accumulate(np.maximum(_errors(data, "torch CPU float32", JUDGE.name, program) / u, 1.0))
    for name, steps in {"nptorch float64": data["steps"], "nptorch float32": 1}.items():
        if name in data["columns"]:
            roundoffs = _errors(data, name, JUDGE.name, program) / COLUMNS[name].roundoff
            found = np.flatnonzero((most * u < SMALL) & (roundoffs > TOO_MANY * most))
            if found.size and found[0] < steps:
                off = f"{_short(roundoffs[found[0]])} roundoffs off"
                return (
                    f"This is not rounding: at step {found[0] + 1} {name} is {off}, over {TOO_MANY} times as many "
                    "as torch CPU float32 so far. The engine computes something else."
                )
    return ""


def _rounding(column: Column, errors: NDArray[np.float64], growth: float | None) -> str:
    rounded = _ROUNDED[column.format].format(column.roundoff)
    off = f"{_short(errors[0] / column.roundoff)} roundoffs off" if errors[0] else "equal to the last bit"
    if growth is None:
        return f"{rounded}. The first step is {off}."
    total = growth ** (len(errors) - 1)
    grows = f"multiply a difference by about {_short(total)}" if total >= 2 else "do not make a difference grow"
    return f"{rounded}. The first step is {off}, and {len(errors)} steps {grows}."


def _short(number: float) -> str:
    """Return a positive number with one digit: what it tells is no more certain."""
    rounded = float(f"{number:.1g}")
    return f"{rounded:.0e}" if rounded >= 1000 else f"{rounded:g}"


def _again(data: Mapping[str, Any], program: str) -> str:
    """Say whether several runs gave the same numbers."""
    if data["runs"] < 2:
        return ""
    largest = np.max(
        [[1.0 if one is None else one for one in losses] for losses in data["spread"][program].values()], axis=0
    )
    apart = np.flatnonzero(largest)
    if not apart.size:
        return f" {data['runs']} runs gave the same numbers."
    return f" {data['runs']} runs differ from step {apart[0] + 1} on, by at most {largest.max():.1e}."
