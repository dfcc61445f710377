"""Charts as inline SVG: every bar carries its number, so that no colour is needed to read them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT = 340, 170
TOP, BOTTOM, SIDE = 34, 40, 8
BETWEEN = 4  # bins between none and all of the points


def bins(scores: Sequence[float], most: float) -> list[tuple[str, int]]:
    """Count scores: none, four ranges, and all of the points.

    Returns
    -------
    list of tuple
        ``(label, how many)``, from few points to many.
    """
    counts = [0] * (BETWEEN + 2)
    for score in scores:
        if score >= most:
            counts[-1] += 1
        elif score <= 0:
            counts[0] += 1
        else:
            counts[1 + min(BETWEEN - 1, int(BETWEEN * score / most))] += 1
    edges = [f"{most * nth / BETWEEN:.3g}" for nth in range(BETWEEN + 1)]
    ranges = [f"{edges[nth]}-{edges[nth + 1]}" for nth in range(BETWEEN)]
    return list(zip(["0", *ranges, f"{most:g}"], counts, strict=True))


def histogram(title: str, scores: Sequence[float], most: float) -> str:
    """Draw how many students have how many points.

    Parameters
    ----------
    title : str
        What the points are for.
    scores : sequence of float
        One for each student.
    most : float
        Points to be earned.

    Returns
    -------
    str
        An ``<svg>`` element.
    """
    counted = bins(scores, most)
    highest = max(1, *(n for _, n in counted))
    step = (WIDTH - 2 * SIDE) / len(counted)
    words = "; ".join(f"{label} points: {n}" for label, n in counted)
    parts = [
        f'<svg class="chart" role="img" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">',
        f"<title>{escape(title)}. Number of students with {escape(words)}.</title>",
        f'<text class="name" x="{SIDE}" y="15">{escape(title)}</text>',
    ]
    for nth, (label, n) in enumerate(counted):
        tall = (HEIGHT - TOP - BOTTOM) * n / highest
        x, y = SIDE + nth * step, HEIGHT - BOTTOM - tall
        middle = x + step / 2
        parts += [
            f'<rect class="bar" x="{x + 3:.1f}" y="{y:.1f}" width="{step - 6:.1f}" height="{tall:.1f}"/>',
            f'<text class="count" x="{middle:.1f}" y="{y - 4:.1f}">{n}</text>',
            f'<text class="tick" x="{middle:.1f}" y="{HEIGHT - BOTTOM + 14}">{label}</text>',
        ]
    base = HEIGHT - BOTTOM
    parts += [
        f'<line class="axis" x1="{SIDE}" y1="{base}" x2="{WIDTH - SIDE}" y2="{base}"/>',
        f'<text class="tick" x="{WIDTH / 2}" y="{HEIGHT - 8}">points; the number on a bar counts students</text>',
        "</svg>",
    ]
    return "".join(parts)


def share(part: int, whole: int) -> str:
    """Draw a part of a whole as a short bar, with its numbers beside it."""
    portion = part / whole if whole else 0.0
    return (
        f'<svg class="share" aria-hidden="true" viewBox="0 0 100 12" width="100" height="12">'
        f'<rect class="room" x="0.5" y="0.5" width="99" height="11"/>'
        f'<rect class="bar" x="0.5" y="0.5" width="{99 * portion:.1f}" height="11"/></svg> '
        f"{part} of {whole} ({portion:.0%})"
    )
