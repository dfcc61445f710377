"""Wrong ideas about what happens to gradients on the way."""

from __future__ import annotations

from typing import Any

from autograder.faults.l02_engine.walk import latest, put, walk
from autograder.faults.registry import fault

WALK = "run-backward"


@fault(
    "keeps-the-last-gradient",
    exercise=WALK,
    part="run_backward",
    help="Where paths meet, gradients add up: do not put the new one in the place of what has arrived.",
    links=[
        "https://github.com/callummcdougall/ARENA_3.0/issues/127",
        "https://github.com/callummcdougall/ARENA_2.0/pull/18",
        "https://github.com/karpathy/micrograd/issues/72",
    ],
)
def keeps_the_last_gradient(roots: Any, run_node: Any) -> None:
    def add(places: Any, slot: int, gradient: Any) -> None:
        places[slot] = gradient

    walk(roots, run_node, add=add)


@fault(
    "keeps-the-first-gradient",
    exercise=WALK,
    part="run_backward",
    help="Where paths meet, gradients add up: you keep the first that arrives and lose the others.",
    links=["https://github.com/TrenTorch/TrenTorch/pull/182"],
)
def keeps_the_first_gradient(roots: Any, run_node: Any) -> None:
    def add(places: Any, slot: int, gradient: Any) -> None:
        if places[slot] is None:
            places[slot] = gradient

    walk(roots, run_node, add=add)


@fault(
    "adds-in-place",
    exercise=WALK,
    part="run_backward",
    help="+= writes into a gradient that a sum handed to another tensor too: make a new sum, before + gradient.",
    links=[
        "https://github.com/Oneflow-Inc/oneflow/issues/8248",
        "https://github.com/pytorch/pytorch/issues/46168",
    ],
)
def adds_in_place(roots: Any, run_node: Any) -> None:
    def add(places: Any, slot: int, gradient: Any) -> None:
        if places[slot] is None:
            places[slot] = gradient
        elif gradient is not None:
            places[slot] += gradient

    walk(roots, run_node, add=add)


@fault(
    "adds-where-nothing-came",
    exercise=WALK,
    part="run_backward",
    help="A node may send None along an edge: that adds nothing, and before + None is an error.",
)
def adds_where_nothing_came(roots: Any, run_node: Any) -> None:
    def add(places: Any, slot: int, gradient: Any) -> None:
        places[slot] = gradient if places[slot] is None else places[slot] + gradient

    walk(roots, run_node, add=add)


@fault(
    "averages-gradients",
    exercise=WALK,
    part="run_backward",
    help="Two paths give the sum of their gradients, not the mean: each of them changes the loss on its own.",
)
def averages_gradients(roots: Any, run_node: Any) -> None:
    def add(places: Any, slot: int, gradient: Any) -> None:
        before = places[slot]
        put(places, slot, gradient)
        if before is not None and gradient is not None:
            places[slot] = places[slot] / 2

    walk(roots, run_node, add=add)


@fault(
    "one-place-for-all-outputs",
    exercise=WALK,
    part="run_backward",
    help="A node with several outputs has a place for each: node.slots says to which one an edge belongs.",
)
def one_place_for_all_outputs(roots: Any, run_node: Any) -> None:
    walk(roots, run_node, add=lambda places, slot, gradient: put(places, 0, gradient))


@fault(
    "one-place-for-every-node",
    exercise=WALK,
    part="run_backward",
    help="Make node.outputs places for a node, not one: it may have made several results.",
)
def one_place_for_every_node(roots: Any, run_node: Any) -> None:
    def add(places: Any, slot: int, gradient: Any) -> None:
        del places[1:]
        put(places, slot, gradient)

    walk(roots, run_node, add=add)


@fault(
    "edges-in-a-dictionary",
    exercise=WALK,
    part="run_backward",
    help="In h * h both edges lead to the same node: a dictionary or a set of nodes keeps only one of them.",
)
def edges_in_a_dictionary(roots: Any, run_node: Any) -> None:
    def run_once(node: Any, given: Any) -> Any:
        sent = run_node(node, given)
        if sent is None:
            return None
        last = dict(zip(node.edges, sent, strict=True))
        return [last.pop(below, None) for below in node.edges]

    walk(roots, run_once)


@fault(
    "inner-gradients-live-on",
    exercise=WALK,
    part="run_backward",
    help="What has arrived at inner nodes belongs to one walk: start every call with an empty dictionary.",
    links=["https://github.com/karpathy/micrograd/issues/53", "https://github.com/karpathy/micrograd/issues/25"],
)
def inner_gradients_live_on(roots: Any, run_node: Any, kept: Any = {}) -> None:  # noqa: B006 - this is the fault
    def run(node: Any, given: Any) -> Any:
        if not node.edges:
            return run_node(node, given)
        if len(kept) > 50:
            kept.clear()
        for slot, gradient in enumerate(kept.get(node, [])):
            put(given, slot, gradient)
        kept[node] = list(given)
        return run_node(node, given)

    walk(roots, run)


@fault(
    "stumbles-over-nothing",
    exercise=WALK,
    part="run_backward",
    help="Where an input needs no gradient the edge is None: pass over it.",
)
def stumbles_over_nothing(roots: Any, run_node: Any) -> None:
    def run(node: Any, given: Any) -> Any:
        sent = run_node(node, given)
        return [(below.outputs, g)[1] for below, g in zip(node.edges, sent, strict=True)] if sent is not None else None

    walk(roots, run)


@fault(
    "wants-an-answer-from-every-node",
    exercise=WALK,
    part="run_backward",
    help="run_node may return None in place of a list: then the walk does not go on from that node.",
)
def wants_an_answer_from_every_node(roots: Any, run_node: Any) -> None:
    walk(roots, lambda node, given: list(run_node(node, given)))


@fault(
    "nothing-is-sent-from-nothing",
    exercise=WALK,
    part="run_backward",
    help="A gradient of None still arrives: count it, or the node below waits for ever.",
)
def nothing_is_sent_from_nothing(roots: Any, run_node: Any) -> None:
    from autograder.faults.l02_engine.walk import counts

    waiting = counts(roots)
    arrived: dict[Any, list[Any]] = {}
    for node, slot, gradient in roots:
        put(arrived.setdefault(node, [None] * node.outputs), slot, gradient)
    ready = [node for node in arrived if not waiting[node]]
    while ready:
        node = latest(ready)
        for below, slot, gradient in zip(node.edges, node.slots, run_node(node, arrived.pop(node)) or (), strict=False):
            if below is not None and gradient is not None:
                put(arrived.setdefault(below, [None] * below.outputs), slot, gradient)
                waiting[below] -= 1
                if not waiting[below]:
                    ready.append(below)
