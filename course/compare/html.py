"""A `Comparison` as an HTML table for a notebook.

The table can be read by ear and without colour: it has a caption, its headers
say what they head, and a cell that differs says so in words. Colours come from
the page (`currentColor`), so light and dark themes both work.
"""

from __future__ import annotations

import inspect
import textwrap
from html import escape

from course.compare.comparison import Comparison
from course.compare.show import brief, reason, ulps
from course.compare.text import MAY_DIFFER, verdict
from course.scenarios.observation import Observation

_TABLE = "border-collapse:collapse;color:inherit;background:transparent"
_CELL = (
    "border:1px solid color-mix(in srgb,currentColor 35%,transparent);"
    "padding:.25em .6em;text-align:left;vertical-align:top"
)
# One red that stands out from white and from near black alike.
_DIFFERS = "box-shadow:inset .3em 0 0 #e03131;padding-left:.8em"


def as_html(comparison: Comparison) -> str:
    """Return the comparison as one self-contained HTML table."""
    names = list(comparison.columns)
    heads = [*names, MAY_DIFFER] if len(names) > 1 else names
    head = "".join(f'<th scope="col" style="{_CELL}">{escape(name)}</th>' for name in heads)
    body = "".join(_row(comparison, label) for label in comparison.labels())
    caption = f"<b>{escape(comparison.scenario.asks)}</b> <code>{escape(comparison.scenario.id)}</code>"
    return (
        f'<table style="{_TABLE}">'
        f'<caption style="text-align:left;caption-side:top;color:inherit">{caption}</caption>'
        f'<thead><tr><th scope="col" style="{_CELL}">what is observed</th>{head}</tr></thead>'
        f"<tbody>{body}</tbody>"
        f'<tfoot><tr><td colspan="{len(heads) + 1}" style="{_CELL}">'
        f"{escape(verdict(comparison))}</td></tr></tfoot></table>{_program(comparison)}"
    )


def _program(comparison: Comparison) -> str:
    """The program that was run, folded away; hidden ones stay hidden."""
    if comparison.scenario.hidden:
        return ""
    try:
        text = textwrap.dedent(inspect.getsource(comparison.scenario.program))
    except OSError:  # typed at a prompt, so there is no source to show
        return ""
    note = "T is each engine in turn; draw gives the same numbers to all."
    return f"<details><summary>The program ({note})</summary><pre><code>{escape(text)}</code></pre></details>"


def _row(comparison: Comparison, label: str) -> str:
    cells = [f'<th scope="row" style="{_CELL}">{escape(label)}</th>']
    for name, column in comparison.columns.items():
        cells.append(_cell(comparison, name, label, column.by_label().get(label)))
    if len(comparison.columns) > 1:
        cells.append(f'<td style="{_CELL}"><small>{escape(comparison.allowed_at(label))}</small></td>')
    return f"<tr>{''.join(cells)}</tr>"


def _cell(comparison: Comparison, name: str, label: str, observation: Observation | None) -> str:
    text = f"<code>{escape(brief(observation))}</code>"
    title = _full_message(observation)
    found = comparison.differences_at(name, label)
    if (error := comparison.error_at(name, label)) and not found:
        text += f" <small>({ulps(error)})</small>"
    if not found:
        return f'<td style="{_CELL}"{title}>{text}</td>'
    return f'<td style="{_CELL};{_DIFFERS}"{title}>{text}<br><strong>differs</strong>: {escape(reason(found[0]))}</td>'


def _full_message(observation: Observation | None) -> str:
    if observation is None or observation.kind != "raised" or not observation.message:
        return ""
    return f' title="{escape(observation.message, quote=True)}"'
