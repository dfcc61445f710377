"""The step-for-step table as HTML for a notebook.

It can be read by ear and without colour: each table has a caption, its headers say what they head, and digits that
differ are underlined. All ink is the page's own, so that light and dark themes both work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any

from course.compare.training import words
from course.compare.training.lines import HERE, Line
from course.compare.training.programs import PROGRAMS

_TABLE = "border-collapse:collapse;color:inherit;background:transparent;margin:.3em 0"
_CELL = (
    "border:1px solid color-mix(in srgb,currentColor 35%,transparent);"
    "padding:.2em .5em;text-align:left;vertical-align:top;color:inherit;background:transparent"
)
_NUMBER = f"{_CELL};white-space:nowrap;font-variant-numeric:tabular-nums"
_CAPTION = "text-align:left;caption-side:top;color:inherit;padding:.4em 0"


def page(shown: Mapping[str, Sequence[Line]], sources: Mapping[str, Mapping[str, Any]], notes: Sequence[str]) -> str:
    """Return a table for each program, all steps folded away under it, and what is to be said at the end."""
    parts = []
    for program, lines in shown.items():
        parts.append(_program(program, lines, sources[HERE]) if lines else _nothing(program, sources[HERE]))
        parts += [_steps(program, where, data) for where, data in sources.items() if program in data["programs"]]
    parts.append(f"<p>{escape(words.READ)}</p>")
    parts += [f"<p>{escape(one)}</p>" for one in notes]
    return f"<div>{''.join(parts)}</div>"


def _program(program: str, lines: Sequence[Line], data: Mapping[str, Any]) -> str:
    heads = [*words.heads(data["steps"]), "why"]
    head = "".join(f'<th scope="col" style="{_CELL}">{escape(one)}</th>' for one in heads)
    groups = []
    for where, group in groupby(lines, key=lambda line: line.where):
        rows = "".join(_row(line, data["steps"]) for line in group)
        if where != HERE:
            rows = f'<tr><th scope="rowgroup" colspan="{len(heads)}" style="{_CELL}">{escape(where)}</th></tr>{rows}'
        groups.append(f"<tbody>{rows}</tbody>")
    return (
        f'<table style="{_TABLE}"><caption style="{_CAPTION}"><b>{escape(words.title(program, data))}</b></caption>'
        f"<thead><tr>{head}</tr></thead>{''.join(groups)}</table>"
    )


def _nothing(program: str, data: Mapping[str, Any]) -> str:
    return f"<p><b>{escape(words.title(program, data))}</b></p>"


def _row(line: Line, steps: int) -> str:
    name, *cells = words.cells(line, steps)
    row = f'<th scope="row" style="{_CELL}">{escape(name)}</th>'
    row += "".join(f'<td style="{_NUMBER}">{escape(one)}</td>' for one in cells)
    return f'<tr>{row}<td style="{_CELL}">{escape(line.why)}</td></tr>'


def _steps(program: str, where: str, data: Mapping[str, Any]) -> str:
    tables = []
    for goal in PROGRAMS[program].goals:
        names, rows = words.numbers(data, program, goal)
        head = "".join(f'<th scope="col" style="{_CELL}">{escape(one)}</th>' for one in ("step", *names))
        body = "".join(
            f'<tr><th scope="row" style="{_CELL}">{nth}</th>{"".join(_digits(*one) for one in row)}</tr>'
            for nth, row in enumerate(rows, start=1)
        )
        tables.append(
            f'<table style="{_TABLE}"><caption style="{_CAPTION}">{escape(PROGRAMS[program].title)}, {escape(goal)}, '
            f"{escape(where)}: "
            "digits that are not the judge's are underlined</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )
    inner = "".join(tables)
    summary = f"All {data['steps']} steps, {escape(where)}"
    return f'<details><summary>{summary}</summary><div tabindex="0" style="overflow-x:auto">{inner}</div></details>'


def _digits(same: str, other: str) -> str:
    underlined = f"<u>{escape(other)}</u>" if other else ""
    return f'<td style="{_NUMBER}"><code>{escape(same)}{underlined}</code></td>'
