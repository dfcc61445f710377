"""What the tables of a sweep say, cell by cell, for text and for HTML alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from course.compare.timing.crossing import EXPLAINED, Column, held_up
from course.compare.timing.disturbed import disturbed
from course.compare.timing.operations import BYTES, SIZES
from course.compare.timing.words import seconds, size, speed

Rows = list[list[str]]

_SAYS = {
    "honest": "warm, waited for at both ends, the median of many",
    "no warm-up": "the first call counted",
    "no waiting": "the clock stopped when the call returned",
}


def of_operation(columns: Mapping[str, Column], operation: str) -> Rows:
    """Return the table of one operation: sizes down, engines across, each cell with its spread and what limits it."""
    names = [name for name, one in columns.items() if one["points"].get(operation)]
    sizes = sorted({point["n"] for name in names for point in columns[name]["points"][operation]})
    rows = [["elements", *names]]
    for n in sizes:
        rows.append([size(n), *(_cell(columns[name], operation, n) for name in names)])
    return rows


def _cell(column: Column, operation: str, n: int) -> str:
    point = next((one for one in column["points"][operation] if one["n"] == n), None)
    if point is None:
        return "-"
    limit, part = held_up(column, operation, point)
    return f"{seconds(point['median'])} ({spread(point)})" + (f" {limit}" if part >= EXPLAINED else "")


def spread(point: Mapping[str, Any]) -> str:
    """Return the quartiles of a point; one unit suffices where both have the same."""
    low, high = seconds(point["low"]), seconds(point["high"])
    number, unit = low.split()
    return f"{number if high.endswith(' ' + unit) else low} - {high}"


def of_limits(columns: Mapping[str, Column]) -> Rows:
    """Return the table of the machine's limits, engines down."""
    rows = [["", "smallest call", "copying most", "copying at the best", "arithmetic", "timed with"]]
    for name, column in columns.items():
        limits = column["limits"]
        most, best = limits["copies"][-1], max(limits["copies"], key=lambda one: one[1])
        rows.append(
            [
                name,
                seconds(limits["call"]),
                *(f"{speed(rate, 'B/s')} ({speed(held, 'B')})" for held, rate in (most, best)),
                speed(limits["flops"], "flop/s"),
                column["watch"],
            ]
        )
    return rows


def of_wrong(wrong: Mapping[str, Any]) -> Rows:
    """Return the table of the dishonest timers."""
    honest = wrong["ways"]["honest"]
    rows = [["timer", "says", "that is", "because"]]
    for way, says in _SAYS.items():
        value = wrong["ways"][way]
        rows.append([way, seconds(value), "right" if way == "honest" else _against(value, honest), says])
    return rows


def _against(value: float, honest: float) -> str:
    times = max(value / honest, honest / value)
    if times < 1.05:
        return "the same"
    return (
        f"{times:,.0f} times too {'much' if value > honest else 'little'}"
        if times >= 10
        else (f"{times:.2g} times too {'much' if value > honest else 'little'}")
    )


def notes(data: Mapping[str, Any], columns: Mapping[str, Column]) -> list[str]:
    """Return what else a reader has to know: who is absent, where it stopped, what was disturbed."""
    found = [f"{name} is not here: {reason}" for name, reason in data["absent"].items()]
    for name, column in columns.items():
        if bus := column["limits"].get("bus"):
            takes = f"moving {size(SIZES[-1])} numbers to it takes {seconds(SIZES[-1] * BYTES / bus)}"
            found.append(f"{name} starts with its inputs there: {takes} ({speed(bus, 'B/s')}).")
        stops = [_stop(column, operation) for operation, reason in column["stopped"].items() if reason]
        if stops:
            found.append(f"{name} stops early: {'; '.join(stops)}.")
        bad = [
            f"{operation} at {', '.join(map(size, sizes))}"
            for operation, points in column["points"].items()
            if (sizes := disturbed(points))
        ]
        if bad:
            found.append(
                f"{name} was disturbed, probably by other programs: {'; '.join(bad)}. There its batches differ more "
                "than threefold, or it took far longer than the size before lets expect. Time it on a quiet machine."
            )
    return found


def _stop(column: Column, operation: str) -> str:
    done = column["points"].get(operation)
    where = f"after {size(done[-1]['n'])}" if done else "before its first size"
    return f"{operation} {where} ({column['stopped'][operation]})"
