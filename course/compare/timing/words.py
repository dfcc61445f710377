"""Times, sizes and speeds in words, and the sentences under the table. Plain ASCII."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from course.compare.timing.crossing import EXPLAINED, Column, Crossing, crossing, held_up
from course.compare.timing.disturbed import disturbed

_UNITS = (("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9))
_SCALES = (("P", 1e15), ("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3))


def seconds(value: float) -> str:
    """Return a time with three digits and a unit that suits it."""
    for unit, scale in _UNITS:
        if value >= scale:
            return f"{_three(value / scale)} {unit}"
    return f"{value * 1e9:.2g} ns"


def speed(value: float, unit: str) -> str:
    """Return bytes or operations a second."""
    for prefix, scale in _SCALES:
        if value >= scale:
            return f"{_three(value / scale)} {prefix}{unit}"
    return f"{_three(value)} {unit}"


def size(n: float) -> str:
    """Return a number of elements: as a power of two if it is one, else rounded."""
    power = math.log2(n)
    return f"2^{power:.0f}" if power.is_integer() else f"{float(f'{n:.2g}'):,.0f} (2^{power:.1f})"


def why(column: Column, operation: str, n: int) -> str:
    """Say what holds a column up at one size."""
    point = next(one for one in column["points"][operation] if one["n"] == n)
    limit, part = held_up(column, operation, point)
    much = "all" if part >= 0.95 else "less than 1%" if part < 0.01 else f"{part:.0%}"
    if part < EXPLAINED:
        return f"by none of the three limits ({limit}, the nearest, explains {much} of its time)"
    return {
        "overhead": f"by overhead ({much} of its time goes into the calls themselves)",
        "bytes": f"by bytes (copying as many would take {much} of its time)",
        "flops": f"by flops (at its best speed they would take {much} of its time)",
    }[limit]


def sentence(one: tuple[str, Column], other: tuple[str, Column], operation: str) -> str:
    """Say in one sentence where one column begins to win over another, what limits each, and by how much."""
    found = crossing(one, other, operation)
    if found is None:
        return f"{one[0]} and {other[0]} were not timed at a common size."
    first, last = found.sizes[0], found.sizes[-1]
    n = found.sizes[found.place]
    limits = f"{one[0]} is held up {why(one[1], operation, n)}, {other[0]} {why(other[1], operation, n)}"
    ends = _ends(found, one[0], other[0])
    if not found.winner:
        if found.always:
            return f"{one[0]} and {other[0]} cannot be told apart at any size ({ends}); at {size(n)} {limits}."
        return (
            f"From {size(found.at)} elements on {one[0]} and {other[0]} cannot be told apart ({ends}); there {limits}."
        )
    if found.always:
        where = f"at every size, from {size(first)} to {size(last)}"
        return f"{found.winner} wins over {found.loser} {where} ({ends}); at {size(n)} {limits}."
    return (
        f"{found.winner} begins to win over {found.loser} at about {size(found.at)} elements ({ends}); there {limits}."
    )


def sentences(columns: Mapping[str, Column], operation: str) -> list[str]:
    """Return the sentence of each pair that has something to tell, at one operation."""
    able = {name: column for name, column in columns.items() if column["points"].get(operation)}
    found = []
    for one, other in pairs(able):
        told = sentence((one, able[one]), (other, able[other]), operation)
        doubtful = any(disturbed(able[name]["points"][operation]) for name in (one, other))
        found.append(f"{told} Some of these times were disturbed: see below." if doubtful else told)
    return found


def pairs(columns: Mapping[str, Column]) -> list[tuple[str, str]]:
    """Choose the pairs: everybody against the student's engine (bare NumPy without it), each GPU against the CPU."""
    names: Sequence[str] = list(columns)
    base = "nptorch" if "nptorch" in names else next(iter(names), "")
    found = [(base, name) for name in names if name != base]
    gpus = [name for name in names if columns[name]["device"] != "cpu"]
    return found + [("torch-cpu", name) for name in gpus if "torch-cpu" in names]


def _ends(found: Crossing, one: str, other: str) -> str:
    """Say who is how much faster at both ends."""
    parts = []
    for n, ratio in ((found.sizes[0], found.ratios[0]), (found.sizes[-1], found.ratios[-1])):
        faster, times = (other, 1 / ratio) if ratio < 1 else (one, ratio)
        parts.append(
            f"{faster} is {_three(times)} times as fast at {size(n)}" if times >= 1.05 else f"equal at {size(n)}"
        )
    return ", ".join(dict.fromkeys(parts))


def _three(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
