"""A right walk in pieces, for faults that spoil one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def counts(roots: Any) -> dict[Any, int]:
    """How many edges lead to each node."""
    found = dict.fromkeys([node for node, _, _ in roots], 0)
    waiting = list(found)
    while waiting:
        for below in waiting.pop().edges:
            if below is not None:
                if below not in found:
                    found[below] = 0
                    waiting.append(below)
                found[below] += 1
    return found


def latest(ready: list[Any]) -> Any:
    """Take the node that was recorded last; among equals the first."""
    node = max(ready, key=lambda one: one.sequence_nr)
    ready.remove(node)
    return node


def put(places: list[Any], slot: int, gradient: Any) -> None:
    """Add a gradient to what has arrived at one output."""
    before = places[slot]
    if gradient is not None:
        places[slot] = gradient if before is None else before + gradient


def walk(
    roots: Any,
    run_node: Any,
    waiting: dict[Any, int] | None = None,
    take: Callable[[list[Any]], Any] = latest,
    add: Callable[[list[Any], int, Any], None] = put,
    arrived: dict[Any, list[Any]] | None = None,
) -> None:
    """Walk rightly, save for what was handed in.

    Parameters
    ----------
    roots, run_node
        As `run_backward` takes them.
    waiting : dict
        How many gradients each node waits for.
    take : function
        Takes one of the nodes that are ready.
    add : function
        Adds a gradient to what has arrived at an output.
    arrived : dict
        What has arrived so far.
    """
    waiting = counts(roots) if waiting is None else waiting
    arrived = {} if arrived is None else arrived
    for node, slot, gradient in roots:
        add(arrived.setdefault(node, [None] * node.outputs), slot, gradient)
    ready = [node for node in dict.fromkeys(node for node, _, _ in roots) if not waiting[node]]
    while ready:
        node = take(ready)
        sent = run_node(node, arrived.pop(node))
        if sent is None:
            continue
        for below, slot, gradient in zip(node.edges, node.slots, sent, strict=True):
            if below is None:
                continue
            add(arrived.setdefault(below, [None] * below.outputs), slot, gradient)
            waiting[below] -= 1
            if not waiting[below]:
                ready.append(below)
