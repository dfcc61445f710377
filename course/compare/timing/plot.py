"""The sweep as a picture: seconds against elements, both in powers, with the limits as lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter

from course.compare import figure
from course.compare.timing import labels
from course.compare.timing.crossing import Column, line
from course.compare.timing.words import seconds, size


def draw(columns: Mapping[str, Column], operations: Mapping[str, str]) -> Figure:
    """Return the figure: one pair of axes for each operation."""
    drawn = {
        name: says for name, says in operations.items() if any(one["points"].get(name) for one in columns.values())
    }
    picture = figure.new(4.3 * max(1, len(drawn)), 4.4)
    shown, footnotes = short(columns)
    for nth, (name, says) in enumerate(drawn.items()):
        axes = picture.add_subplot(1, len(drawn), nth + 1)
        _one(axes, shown, name)
        axes.set_title(says, fontsize=10, loc="left", color=figure.INK)
        axes.set_xlabel("elements", fontsize=9)
        if nth == 0:
            axes.set_ylabel("time of one call", fontsize=9)
        figure.clear(axes)
    if footnotes:
        picture.supxlabel("\n".join(footnotes), fontsize=9, color=figure.INK)
    return picture


def short(columns: Mapping[str, Column]) -> tuple[dict[str, Column], list[str]]:
    """Return the columns under names that fit beside a line, and what those names leave out, as footnotes."""
    found: dict[str, Column] = {}
    footnotes: list[str] = []
    for name, column in columns.items():
        engine, _, title = name.partition(", ")
        if title:
            footnotes.append(f"[{len(footnotes) + 1}] {title}")
            found[f"{engine},\nrecorded [{len(footnotes)}]"] = column
        else:
            found[name] = column
    return found, footnotes


def _one(axes: Axes, columns: Mapping[str, Column], operation: str) -> None:
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    ends: list[tuple[float, float, str, str]] = []
    for nth, (name, column) in enumerate(columns.items()):
        points = column["points"].get(operation)
        if not points:
            continue
        looks: dict[str, Any] = {
            "color": figure.COLOURS[nth % len(figure.COLOURS)],
            "linestyle": figure.STYLES[nth % len(figure.STYLES)],
            "marker": figure.MARKERS[nth % len(figure.MARKERS)],
        }
        sizes, medians = [one["n"] for one in points], [one["median"] for one in points]
        axes.plot(sizes, medians, linewidth=1.8, markersize=4, **looks)
        axes.fill_between(
            sizes, [one["low"] for one in points], [one["high"] for one in points], color=looks["color"], alpha=0.2
        )
        _limit(axes, column, operation, sizes, looks["color"])
        ends.append((sizes[-1], medians[-1], name, looks["color"]))
    axes.set_ylim(bottom=axes.get_ylim()[0] / 2)
    _ticks(axes)
    labels.engines(axes, ends)
    labels.limits(axes, columns, operation)


def _limit(axes: Axes, column: Column, operation: str, sizes: list[int], colour: str) -> None:
    """Draw the most that any limit asks for: the overhead floor, then the bandwidth or the flops line."""
    lines = line(column, operation)
    most = [max(needed) for needed in zip(*lines.values(), strict=True)]
    axes.plot(sizes, most, linewidth=0.9, linestyle=(0, (1, 1.5)), color=colour)


def _ticks(axes: Axes) -> None:
    left, right = axes.get_xlim()
    powers = [2**k for k in range(0, 41, 4) if left <= 2**k <= right]
    axes.xaxis.set_major_locator(FixedLocator(powers))
    axes.xaxis.set_minor_locator(FixedLocator([]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda n, _: size(n)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: seconds(value)))
    axes.yaxis.set_minor_locator(FixedLocator([]))
