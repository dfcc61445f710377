"""Shapes and paths, for the still picture; script.js draws the same ones."""

from __future__ import annotations

from course.widgets.theatre.layout import Box

LINE = 21  # height on a node at which edges meet it


def outline(kind: str, x: int, y: int, w: int, h: int) -> str:
    """Return the path of a node's shape: a leaf is round, an operation square, a source has cut corners."""
    if kind == "leaf":
        a, b = w - 36, h - 36
        return f"M{x + 18} {y}h{a}q18 0 18 18v{b}q0 18-18 18h{-a}q-18 0-18-18v{-b}q0-18 18-18"
    if kind == "op":
        return f"M{x} {y}h{w}v{h}h{-w}z"
    a, b = w - 18, h - 18
    return f"M{x + 9} {y}h{a}l9 9v{b}l-9 9h{-a}l-9-9v{-b}z"


def curve(start: Box, end: Box) -> str:
    """Return the path of an edge, from the operation back to its input: from the left side to the right side."""
    across, down = end.x + end.w - start.x, end.y - start.y
    pull = max(24, round(-across * 0.45))
    return f"M{start.x} {start.y + LINE}c{-pull} 0 {across + pull} {down} {across} {down}"


def middle(start: Box, end: Box) -> tuple[int, int]:
    """Return where an edge's label stands."""
    return (start.x + end.x + end.w) // 2, (start.y + end.y) // 2 + LINE
