"""How large errors are, as bars: one row of them for each format."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np

BINS_A_DECADE = 4


class Histogram:
    """Errors of several formats on one axis, which counts decimal places.

    Parameters
    ----------
    errors : mapping of str to array
        For each name the errors, of any shape; signs do not matter.
    title : str
        What the errors are of.
    """

    def __init__(self, errors: Mapping[str, Any], title: str) -> None:
        self.errors = {name: np.abs(np.asarray(one, dtype=np.float64)).ravel() for name, one in errors.items()}
        self.title = title

    def rows(self) -> list[tuple[str, str, str]]:
        """Return name, median and largest error of each, as text."""
        return [(name, f"{np.median(one):.1e}", f"{one.max():.1e}") for name, one in self.errors.items()]

    def __repr__(self) -> str:
        width = max(len(name) for name in self.errors)
        lines = [f"{name:<{width}}  median {middle}  largest {most}" for name, middle, most in self.rows()]
        return "\n".join([self.title, *lines])

    def _repr_html_(self) -> str:
        from course.compare import figure

        drawing = figure.new(7.0, 0.9 * len(self.errors) + 0.7)
        found = [one[one > 0] for one in self.errors.values()]
        low = np.floor(np.log10(min(one.min() for one in found if one.size)))
        high = np.ceil(np.log10(max(one.max() for one in found if one.size)))
        edges = np.linspace(low, high, int(high - low) * BINS_A_DECADE + 1)
        all_axes = drawing.subplots(len(self.errors), 1, sharex=True, squeeze=False)[:, 0]
        for place, (name, one) in enumerate(self.errors.items()):
            axes = all_axes[place]
            axes.hist(np.log10(one[one > 0]), bins=edges, color=figure.COLOURS[place % len(figure.COLOURS)])
            axes.set_ylabel(name, rotation=0, ha="right", va="center")
            axes.set_yticks([])
            figure.clear(axes)
        all_axes[-1].set_xticks(
            range(int(low), int(high) + 1), [f"1e{place}" for place in range(int(low), int(high) + 1)]
        )
        told = "; ".join(f"{name}: median {middle}, largest {most}" for name, middle, most in self.rows())
        picture = figure.as_html(drawing, self.title)
        return f"<figure>{picture}<figcaption>{escape(self.title)}. {escape(told)}</figcaption></figure>"
