"""What is written beside the lines of the picture, where it lies on nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes

from course.compare import figure
from course.compare.timing.crossing import Column, line

_APART = 0.1  # of the height of the axes, that names keep from each other
_SLOPES = {"bytes": "bandwidth line", "flops": "flops line"}
_LOOKS: dict[str, Any] = {"textcoords": "offset points", "color": figure.INK, "fontsize": 8}


def engines(axes: Axes, ends: Sequence[tuple[float, float, str, str]]) -> None:
    """Write each name at the end of its line, and push names apart that would lie on each other."""
    to_part = axes.transData + axes.transAxes.inverted()
    heights = [to_part.transform((n, value))[1] for n, value, _, _ in ends]
    for (n, value, name, colour), height in zip(ends, apart(heights), strict=True):
        axes.annotate(
            name,
            (n, value),
            xytext=(1.03, height),
            textcoords="axes fraction",
            color=colour,
            fontsize=9,
            va="center",
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.6, "alpha": 0.7},
        )


def apart(heights: Sequence[float], least: float = _APART, top: float = 1.0) -> list[float]:
    """Move heights so that any two are at least so far apart and none is above the top, in the same order."""
    order = sorted(range(len(heights)), key=lambda nth: heights[nth])
    moved = list(heights)
    for below, nth in itertools.pairwise(order):
        moved[nth] = max(moved[nth], moved[below] + least)
    ceiling = top
    for nth in reversed(order):
        moved[nth] = min(moved[nth], ceiling)
        ceiling = moved[nth] - least
    return moved


def limits(axes: Axes, columns: Mapping[str, Column], operation: str) -> None:
    """Say what the dotted lines are: once below the lowest floor, and right of one slope of the CPU and of each GPU."""
    able = {name: one for name, one in columns.items() if one["points"].get(operation)}
    lines = {name: line(one, operation) for name, one in able.items()}
    lowest = min(lines, key=lambda name: lines[name]["overhead"][0])
    first = able[lowest]["points"][operation][0]["n"]
    axes.annotate("overhead floor", (first, lines[lowest]["overhead"][0]), xytext=(0, -11), **_LOOKS)
    for device in {one["device"]: None for one in able.values()}:
        names = [name for name, one in able.items() if one["device"] == device]
        places = [slope([point["n"] for point in able[name]["points"][operation]], lines[name]) for name in names]
        if found := [one for one in places if one]:
            n, value, limit = min(found, key=lambda one: (-one[0], one[1]))
            at_the_end = any(able[name]["points"][operation][-1]["n"] == n for name in names)
            axes.annotate(_SLOPES[limit], (n, value), xytext=(-6, -24) if at_the_end else (7, -5), **_LOOKS)


def slope(sizes: Sequence[int], needed: Mapping[str, Sequence[float]]) -> tuple[int, float, str] | None:
    """Return a point on the sloped part of the limits that leaves room at its right: size, seconds and limit.

    None if the whole line is overhead.
    """
    found = []
    for nth, n in enumerate(sizes):
        limit = max(needed, key=lambda name: needed[name][nth])
        if limit in _SLOPES:
            found.append((n, needed[limit][nth], limit))
    roomy = [one for one in found if one[0] <= sizes[-1] // 16]
    return roomy[-1] if roomy else found[-1] if found else None
