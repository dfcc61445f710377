"""A sweep as HTML for a notebook: tables that can be read by ear and in any theme, the sentences first."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from course.compare.timing import rows

if TYPE_CHECKING:
    from course.compare.timing.show import Sweep

_TABLE = "border-collapse:collapse;color:inherit;background:transparent;font-variant-numeric:tabular-nums"
_CELL = (
    "border:1px solid color-mix(in srgb,currentColor 35%,transparent);"
    "padding:.2em .6em;text-align:left;vertical-align:top"
)


def as_html(sweep: Sweep) -> str:
    """Return the sweep as one piece of HTML without scripts."""
    parts = [_paragraph(line) for line in sweep.how]
    for name, says in sweep.data["operations"].items():
        told = "".join(f"<li>{escape(one)}</li>" for one in sweep.sentences(name))
        table = _table(rows.of_operation(sweep.columns, name), f"{name}: {says}")
        parts.append(_paragraph(f"{name}: {says}", bold=name))
        parts.append(f'<ul style="margin:.2em 0">{told}</ul>' if told else "")
        parts.append(f"<details><summary>The times of {escape(name)}</summary>{table}</details>")
    parts.append(_table(rows.of_limits(sweep.columns), "The limits, measured"))
    wrong = sweep.data["wrong"]
    parts.append(_table(rows.of_wrong(wrong), f"What timers say, on {wrong['on']}"))
    notes = "".join(f"<li>{escape(line)}</li>" for line in (sweep.note, *rows.notes(sweep.data, sweep.columns)) if line)
    parts.append(f"<ul>{notes}</ul>" if notes else "")
    return f"<div>{''.join(parts)}</div>"


def _paragraph(text: str, bold: str = "") -> str:
    """Return a paragraph, the word it begins with in bold if there is one."""
    head = f"<b>{escape(bold)}</b>" if bold else ""
    return f'<p style="margin:.6em 0 .2em">{head}{escape(text.removeprefix(bold))}</p>'


def _table(table: rows.Rows, caption: str) -> str:
    head, *body = table
    top = "".join(f'<th scope="col" style="{_CELL}">{escape(cell)}</th>' for cell in head)
    lines = []
    for first, *rest in body:
        cells = "".join(f'<td style="{_CELL}">{escape(cell)}</td>' for cell in rest)
        lines.append(f'<tr><th scope="row" style="{_CELL}">{escape(first)}</th>{cells}</tr>')
    return (
        f'<table style="{_TABLE};margin:.6em 0">'
        f'<caption style="text-align:left;caption-side:top;color:inherit">{escape(caption)}</caption>'
        f"<thead><tr>{top}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
    )
