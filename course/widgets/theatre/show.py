"""``theatre.show(story)``: the stage, in a notebook or in a terminal."""

from __future__ import annotations

import os
from typing import Any

from course.widgets.theatre.story import Story


def grading() -> bool:
    """Say whether nbgrader is running this notebook: then nobody is watching."""
    return bool(os.environ.get("NBGRADER_EXECUTION"))


class Shown:
    """What a notebook shows of a story; in a terminal, its log.

    The page is made when it is asked for, so it costs nothing where only text is wanted.

    Parameters
    ----------
    text : str
        The log.
    make : function
        Makes the page, or None where there is nothing to show.
    """

    def __init__(self, text: Any, make: Any = None) -> None:
        self._text, self._make = text, make

    def __repr__(self) -> str:
        return str(self._text)

    def html(self) -> str:
        """Return the page alone, for a file of your own."""
        return str(self._make()) if self._make else ""

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        bundle = {"text/plain": repr(self)}
        return bundle | {"text/html": self.html()} if self._make else bundle


INERT = Shown("(the theatre is closed while nbgrader runs)")


def show(story: Story) -> Shown:
    """Put a story on the stage.

    In a notebook, make this the last line of a cell. Step with the buttons, or with the arrow keys, Home, End
    and the space bar once the stage has the focus; click a node for its rule, its saved values and its line.

    Parameters
    ----------
    story : Story
        What `record` gave, or `Story.load`.

    Returns
    -------
    Shown
        What the notebook shows: the live stage; a picture and a table where no script may run; the log in a
        terminal. While nbgrader runs the notebook: one line, at no cost.
    """
    return INERT if grading() else Shown(story, lambda: _page(story))


def _page(story: Story) -> str:
    from course.widgets.theatre import data, html, picture, steps
    from course.widgets.theatre.layout import lay_out
    from course.widgets.theatre.states import opening

    layout = lay_out(story)
    play = {"stages": [data.stage(story, layout, set(steps.rows_of(story)))], "start": opening(story)}
    return html.page([("", picture.src(story, layout), picture.alt(story, layout))], steps.table(story), play)
