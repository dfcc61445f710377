"""A story: what an engine did while it was watched, as plain data.

A story holds the graph as it was recorded (`nodes`, `edges`) and, in order, everything that happened
(`events`). It knows no engine: one of `course.nptorch` and one of torch have the same form, so the two can
stand side by side. Every value is JSON (numbers that are not finite are the texts ``"nan" "inf" "-inf"``).

Nodes, in the order in which they were met, ``nodes[i]["id"] == i``:

========== ===================================================================================
id         int
kind       ``"leaf"`` (a tensor that the user made and that wants a gradient), ``"op"`` (a recorded
           operation), ``"source"`` (a tensor through which no gradient passes: data, or what
           `detach` made; only those that somebody detached or used while watched)
name       the node's name in torch: ``"MulBackward0"``, ``"AccumulateGrad"``; for a source
           ``"detached"`` or ``"data"``
label      what the user calls it (``"x"``, ``"loss"``), else ``""``
shape      list of int, of the tensor (an op: of its first result)
dtype      ``"float64"``
value      `Value` of the tensor at the time of recording; None if nobody watched then
rule       the derivative as text, ``"g * other"``, for several inputs ``"self: g; other: -g"``; ``""``
           where there is none to show
where      ``{"file": str, "line": int, "code": str}`` of the user's code that made it (a leaf or
           source: that first used it), or None; the file without its folders, or ``"cell"``
group      dotted path of the nn module that was running, ``""`` outside of modules
========== ===================================================================================

Edges, from the operation that used a tensor to the node that the tensor came from:

========== ===================================================================================
from, to   node ids; gradients travel from ``from`` to ``to``
input      which input of ``from``
output     which output of ``to``
shape      list of int of the tensor on it
cut        True where no gradient travels (the tensor is detached, or data)
========== ===================================================================================

A `Value` is ``{"shape": [...], "text": "[1.0, 2.0]", "norm": 2.23}``: the numbers as text where there are at
most `SMALL` of them (else ``""``), and the Euclidean norm.

Events, ``events[i]["at"] == i``; each has a ``kind``, a sentence ``says`` in plain ASCII for the log and the
table, and ``node`` (id or None). By kind:

============ =================================================================================
record       an operation was recorded (its node appears), or a leaf or source was met; ``before``: True
             where it was recorded before anybody watched
detach       an edge was cut: ``node`` is the new source, ``of`` the node it was cut from
save         ``slot`` (torch's name, ``"self"``, ``"result"``; of a Function ``"0"``, ``"1"``), ``bytes``,
             ``version`` (or None); ``memory``: a number, the same for values that share memory; a plain
             number that is kept: ``number``, ``bytes`` 0 and ``memory`` None; its ``free`` has it as well
version      ``memory`` was written to, and ``version`` is what its counter says now (a part that does not
             count leaves it as it was); ``saved``: list of ``{"node", "slot", "version"}`` that now hold
             another version than their own counter says (a write through ``.data`` is not noticed)
backward     a pass begins: ``roots`` (ids), ``retain_graph``, ``create_graph``, ``pass`` (0, 1, ...)
arrive       a gradient arrived at ``node``: ``edge`` (index, or None at a root), ``value``, ``have`` of ``need``
run          the node's backward ran: ``gradients_in`` and ``gradients_out``: lists of Value or None; of a
             leaf, after it has accumulated
free         ``slot``, ``bytes``: a saved value was let go; ``dropped``: True where its node died with it
accumulate   a leaf's gradient: ``value`` (what was added), ``total`` (``.grad`` afterwards), ``first`` (bool)
hook         ``on`` (``"tensor" "retain_grad" "post_accumulate" "pre" "post"``), ``name``, ``before``, ``after``:
             Value or None; ``after`` is the gradient as the hook left it (of ``"retain_grad"`` and
             ``"post_accumulate"``: ``.grad``), of several gradients the first that is there
error        ``error`` (type), ``text`` (message); ``node`` where it came up, if known
end          a pass ended: ``pass`` as in its ``backward``; ``failed``: by an error, which was told before
============ =================================================================================
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SMALL = 9  # so many numbers are told one by one
FORMAT = 1

Value = dict[str, Any]


@dataclass
class Story:
    """What an engine did while it was watched.

    Attributes
    ----------
    engine : str
        ``"nptorch"`` or ``"torch"``.
    title : str
        One line above the stage.
    nodes, edges, events : list of dict
        See the module's text.
    """

    engine: str = "nptorch"
    title: str = ""
    nodes: list[dict[str, Any]] = field(default_factory=list)
    edges: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return {
            "format": FORMAT,
            "engine": self.engine,
            "title": self.title,
            "nodes": self.nodes,
            "edges": self.edges,
            "events": self.events,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Story:
        """Return the story that `to_json` wrote.

        Raises
        ------
        ValueError
            If the data is no story, or one of another format.
        """
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise ValueError(f"this is no story of format {FORMAT}; write it anew with story.save(path)")
        return cls(data["engine"], data["title"], data["nodes"], data["edges"], data["events"])

    def save(self, path: str | Path) -> None:
        """Write the story to a JSON file."""
        Path(path).write_text(json.dumps(self.to_json(), allow_nan=False), encoding="ascii")

    @classmethod
    def load(cls, path: str | Path) -> Story:
        """Read what `save` wrote.

        Raises
        ------
        ValueError
            If the file holds no story.
        """
        return cls.from_json(json.loads(Path(path).read_text(encoding="ascii")))

    def __str__(self) -> str:
        """Return the log: one line per event."""
        head = f"{self.title or 'story'} ({self.engine}): {len(self.nodes)} nodes, {len(self.events)} events"
        return "\n".join([head, *(f"{event['at']:>4}  {event['kind']:<10} {event['says']}" for event in self.events)])
