"""What the stage shows after so many events: the same rules as in script.js, and what its tests go by.

`State.tell` applies one event. The script does exactly this; a browser test holds `State.looks` against the
script's own for each step of each sample story.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from course.widgets.theatre.labels import brief, sets_grad
from course.widgets.theatre.story import Story


@dataclass
class Slot:
    """A value that a node saved: how many bytes, and with which version; ``now`` is its tensor's version.

    A plain number has no bytes; ``number`` is what it is.
    """

    bytes: int
    version: int
    now: int
    memory: Any
    number: Any = None
    freed: bool = False

    def look(self) -> str:
        """Return ``24@0`` (bytes and version), ``24@0!1`` where the version is another by now, or ``-`` if freed."""
        if self.freed:
            return "-"
        return f"{self.bytes}@{self.version}" + (f"!{self.now}" if self.now != self.version else "")


@dataclass
class NodeState:
    """What one node shows."""

    there: bool = False
    phase: str = ""  # "", "waits", "ready", "ran"
    have: int = 0
    need: int = 0
    version: int = 0
    grad: str = ""
    plus: bool = False  # in this pass, something was added to a gradient that was there
    hooks: int = 0
    error: str = ""
    slots: dict[str, Slot] = field(default_factory=dict)

    def look(self) -> str:
        """Return all of it as one line."""
        if not self.there:
            return ""
        slots = ",".join(f"{name}:{slot.look()}" for name, slot in self.slots.items())
        plus = "+" if self.plus else ""
        return (
            f"{self.phase} {self.have}/{self.need} v{self.version} [{slots}] {plus}={self.grad} h{self.hooks} "
            f"{self.error}"
        )


class State:
    """The stage of one story, at first empty.

    Parameters
    ----------
    story : Story
        What is told.

    Attributes
    ----------
    nodes : list of NodeState
        One for each node of the story.
    went : set of int
        Edges that a gradient has passed in this pass.
    node, edge : int or None
        Where the last event happened.
    """

    def __init__(self, story: Story) -> None:
        appear = {event["node"] for event in story.events if event["kind"] in ("record", "detach")}
        self.story, self.at = story, 0
        self.nodes = [NodeState(there=node not in appear) for node in range(len(story.nodes))]
        self.went: set[int] = set()
        self.node: int | None = None
        self.edge: int | None = None

    def tell(self) -> None:
        """Apply the next event."""
        event = self.story.events[self.at]
        self.at += 1
        self.node, self.edge = event["node"], event.get("edge")
        node = self.nodes[self.node] if self.node is not None else None
        if node:
            node.there = True
        match event["kind"]:
            case "save" if node:
                version = event["version"]
                # a value without a number for its memory shares it with no other
                memory = event.get("memory")
                memory = (self.node, event["slot"]) if memory is None else memory
                node.slots[event["slot"]] = Slot(event["bytes"], version, version, memory, event.get("number"))
            case "version":
                if node:
                    node.version = event["version"]
                for one in event["saved"]:
                    if slot := self.nodes[one["node"]].slots.get(one["slot"]):
                        slot.now = event["version"]
            case "backward":
                self.went.clear()
                for one in self.nodes:
                    one.phase, one.have, one.need, one.plus = "", 0, 0, False
            case "arrive" if node:
                node.have, node.need = event["have"], event["need"]
                node.phase = "ready" if node.have >= node.need else "waits"
                if self.edge is not None:
                    self.went.add(self.edge)
            case "run" if node:
                node.phase = "ran"
            case "free" if node:
                if slot := node.slots.get(event["slot"]):
                    slot.freed = True
            case "accumulate" if node:
                node.phase, node.plus, node.grad = "ran", not event["first"], brief(event["total"])
            case "hook" if node:
                node.hooks += 1
                node.grad = brief(event["after"]) if sets_grad(event) else node.grad
            case "error" if node:
                node.error = event["error"]
            case _:
                pass

    @property
    def alive(self) -> int:
        """Bytes that are held for the backward pass; memory that two values share counts once."""
        held: dict[Any, int] = {}
        for node in self.nodes:
            for slot in node.slots.values():
                if not slot.freed:
                    held[slot.memory] = max(held.get(slot.memory, 0), slot.bytes)
        return sum(held.values())

    def looks(self) -> list[str]:
        """Return what each node shows."""
        return [node.look() for node in self.nodes]


def after(story: Story, count: int) -> State:
    """Return the stage after the first ``count`` events."""
    state = State(story)
    for _ in range(count):
        state.tell()
    return state


def opening(story: Story) -> int:
    """Say how many events are over when the curtain rises: all that come before the first backward pass."""
    for event in story.events:
        if event["kind"] == "backward":
            return int(event["at"])
    return len(story.events)
