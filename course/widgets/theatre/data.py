"""What the script gets to play: the story and its layout, without what it can find out for itself."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from course.widgets.theatre.labels import (
    MOST_SLOTS,
    brief,
    dims,
    first_line,
    is_marked,
    second_line,
    slot_widths,
    slots_of,
)
from course.widgets.theatre.layout import Layout
from course.widgets.theatre.story import Story

_PANEL = ("kind", "dtype", "rule", "group")
_EVENT = (
    "kind", "node", "slot", "bytes", "version", "memory", "roots", "edge", "have", "need", "first", "on", "name",
    "error", "text", "number",
)  # fmt: skip


def stage(story: Story, layout: Layout, in_table: Container[int]) -> dict[str, Any]:
    """Return one stage: nodes, boxes (a node may be drawn more than once), lines and events.

    An edge of the story and its line have the same number. The sentences of the steps that are `in_table` are
    left out: the script reads them there.
    """
    slots = slots_of(story)
    return {
        "title": f"{story.title or 'story'} ({story.engine})",
        "size": [layout.width, layout.height],
        "nodes": [
            _node(node, names, wide)
            for node, names, wide in zip(story.nodes, slots, slot_widths(story, slots), strict=True)
        ],
        "boxes": [[box.node, box.x, box.y, box.w, box.h] for box in layout.boxes],
        "lines": [
            [*ends, dims(edge["shape"]) if edge["shape"] else "", int(edge["cut"]) + int(is_marked(edge, story))]
            for edge, ends in zip(story.edges, layout.lines, strict=True)
        ],
        "events": [
            _event(event) | ({} if event["at"] in in_table else {"says": event["says"]}) for event in story.events
        ],
    }


def _node(node: dict[str, Any], slots: list[str], wide: list[int]) -> dict[str, Any]:
    told = {key: node[key] for key in _PANEL if node.get(key)}
    told |= {"first": first_line(node), "second": second_line(node)}
    if where := node["where"]:
        told["where"] = f"{where['file']}:{where['line']}  {where['code']}"
    if slots:
        told |= {"slots": slots[:MOST_SLOTS], "wide": wide, "more": max(0, len(slots) - MOST_SLOTS)}
    return told


def _event(event: dict[str, Any]) -> dict[str, Any]:
    """Leave out what the sentence in the table says already; write values as text."""
    told = {key: event[key] for key in _EVENT if event.get(key) is not None}
    match event["kind"]:
        case "accumulate":
            told["total"] = brief(event["total"])
        case "hook":
            told |= {"before": brief(event["before"]), "after": brief(event["after"])}
        case "version":
            told["saved"] = [[one["node"], one["slot"]] for one in event["saved"]]
        case _:
            pass
    return told
