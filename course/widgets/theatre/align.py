"""Two stories, event by event: which belong together, and which is the first in which they differ.

Two events agree when all of this is the same:

- the kind, and the name of the node (between two engines without the digit of the overload: torch has a
  ``MulBackward0`` and a ``MulBackward1``);
- what the kind is about: the saved slot with its bytes and version, ``have`` of ``need``, whether a leaf's gradient
  was there before, ``retain_graph`` and ``create_graph``, what a hook hangs on, the type of an error, whether a pass
  broke off;
- every value, to `RELATIVE` of its size (stories round numbers to six digits).

Between two engines these are passed over, for torch does not show them, or not always: data that goes into an
operation, hooks of nodes and the gradients of a node that has some, plain numbers that are kept, memory that dies with
its graph, and values of which one side knows only the shape. What a saved value is called is passed over, too:
``other`` here is ``mat2`` in torch's ``mm``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from math import isclose
from typing import Any

from course.widgets.theatre.labels import brief
from course.widgets.theatre.story import Story, Value

RELATIVE, ABSOLUTE = 1e-5, 1e-9
MOST_MATCHED = 3000  # events; of more, those after the first difference are paired one by one
_NUMBER = re.compile(r"-?(?:inf|nan|\d+(?:\.\d*)?(?:e[-+]?\d+)?)")
_ABOUT = ("slot", "bytes", "version", "have", "need", "first", "retain_graph", "create_graph", "on", "error", "failed")
_VALUES = ("value", "total", "before", "after", "gradients_in", "gradients_out")


@dataclass(frozen=True)
class Aligned:
    """How two stories go together.

    Attributes
    ----------
    counts : list of (int, int)
        After each step of the common timeline, how many events of each story are over. The first is (0, 0).
    differ : int or None
        The first step in which the stories differ.
    why : str
        In words; empty if they do not differ.
    """

    counts: list[tuple[int, int]]
    differ: int | None
    why: str


def align(one: Story, other: Story) -> Aligned:
    """Put the events of two stories side by side."""
    foreign = one.engine != other.engine
    left = [event for event in one.events if _is_told(one, event, foreign)]
    right = [event for event in other.events if _is_told(other, event, foreign)]
    keys = [_key(one, event, foreign) for event in left], [_key(other, event, foreign) for event in right]
    hooked = _hooked(one), _hooked(other)
    counts, differ, why = [(0, 0)], None, ""
    for i, j in _pairs(*keys):
        a = left[i] if i is not None else None
        b = right[j] if j is not None else None
        if differ is None and (
            said := _difference(one, a, other, b, i is not None and j is not None and keys[0][i] == keys[1][j], hooked)
        ):
            differ, why = len(counts), said
        before = counts[-1]
        counts.append((a["at"] + 1 if a else before[0], b["at"] + 1 if b else before[1]))
    end = len(one.events), len(other.events)
    if counts[-1] != end:  # what was passed over at the end
        counts.append(end)
    return Aligned(counts, differ, why)


def _is_told(story: Story, event: dict[str, Any], foreign: bool) -> bool:
    if not foreign:
        return True
    if event["kind"] == "hook" and event["on"] in ("pre", "post"):
        return False
    node = event["node"]
    data = event["kind"] == "record" and story.nodes[node]["name"] == "data"
    number = event["kind"] in ("save", "free") and event["bytes"] == 0
    return not data and not number and not event.get("dropped")


def _key(story: Story, event: dict[str, Any], foreign: bool) -> tuple[Any, ...]:
    name = ""
    if event["node"] is not None:
        node = story.nodes[event["node"]]
        name = node["name"] if node["kind"] == "op" else node["label"] or node["name"]
        if foreign:
            name = name.rstrip("0123456789") if node["kind"] == "op" else name
    return event["kind"], name, *(event.get(about) for about in _ABOUT if not (foreign and about == "slot"))


def _pairs(left: list[tuple[Any, ...]], right: list[tuple[Any, ...]]) -> list[tuple[int | None, int | None]]:
    """Pair events with the same key, in order; an event without a partner stands alone."""
    same = 0
    while same < min(len(left), len(right)) and left[same] == right[same]:
        same += 1
    pairs: list[tuple[int | None, int | None]] = [(nth, nth) for nth in range(same)]
    rest = left[same:], right[same:]
    if max(map(len, rest)) > MOST_MATCHED:
        together = min(map(len, rest))
        blocks = [("replace", 0, len(rest[0]), 0, len(rest[1]))] if together else []
    else:
        blocks = list(SequenceMatcher(None, *rest, autojunk=False).get_opcodes())
    for _, i, i_end, j, j_end in blocks:
        for nth in range(max(i_end - i, j_end - j)):
            a, b = same + i + nth, same + j + nth
            pairs.append((a if i + nth < i_end else None, b if j + nth < j_end else None))
    for side, given in enumerate(rest):
        if not blocks:
            pairs += [(same + nth, None) if side == 0 else (None, same + nth) for nth in range(len(given))]
    return pairs


def _difference(one: Story, a: Any, other: Story, b: Any, agree: bool, hooked: tuple[set[int], set[int]]) -> str:
    names = _names(one, other)
    if a is None or b is None:
        told, name, silent = (a, names[0], names[1]) if b is None else (b, names[1], names[0])
        return f"only {name} tells: {told['says']}. Nothing of this in {silent}."
    if not agree:
        return f"{names[0]}: {a['says']}. {names[1]}: {b['says']}."
    foreign = one.engine != other.engine
    for key in () if foreign and (_is_behind(one, a, hooked[0]) or _is_behind(other, b, hooked[1])) else _VALUES:
        if not _same(a.get(key), b.get(key), foreign):
            what = key.replace("_", " ").replace("total", ".grad")
            return (
                f"{what} differs at '{a['says']}': {names[0]} has {_text(a.get(key))}, {names[1]} {_text(b.get(key))}."
            )
    return ""


def _hooked(story: Story) -> set[int]:
    """Return the nodes with hooks of their own."""
    return {event["node"] for event in story.events if event["kind"] == "hook" and event["on"] in ("pre", "post")}


def _is_behind(story: Story, event: dict[str, Any], hooked: set[int]) -> bool:
    """Say whether such a hook may have changed these gradients."""
    if event["kind"] == "arrive" and event["edge"] is not None:
        return story.edges[event["edge"]]["from"] in hooked
    return event["kind"] == "run" and event["node"] in hooked


def _names(one: Story, other: Story) -> tuple[str, str]:
    """Call the stories by their engines, or by their titles, or as the first and the second."""
    for a, b in ((one.engine, other.engine), (one.title, other.title)):
        if a != b and a and b:
            return a, b
    return "the first", "the second"


def _text(value: Any) -> str:
    return "; ".join(map(_text, value)) if isinstance(value, list) else brief(value)


def _same(one: Any, other: Any, foreign: bool) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        if foreign:  # torch has no input for a plain number, ours has one without a gradient
            one, other = _without_end(one), _without_end(other)
        return len(one) == len(other) and all(map(_same, one, other, [foreign] * len(one)))
    if one is None or other is None:
        return one is other
    return _same_value(one, other, foreign)


def _without_end(values: list[Value | None]) -> list[Value | None]:
    kept = list(values)
    while kept and kept[-1] is None:
        kept.pop()
    return kept


def _same_value(one: Value, other: Value, foreign: bool) -> bool:
    if one["shape"] != other["shape"]:
        return False
    if one["text"] and other["text"]:
        return all(map(_near, _NUMBER.findall(one["text"]), _NUMBER.findall(other["text"])))
    if foreign and (one["norm"] is None or other["norm"] is None):
        return True
    return _near(one["norm"], other["norm"])


def _near(one: Any, other: Any) -> bool:
    a, b = float(one), float(other)
    return a == b or (a != a and b != b) or isclose(a, b, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
