"""The steps as a table, for ears, for paper, and for where no script runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from course.widgets.theatre.picture import clean
from course.widgets.theatre.story import Story

MOST_ROWS = 600  # a page of more is not read; print(story) has all


def node_name(story: Story, node: int | None) -> str:
    """Return how a table names a node."""
    if node is None:
        return ""
    told = story.nodes[node]
    return str(told["label"] or told["name"])


def rows_of(story: Story) -> list[int]:
    """List the steps that get a row. What follows from its neighbour gets none.

    That is: a gradient that arrives where only one is awaited (the node runs with it), and a leaf that runs (it
    has accumulated).
    """
    return [event["at"] for event in story.events if not _follows(story, event)][:MOST_ROWS]


def _follows(story: Story, event: dict[str, Any]) -> bool:
    if event["kind"] == "arrive":
        return bool(event["have"] == event["need"] == 1 and event["edge"] is not None)
    return bool(event["kind"] == "run" and story.nodes[event["node"]]["kind"] == "leaf")


def table(story: Story) -> str:
    """Return the table of a story's steps, folded away."""
    rows = [f"<tr><td>{at + 1}<td>{clean(story.events[at]['says'])}" for at in rows_of(story)]
    return folded(f"The {len(story.events)} steps as a table", rows, len(story.events) > MOST_ROWS)


def folded(title: str, rows: Sequence[str], more: bool, heads: Sequence[str] = ("step", "what happens")) -> str:
    """Return a table in a ``<details>``; end tags that HTML does not need are left out."""
    head = "".join(f'<th scope="col">{clean(one)}' for one in heads)
    rest = "<p>There are more; <code>print(story)</code> gives all." if more else ""
    return (
        f'<details><summary>{clean(title)}</summary><div tabindex="0" role="group" aria-label="steps" '
        f'style="overflow:auto;max-height:30em"><table><tr>{head}{"".join(rows)}</table>{rest}</div></details>'
    )
