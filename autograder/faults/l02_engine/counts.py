"""Wrong ideas about how many gradients a node has to wait for."""

from __future__ import annotations

from collections import Counter
from typing import Any

from autograder.faults.registry import fault

COUNTS = "count-consumers"


def reachable(roots: Any) -> list[Any]:
    """Every node behind the roots, for the faults that count wrongly."""
    found = dict.fromkeys(roots)
    waiting = list(found)
    while waiting:
        for below in waiting.pop().edges:
            if below is not None and below not in found:
                found[below] = None
                waiting.append(below)
    return list(found)


@fault(
    "counts-consumers-not-edges",
    exercise=COUNTS,
    part="count_consumers",
    help="In h * h one node has two edges to h, and sends two gradients: count edges, not nodes.",
)
def counts_consumers_not_edges(roots: Any) -> Any:
    every = reachable(roots)
    consumers = Counter(below for node in every for below in set(node.edges))
    return {node: consumers[node] for node in every}


@fault(
    "counts-along-every-path",
    exercise=COUNTS,
    part="count_consumers",
    help="You go on from a node each time you come to it: go on from it once, and only count the other times.",
    links=["https://github.com/karpathy/micrograd/pull/64"],
)
def counts_along_every_path(roots: Any) -> Any:
    counted = dict.fromkeys(roots, 0)
    waiting = list(roots)
    while waiting:
        for below in waiting.pop().edges:
            if below is not None:
                counted[below] = counted.get(below, 0) + 1
                waiting.append(below)
    return counted


@fault(
    "counts-the-root-itself",
    exercise=COUNTS,
    part="count_consumers",
    help="No edge leads to the root of a walk: its count starts at 0, not at 1.",
)
def counts_the_root_itself(roots: Any) -> Any:
    every = reachable(roots)
    below = Counter(low for node in every for low in node.edges)
    return {node: below[node] + (node in roots) for node in every}


@fault(
    "counts-without-the-root",
    exercise=COUNTS,
    part="count_consumers",
    help="The roots belong into the result as well, with 0 if no edge leads to them.",
)
def counts_without_the_root(roots: Any) -> Any:
    return dict(Counter(low for node in reachable(roots) for low in node.edges if low is not None))


@fault(
    "counts-the-first-edge-only",
    exercise=COUNTS,
    part="count_consumers",
    help="A node has one edge for each of its inputs: go along all of them.",
)
def counts_the_first_edge_only(roots: Any) -> Any:
    counted = dict.fromkeys(roots, 0)
    for root in roots:
        node = root
        while node.edges and node.edges[0] is not None:
            below = node.edges[0]
            seen = below in counted
            counted[below] = counted.get(below, 0) + 1
            if seen:
                break
            node = below
    return counted


@fault(
    "counts-nothing-as-a-node",
    exercise=COUNTS,
    part="count_consumers",
    help="Where an input needs no gradient the edge is None, which is no node: pass over it.",
)
def counts_nothing_as_a_node(roots: Any) -> Any:
    every = [*reachable(roots)]
    below = Counter(low for node in every for low in node.edges)
    return {node: below[node] for node in dict.fromkeys([*every, *below])}


@fault(
    "counts-by-recursion",
    exercise=COUNTS,
    part="count_consumers",
    help="A graph is as deep as the training loop is long: walk it with a list of nodes, not by recursion.",
    links=["https://github.com/karpathy/micrograd/pull/90"],
)
def counts_by_recursion(roots: Any) -> Any:
    counted: dict[Any, int] = {}

    def visit(node: Any) -> None:
        if node in counted:
            return
        counted[node] = 0
        for below in node.edges:
            if below is not None:
                visit(below)
                counted[below] += 1

    for root in roots:
        visit(root)
    return counted


@fault(
    "counts-from-the-first-root",
    exercise=COUNTS,
    part="count_consumers",
    help="A walk may start at several nodes: what can be reached from any of them counts.",
)
def counts_from_the_first_root(roots: Any) -> Any:
    every = reachable(roots[:1])
    below = Counter(low for node in every for low in node.edges)
    return {node: below[node] for node in every}


@fault(
    "counts-each-root-on-its-own",
    exercise=COUNTS,
    part="count_consumers",
    help="An edge that can be reached from two roots is one edge: remember for all roots together where you were.",
)
def counts_each_root_on_its_own(roots: Any) -> Any:
    counted = dict.fromkeys(roots, 0)
    for root in roots:
        for node in reachable([root]):
            for below in node.edges:
                if below is not None:
                    counted[below] = counted.get(below, 0) + 1
    return counted


@fault(
    "counts-go-on-from-the-last-call",
    exercise=COUNTS,
    part="count_consumers",
    help="counted={} as a default value is made once and lives on: make a new dictionary in every call.",
)
def counts_go_on_from_the_last_call(roots: Any, counted: Any = {}) -> Any:  # noqa: B006 - this is the fault
    for root in roots:
        counted.setdefault(root, 0)
    for node in reachable(roots):
        for below in node.edges:
            if below is not None:
                counted[below] = counted.get(below, 0) + 1
    return counted


@fault(
    "counts-the-edges-that-leave",
    exercise=COUNTS,
    part="count_consumers",
    help="Count the edges that lead to a node, not those that leave it: add to where an edge ends.",
)
def counts_the_edges_that_leave(roots: Any) -> Any:
    return {node: sum(low is not None for low in node.edges) for node in reachable(roots)}


@fault(
    "counts-roots-from-zero-again",
    exercise=COUNTS,
    part="count_consumers",
    help="A root may lie inside the graph of another root: do not set its count back to 0.",
)
def counts_roots_from_zero_again(roots: Any) -> Any:
    every = reachable(roots)
    below = Counter(low for node in every for low in node.edges)
    return {node: 0 if node in roots else below[node] for node in every}
