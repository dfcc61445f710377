"""A `Comparison` as plain ASCII text for a terminal."""

from __future__ import annotations

import textwrap

from course.compare.comparison import Comparison
from course.compare.show import brief, reason, ulps

_WIDEST = 44

#: The head of the column that says which errors are called none.
MAY_DIFFER = "may differ by"


def as_text(comparison: Comparison) -> str:
    """Return the comparison as a table of plain ASCII text.

    A cell that differs from the judge's is followed by ``DIFFERS`` and the reason; the last
    column says how far numbers may be apart.
    """
    names = list(comparison.columns)
    head = f"{comparison.scenario.id}: {comparison.scenario.asks}"
    if not names:
        return "\n".join([head, verdict(comparison)])
    compared = len(names) > 1
    tables = {name: comparison.columns[name].by_label() for name in names}
    rows = [["", *names, *([MAY_DIFFER] if compared else [])]]
    for label in comparison.labels():
        cells = [label]
        for name in names:
            cell = brief(tables[name].get(label))
            found = comparison.differences_at(name, label)
            if (error := comparison.error_at(name, label)) and not found:
                cell += f" ({ulps(error)})"
            for one in found[:1]:
                cell += f"  <- DIFFERS ({reason(one)})"
            cells.append(cell)
        rows.append([*cells, comparison.allowed_at(label)] if compared else cells)
    return "\n".join([head, *_grid(rows), verdict(comparison)])


def verdict(comparison: Comparison) -> str:
    """Return the one line under the table."""
    names = list(comparison.columns)
    if not names:
        return comparison.note
    if len(names) == 1:
        return comparison.note or f"Only {names[0]} was run: there is nothing to compare it with."
    judge, *others = names
    lines = []
    for name in others:
        count = len({one.label for one in comparison.found[name]})
        lines.append(
            f"{name} agrees with {judge}."
            if not count
            else f"{name} differs from {judge} in {count} of {len(comparison.labels())} rows."
        )
    return " ".join([*lines, comparison.note]).strip()


def _grid(rows: list[list[str]]) -> list[str]:
    folded = [[textwrap.wrap(cell, _WIDEST) or [""] for cell in row] for row in rows]
    widths = [max(len(line) for row in folded for line in row[i]) for i in range(len(folded[0]))]
    lines = []
    for row in folded:
        for i in range(max(len(cell) for cell in row)):
            parts = [cell[i] if i < len(cell) else "" for cell in row]
            lines.append(" | ".join(part.ljust(w) for part, w in zip(parts, widths, strict=True)).rstrip())
        if row is folded[0]:
            lines.append("-+-".join("-" * w for w in widths))
    return lines
