"""A matplotlib figure as a picture within a page, in the page's own colours.

A figure usually brings a white background and black letters, or the reverse, and so is wrong on half
of all screens. This one is transparent, and what is drawn in `INK` takes the colour of the text around
it, whatever theme the reader has chosen.
"""

from __future__ import annotations

import io
import re
from html import escape

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

#: Letters and axes. The page replaces it by its own colour of text; no line may be drawn in it by chance.
INK = "#010203"

#: Line colours that stand out from white and from near black alike, and a style for each: never colour alone.
COLOURS = ("#3b82c4", "#d1661f", "#2f9e62", "#a06cd5", "#c0577f", "#8a8a2a")
STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P")


def new(width: float, height: float) -> Figure:
    """Return an empty figure of so many inches, with nothing behind it."""
    return Figure(figsize=(width, height), layout="constrained", facecolor="none")


def clear(axes: Axes) -> None:
    """Give axes no background, and the page's ink."""
    axes.set_facecolor("none")
    axes.tick_params(which="both", colors=INK, labelcolor=INK, labelsize=9)
    for spine in axes.spines.values():
        spine.set_color(INK)
    axes.spines[["top", "right"]].set_visible(False)
    for text in (axes.title, axes.xaxis.label, axes.yaxis.label):
        text.set_color(INK)


def as_html(figure: Figure, title: str) -> str:
    """Return the figure as inline SVG.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Made without pyplot, so that nothing else shows it too.
    title : str
        What is to be seen on it, for those who do not see it.
    """
    out = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "gradschool"}):
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = out.getvalue()[out.getvalue().index("<svg") :]
    # The style sheet that matplotlib puts in would hold for the whole page.
    svg = re.sub(r"<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    words = f"<title>{escape(title)}</title>"
    head = '<svg role="img" style="max-width:100%;height:auto;stroke-linejoin:round;stroke-linecap:butt" '
    return re.sub(r"^<svg ([^>]*)>", lambda found: f"{head}{found[1]}>{words}", svg).replace(INK, "currentColor")
