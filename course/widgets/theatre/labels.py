"""What the stage writes on a node or an edge, and how much room that takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from course.widgets.theatre.story import Story

KINDS = ("leaf", "op", "source")
LETTER, SMALL_LETTER = 7.3, 6.1  # widths of one letter of the two sizes of type, both of one width
ROOM = 11  # left and right of a text
HEIGHT, ROW = 42, 19  # of a node with two lines; of each further row
MOST_SLOTS = 3  # boxes on one node; the rest are counted
MOST_LETTERS = 26


def short(text: str, most: int = MOST_LETTERS) -> str:
    """Cut a text that is too long for the stage; the panel and the table have all of it."""
    return text if len(text) <= most else text[: most - 2] + ".."


def dims(shape: Sequence[int]) -> str:
    """Write a shape as torch does: ``[2, 3]``."""
    return f"[{', '.join(map(str, shape))}]"


def size(count: int) -> str:
    """Write a number of bytes: ``24 B``, ``1.5 kB``, ``2.3 MB``."""
    if count < 1000:
        return f"{count} B"
    return f"{count / 1e3:.3g} kB" if count < 1e6 else f"{count / 1e6:.4g} MB"


def first_line(node: dict[str, Any]) -> str:
    """Name a node: an operation by torch's name, a tensor by the user's."""
    if node["kind"] == "op":
        return short(str(node["name"]))
    return short(str(node["label"] or node["name"]))


def second_line(node: dict[str, Any]) -> str:
    """Say in words what the shape and the colour of a node say too, and its tensor's size."""
    word = "leaf" if node["kind"] == "leaf" else short(str(node["label"] or "non-leaf"), 16)
    if node["kind"] == "source":
        word = str(node["name"])
    return f"{word} {dims(node['shape'])}"


def brief(value: dict[str, Any] | None) -> str:
    """Write a `Value`: its numbers where they are few, else its norm."""
    if value is None:
        return "None"
    return str(value["text"]) or f"{dims(value['shape'])} norm {value['norm']}"


def is_marked(edge: dict[str, Any], story: Story) -> bool:
    """Say whether the scissors stand on this edge: from a detached tensor to what it was cut from."""
    return bool(edge["cut"]) and story.nodes[edge["from"]]["kind"] == "source"


def slots_of(story: Story) -> list[list[str]]:
    """List for each node the values it ever saves, by torch's names."""
    found: list[dict[str, None]] = [{} for _ in story.nodes]
    for event in story.events:
        if event["kind"] == "save" and event["node"] is not None:
            found[event["node"]][event["slot"]] = None
    return [list(slots) for slots in found]


def sets_grad(event: dict[str, Any]) -> bool:
    """Say whether ``.grad`` is another after this hook."""
    return event["kind"] == "hook" and event["on"] in ("retain_grad", "post_accumulate")


def gets_gradient(story: Story) -> list[int]:
    """Say for each node how many letters its ``.grad`` needs; 0 where it gets none."""
    letters = [0] * len(story.nodes)
    for event in story.events:
        if event["node"] is not None and (event["kind"] == "accumulate" or sets_grad(event)):
            text = short(brief(event["after" if event["kind"] == "hook" else "total"]), MOST_LETTERS - 4)
            letters[event["node"]] = max(letters[event["node"]], len(text) + 8)
    return letters


def slot_text(slot: str, count: int, number: Any = None) -> str:
    """Write what stands on the box of a saved value: its bytes, or the plain number that it is."""
    return f"{short(slot, 10)} {size(count) if number is None else short(str(number), 10)}"


def slot_widths(story: Story, slots: list[list[str]]) -> list[list[int]]:
    """Return the width of each box of each node, those that are drawn."""
    most: dict[tuple[int, str], int] = {}
    for event in story.events:
        if event["kind"] == "save" and event["node"] is not None:
            key = (event["node"], event["slot"])
            most[key] = max(len(slot_text(event["slot"], event["bytes"], event.get("number"))), most.get(key, 0))
    return [[round(most[node, slot] * 5.6 + 10) for slot in names[:MOST_SLOTS]] for node, names in enumerate(slots)]


def measure(story: Story) -> list[tuple[int, int]]:
    """Return width and height of each node."""
    slots = slots_of(story)
    widths = slot_widths(story, slots)
    letters = gets_gradient(story)
    sizes = []
    for node, names, boxes, grad in zip(story.nodes, slots, widths, letters, strict=True):
        texts = len(first_line(node)) * LETTER, len(second_line(node)) * SMALL_LETTER, grad * SMALL_LETTER
        row = sum(boxes) + 4 * (len(boxes) - 1) + (24 if len(names) > MOST_SLOTS else 0)
        wide = max(60.0, *texts, row) + 2 * ROOM
        sizes.append((round(wide), HEIGHT + ROW * (bool(names) + bool(grad))))
    return sizes
