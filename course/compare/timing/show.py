"""A sweep, to be looked at in a notebook or a terminal."""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from course.compare import recorded
from course.compare.provenance import GPUS
from course.compare.timing import rows, words
from course.compare.timing.crossing import Column

_HOW = (
    "Seconds of one call: the median of {repeats} batches of at least {least seconds:g} s each, after a warm-up, "
    "with the quartiles and, where one explains a third of it or more, the limit that it meets. "
    "The inputs are already on the device. {dtype}."
)


_WIDE = 110


@dataclass(frozen=True, repr=False)
class Sweep:
    """Timings of all engines.

    Attributes
    ----------
    data : dict
        What `measure` returned, here and now.
    records : sequence of Record
        What was measured on the GPUs of others; every column from there is titled so.
    """

    data: Mapping[str, Any]
    records: Sequence[recorded.Record] = ()

    @functools.cached_property
    def columns(self) -> dict[str, Column]:
        """All columns by title: those measured here, then the GPU of each record, "recorded on ..."."""
        found = dict(self.data["columns"])
        for record in self.records:
            for name, column in record.data["columns"].items():
                if column["device"] in GPUS:
                    found[f"{name}, {record.title}"] = column
        return found

    @property
    def note(self) -> str:
        """What is to be said about the GPU: nothing if one was measured here."""
        if any(column["device"] in GPUS for column in self.data["columns"].values()):
            return ""
        if self.records:
            return "There is no GPU here: its columns were recorded on other machines, as their titles say."
        return recorded.NONE

    @property
    def how(self) -> list[str]:
        """The machine and the method, line by line."""
        settings = self.data["settings"]
        keys = ("host", "load", "numpy threads", "torch threads", "system", "python", "numpy", "torch")
        machine = "; ".join(f"{key}: {settings[key]}" for key in keys if key in settings)
        return [_HOW.format(**settings), f"Measured here. {machine}."]

    def sentences(self, operation: str) -> list[str]:
        """Where each engine begins to win at one operation, and what limits it."""
        return words.sentences(self.columns, operation)

    def plot(self) -> Picture:
        """Draw seconds against elements, with the limits as dotted lines."""
        return Picture(self)

    def __str__(self) -> str:
        parts = [_folded(line) for line in self.how]
        for name, says in self.data["operations"].items():
            table = rows.of_operation(self.columns, name)
            parts += ["", f"{name}: {says}", *_grid(table), *(_folded(f"* {one}") for one in self.sentences(name))]
        parts += ["", "limits, measured", *_grid(rows.of_limits(self.columns))]
        parts += ["", f"what timers say, on {self.data['wrong']['on']}", *_grid(rows.of_wrong(self.data["wrong"]))]
        remarks = [self.note, *rows.notes(self.data, self.columns)]
        return "\n".join([*parts, "", *(_folded(one) for one in remarks if one)]).rstrip()

    __repr__ = __str__  # what a prompt without HTML shows

    def _repr_html_(self) -> str:
        from course.compare.timing.html import as_html

        return as_html(self)


@dataclass(frozen=True, repr=False)
class Picture:
    """The plot of a sweep, as inline SVG in the page's colours."""

    sweep: Sweep

    @property
    def title(self) -> str:
        """What is to be seen, in words."""
        told = [one for name in self.sweep.data["operations"] for one in self.sweep.sentences(name)]
        return "\n".join(["Time of one call against the number of elements, both in powers.", *map(_folded, told)])

    def _repr_html_(self) -> str:
        from course.compare.figure import as_html
        from course.compare.timing.plot import draw

        return as_html(draw(self.sweep.columns, self.sweep.data["operations"]), self.title)

    def __str__(self) -> str:
        return self.title

    __repr__ = __str__


def _folded(text: str) -> str:
    return textwrap.fill(text, _WIDE, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _grid(table: rows.Rows) -> list[str]:
    widths = [max(len(row[nth]) for row in table) for nth in range(len(table[0]))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
    return [lines[0], "-+-".join("-" * width for width in widths), *lines[1:]]
