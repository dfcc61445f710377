"""The still picture: what is seen where no script runs (untrusted notebooks, GitHub, paper)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Any
from urllib.parse import quote

from course.widgets.theatre.drawing import curve, middle, outline
from course.widgets.theatre.labels import (
    HEIGHT,
    KINDS,
    MOST_SLOTS,
    ROW,
    dims,
    first_line,
    is_marked,
    second_line,
    short,
    slot_text,
    slot_widths,
    slots_of,
)
from course.widgets.theatre.layout import Box, Layout, lay_out
from course.widgets.theatre.states import State, after
from course.widgets.theatre.story import Story

FEW = 20  # boxes up to which a picture has all texts; of more, nobody reads them
WIDE, TALL = 1100, 700  # of a graph that is larger the picture shows a part: a page would shrink it beyond reading
_STYLE = (
    "text{text-anchor:middle}g{font:10px monospace}.t{font:bold 12px monospace}.g{font-size:9px}"
    "path{fill:none;stroke:gray}.leaf{fill:honeydew;stroke:seagreen}.op{fill:aliceblue;stroke:steelblue}"
    ".source{fill:whitesmoke}.source,.cut{stroke-dasharray:5 3}.mark{stroke:red}"
    ".saved{fill:cornsilk;stroke:darkgoldenrod}.error{stroke:red;stroke-width:3}.e{fill:firebrick}"
)
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # what XML cannot hold


def clean(text: object) -> str:
    """Escape a text for HTML and for XML."""
    return escape(_UNSEEN.sub("?", str(text)))


def src(story: Story, layout: Layout | None = None) -> str:
    """Return the picture as the address of an ``<img>``, to be put between double quotes."""
    return "data:image/svg+xml," + quote(svg(story, layout), safe=" '()*,-./:;<=>!@[]_|~+$")


def svg(story: Story, layout: Layout | None = None) -> str:
    """Return the stage as it stands when the story is over, as SVG."""
    layout = layout or lay_out(story)
    state = after(story, len(story.events))
    boxes = [nth for nth in seen(story, layout) if state.nodes[layout.boxes[nth].node].there]
    left, top, right, bottom = _bounds([layout.boxes[nth] for nth in boxes])
    frame = f"width='{right - left}' height='{bottom - top}'"
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='{left} {top} {right - left} {bottom - top}' {frame}>"
        f"<style>{_STYLE}</style><rect x='{left}' y='{top}' {frame} rx='8' fill='white'/>"
        f"{_edges(story, layout, set(boxes))}{_nodes(story, [layout.boxes[nth] for nth in boxes], state)}</svg>"
    )


def seen(story: Story, layout: Layout) -> list[int]:
    """Return the boxes in the picture: all, or those around the first error, else around the last root."""
    centre = len(story.nodes) - 1
    for event in story.events:
        if event["kind"] == "backward" and event["roots"]:
            centre = event["roots"][-1]
    failed = [event["node"] for event in story.events if event["kind"] == "error" and event["node"] is not None]
    centre = failed[0] if failed else centre
    at = next((box for box in layout.boxes if box.node == centre), None)
    if at is None:
        return []
    left = max(0, min(layout.width - WIDE, at.x - WIDE // 2))
    top = max(0, min(layout.height - TALL, at.y - TALL // 2))
    return [
        nth
        for nth, box in enumerate(layout.boxes)
        if left <= box.x and box.x + box.w <= left + WIDE and top <= box.y and box.y + box.h <= top + TALL
    ]


def _bounds(boxes: Sequence[Box]) -> tuple[int, int, int, int]:
    return (
        min((box.x for box in boxes), default=0) - 14,
        min((box.y for box in boxes), default=0) - 14,
        max((box.x + box.w for box in boxes), default=200) + 14,
        max((box.y + box.h for box in boxes), default=60) + 14,
    )


def _edges(story: Story, layout: Layout, shown: set[int]) -> str:
    paths: dict[str, list[str]] = {"": [], "cut": [], "mark": []}
    labels = []
    for edge, (start, end) in zip(story.edges, layout.lines, strict=True):
        if start not in shown or end not in shown:
            continue
        a, b = layout.boxes[start], layout.boxes[end]
        paths["cut" if edge["cut"] else ""].append(curve(a, b))
        x, y = middle(a, b)
        if is_marked(edge, story):
            paths["mark"].append(f"M{x - 5} {y + 7}l6-14M{x + 1} {y + 7}l6-14")
        elif edge["shape"] and len(shown) <= FEW:
            labels.append((x, y - 4, dims(edge["shape"])))
    return _paths(paths) + _texts("g", labels)


def _nodes(story: Story, boxes: Sequence[Box], state: State) -> str:
    slots, few = slots_of(story), len(boxes) <= FEW
    widths = slot_widths(story, slots)
    shapes: dict[str, list[str]] = {"leaf": [], "op": [], "source": [], "saved": [], "error": []}
    names, notes, errors, small = [], [], [], []
    for box in boxes:
        node, now = story.nodes[box.node], state.nodes[box.node]
        path = outline(node["kind"], box.x, box.y, box.w, box.h)
        shapes[node["kind"]].append(path)
        x = box.x + box.w // 2
        names.append((x, box.y + 18, first_line(node)))
        if now.error:
            shapes["error"].append(path)
            errors.append((x, box.y + 33, now.error))
        elif few or node["label"] or node["kind"] != "op":
            notes.append((x, box.y + 33, second_line(node).removeprefix("non-leaf ")))
        if now.grad:
            low = box.y + HEIGHT + 11 + (ROW if slots[box.node] else 0)
            notes.append((x, low, f".grad {'+=' if now.plus else '='} {short(now.grad, 22)}"))
        left = box.x + (box.w - sum(widths[box.node]) - 4 * (len(widths[box.node]) - 1)) // 2
        for name, wide in zip(slots[box.node][:MOST_SLOTS], widths[box.node], strict=True):
            slot = now.slots.get(name)
            if slot and not slot.freed:
                shapes["saved"].append(outline("op", left, box.y + HEIGHT - 1, wide, 15))
                if few:
                    small.append((left + wide // 2, box.y + HEIGHT + 10, slot_text(name, slot.bytes, slot.number)))
            left += wide + 4
    texts = [_texts("t", names), _texts("s", notes), _texts("e", errors), _texts("g", small)]
    return "".join([_paths(shapes), *texts])


def _paths(shapes: dict[str, list[str]]) -> str:
    """Draw all shapes of one sort as one path; that takes a third of the bytes."""
    return "".join(f"<path class='{sort}' d='{''.join(some)}'/>" for sort, some in shapes.items() if some)


def _texts(style: str, texts: Sequence[tuple[int, int, str]]) -> str:
    inside = "".join(f"<text x='{x}' y='{y}'>{clean(text)}</text>" for x, y, text in texts)
    return f"<g class='{style}'>{inside}</g>" if texts else ""


def alt(story: Story, layout: Layout | None = None) -> str:
    """Say in words what the picture shows."""
    layout = layout or lay_out(story)
    kinds: dict[str, Any] = {kind: [] for kind in KINDS}
    for node in story.nodes:
        kinds[node["kind"]].append(node)
    leaves = ", ".join(str(node["label"] or node["name"]) for node in kinds["leaf"][:6])
    parts = [
        f"Recording graph of {story.title or 'a program'} ({story.engine}): {len(kinds['op'])} operations",
        f"{len(kinds['leaf'])} leaves" + (f" ({leaves}{', ...' if len(kinds['leaf']) > 6 else ''})" if leaves else ""),
    ]
    if kinds["source"]:
        parts.append(f"{len(kinds['source'])} tensors without gradient")
    text = ", ".join(parts) + f". {len(story.events)} steps; they follow as a table."
    errors = [event["says"] for event in story.events if event["kind"] == "error"]
    if errors:
        text += f" {errors[0]}"
    if len(seen(story, layout)) < len(layout.boxes):
        text += (
            " The picture shows the part around its end." if not errors else " The picture shows the part around it."
        )
    return text
