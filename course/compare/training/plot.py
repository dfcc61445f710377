"""The plot of the step-for-step table: how far each column is from the judge, one panel for each program."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from course.compare.training.columns import BITS
from course.compare.training.lines import Line
from course.compare.training.programs import PROGRAMS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Where "equal" is drawn: a logarithm has no place for 0.
FLOOR = 2.0**-56
TOP = 3.0

_APART = 0.085  # of the height of a panel, that labels keep from each other
_ROOM = 1.1  # powers of ten, that ticks keep from each other
_SAYS = (
    "Relative difference of each run's loss from torch CPU float64 over the steps of training, one panel for each "
    "program; the numbers are in the table."
)


@dataclass(frozen=True)
class Picture:
    """A figure that a notebook shows in the page's own ink."""

    figure: Figure

    def _repr_html_(self) -> str:
        from course.compare.figure import as_html

        return as_html(self.figure, _SAYS)


def draw(shown: Mapping[str, Sequence[Line]], steps: int) -> Figure:
    """Return the figure.

    Parameters
    ----------
    shown : mapping
        The lines of each program.
    steps : int
        How many there are at most.
    """
    from course.compare import figure

    picture = figure.new(8.6, 0.5 + 2.7 * len(shown))
    panels = picture.subplots(len(shown), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for axes, (program, lines) in zip(panels, shown.items(), strict=True):
        figure.clear(axes)
        axes.set_yscale("log")
        axes.set(xlim=(1, max(steps, 2)), ylim=(FLOOR / 2, TOP))
        axes.set_title(PROGRAMS[program].title, fontsize=10, loc="left", color=figure.INK)
        for line in lines:
            axes.plot(range(1, len(line.errors) + 1), heights(line), label=name(line), linewidth=1.6, **_look(line))
        _labels(axes, lines)
        _ticks(axes, lines)
    panels[-1].set_xlabel("step", fontsize=9, color=figure.INK)
    picture.supylabel("relative difference from the judge's loss", fontsize=9, color=figure.INK)
    return picture


def heights(line: Line) -> list[float]:
    """Return what is drawn of a line: its differences, and `FLOOR` where there is none."""
    return [max(one, FLOOR) for one in line.errors]


def name(line: Line) -> str:
    """Return the label of a line."""
    column = line.column
    who = column.engine if column.engine == "nptorch" else column.device.upper()
    format = column.format.upper() if column.format == "tf32" else column.format
    return f"{who} {format}{' (recorded)' if line.recorded else ''}"


def _look(line: Line) -> dict[str, Any]:
    """Return a colour that says where it was computed, and a stroke that says in which format."""
    from course.compare.figure import COLOURS, STYLES

    who = ("nptorch", "cpu", "cuda", "mps").index("nptorch" if line.column.engine == "nptorch" else line.column.device)
    stroke = ("float64", "float32", "tf32", "bfloat16").index(line.column.format)
    return {"color": COLOURS[who], "linestyle": STYLES[stroke]}


def _labels(axes: Axes, lines: Sequence[Line]) -> None:
    """Write each name at the end of its line, and push names apart that would lie on each other."""
    to_part = axes.transData + axes.transAxes.inverted()
    ends = [float(to_part.transform((1, heights(line)[-1]))[1]) for line in lines]
    for line, place in zip(lines, _spread_out(ends), strict=True):
        colour = _look(line)["color"]
        axes.annotate(
            name(line),
            (len(line.errors), heights(line)[-1]),
            xytext=(1.04, place),
            textcoords="axes fraction",
            color=colour,
            fontsize=9,
            va="center",
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.7, "alpha": 0.7, "relpos": (0, 0.5)},
        )


def _spread_out(ends: Sequence[float]) -> list[float]:
    """Return places for labels, close to the ends of their lines and not closer to each other than can be read."""
    order = sorted(range(len(ends)), key=lambda nth: ends[nth])
    places = list(ends)
    for below, nth in itertools.pairwise(order):
        places[nth] = max(places[nth], places[below] + _APART)
    highest = 1.0
    for nth in reversed(order):
        places[nth] = min(places[nth], highest)
        highest = places[nth] - _APART
    return places


def _ticks(axes: Axes, lines: Sequence[Line]) -> None:
    """Name the unit roundoffs, about where the lines begin, and powers of ten where there is room between them."""
    from course.compare.figure import INK

    places = {FLOOR: "equal"}
    for column in {line.column.format: line.column for line in lines}.values():
        axes.axhline(column.roundoff, color=INK, linewidth=0.6, alpha=0.4)
        places[column.roundoff] = f"{column.format} 2^-{BITS[column.format] + 1}"
    for power in range(0, -17, -2):
        if all(abs(math.log10(taken) - power) > _ROOM for taken in places):
            places[10.0**power] = f"1e{power}" if power else "1"
    axes.set_yticks(list(places), list(places.values()), fontsize=8)
    axes.minorticks_off()
