"""What the bench shows of a run, as HTML: the program, the values, the error, the stage."""

from __future__ import annotations

from html import escape

from course.widgets.bench.running import Ran
from course.widgets.theatre import show


def told(ran: Ran) -> str:
    """Return the program with its error line marked, the gradients, and the error."""
    lines = []
    for number, text in enumerate(ran.code.splitlines(), start=1):
        mark = "&#9654; " if number == ran.line else "&nbsp;&nbsp;"
        row = f"{mark}{escape(text)}"
        lines.append(f"<strong>{row}</strong>" if number == ran.line else row)
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in ran.values)
    error = f'<p class="gsb-error"><strong>Error:</strong> {escape(ran.error)}</p>' if ran.error else ""
    ended = "" if ran.error else "<p>It runs to its end.</p>"
    code = "\n".join(lines)
    return f'<pre class="gsb-code">{code}</pre>{error}{ended}<table class="gsb-values">{rows}</table>'


def stage(ran: Ran) -> str:
    """Return the theatre's page for the story of a run."""
    return str(show(ran.story).html())


def still(ran: Ran) -> str:
    """Return the page for places without Python: the program as it was set, and its stage."""
    note = "<p>To change the switches, open this notebook in JupyterLab and run the cell.</p>"
    return f'<div class="gsb-still">{told(ran)}{stage(ran)}{note}</div>'
