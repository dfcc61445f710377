"""Writing a story: nodes, edges and events get their numbers here. It knows no engine."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from course.widgets.theatre.says import Teller
from course.widgets.theatre.story import Story, Value


class Writer:
    """Puts what an engine's watcher sees into a `Story`."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.into: dict[tuple[int, int], int] = {}  # (node, input) -> the edge that leaves there
        self.alive: dict[int, dict[str, dict[str, Any]]] = {}  # node -> what it keeps now: slot -> save event
        self._in_memory: dict[int | None, dict[tuple[int, str], dict[str, Any]]] = {}  # the same by memory
        self.memories = 0

    def node(
        self,
        kind: str,
        name: str,
        shape: tuple[int, ...],
        dtype: str,
        value: Value | None,
        rule: str = "",
        where: dict[str, Any] | None = None,
        group: str = "",
    ) -> int:
        """Add a node and return its number."""
        number = len(self.story.nodes)
        self.story.nodes.append(
            {
                "id": number,
                "kind": kind,
                "name": name,
                "label": "",
                "shape": [int(n) for n in shape],
                "dtype": dtype,
                "value": value,
                "rule": rule,
                "where": where,
                "group": group,
            }
        )
        return number

    def edge(self, source: int, to: int, at: int, output: int, shape: tuple[int, ...], cut: bool = False) -> int:
        """Add the edge that leads from input `at` of `source` to output `output` of `to`."""
        number = len(self.story.edges)
        self.story.edges.append(
            {
                "from": source,
                "to": to,
                "input": at,
                "output": output,
                "shape": [int(n) for n in shape],
                "cut": cut,
            }
        )
        self.into[source, at] = number
        return number

    def event(self, kind: str, node: int | None, **more: Any) -> dict[str, Any]:
        """Add an event."""
        event = {"at": len(self.story.events), "kind": kind, "node": node, "says": "", **more}
        self.story.events.append(event)
        return event

    def save(
        self, node: int, slot: str, size: int, version: int | None, memory: int | None, number: Any = None
    ) -> None:
        """A node keeps a value from here on; a plain `number` has no memory."""
        more = {} if number is None else {"number": number if math.isfinite(number) else str(number)}
        event = self.event("save", node, slot=slot, bytes=size, version=version, memory=memory, **more)
        self.alive.setdefault(node, {})[slot] = self._in_memory.setdefault(memory, {})[node, slot] = event

    def free(self, node: int, slot: str, **more: Any) -> None:
        """A node keeps it no longer; says nothing if it did not."""
        kept = self.alive.get(node, {}).pop(slot, None)
        if kept is not None:
            del self._in_memory[kept["memory"]][node, slot]
            more |= {"number": kept["number"]} if "number" in kept else {}
            self.event("free", node, slot=slot, bytes=kept["bytes"], **more)

    def version(self, memory: int, version: int | None, now: Callable[[tuple[int, str]], int | None]) -> None:
        """A write to a memory was counted.

        Parameters
        ----------
        memory : int
            Which one.
        version : int or None
            Its version by now.
        now : function
            ``now((node, slot))`` returns the version that a saved value has by now; None where its
            counter does not know of the write, or nobody can tell.
        """
        held = [
            {"node": node, "slot": slot, "version": kept["version"]}
            for (node, slot), kept in self._in_memory.get(memory, {}).items()
            if kept["version"] is not None and now((node, slot)) not in (None, kept["version"])
        ]
        self.event("version", None, memory=memory, version=version, saved=held)

    def memory(self) -> int:
        """Return a number for a memory that was not met before."""
        self.memories += 1
        return self.memories - 1

    def finish(self) -> None:
        """Let every event say what it is: labels are known by now."""
        teller = Teller(self.story)
        for event in self.story.events:
            event["says"] = teller.tell(event)
