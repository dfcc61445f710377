"""Wrong ideas about which node runs when, and how often."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any

from autograder.faults.l02_engine.walk import counts, put, walk
from autograder.faults.registry import fault

WALK = "run-backward"


@fault(
    "runs-when-first-met",
    exercise=WALK,
    part="run_backward",
    help="You ran a node when the first gradient came; it has to wait until one came along every edge to it.",
    links=["https://github.com/karpathy/micrograd/pull/34", "https://github.com/lucasdelimanogueira/PyNorch/issues/90"],
)
def runs_when_first_met(roots: Any, run_node: Any) -> None:
    arrived: dict[Any, list[Any]] = {}
    queue: list[Any] = []
    for node, slot, gradient in roots:
        put(arrived.setdefault(node, [None] * node.outputs), slot, gradient)
        queue.append(node)
    done = set()
    while queue:
        node = queue.pop(0)
        if node in done:
            continue
        done.add(node)
        for below, slot, gradient in zip(node.edges, node.slots, run_node(node, arrived[node]) or (), strict=False):
            if below is not None:
                put(arrived.setdefault(below, [None] * below.outputs), slot, gradient)
                queue.append(below)


@fault(
    "passes-on-the-running-total",
    exercise=WALK,
    part="run_backward",
    help="A node ran again with what it had passed on before still in it: run each node once, when complete.",
    links=[
        "https://github.com/karpathy/micrograd/issues/2",
        "https://github.com/karpathy/micrograd/issues/68",
        "https://github.com/sebgao/cTensor/issues/5",
    ],
)
def passes_on_the_running_total(roots: Any, run_node: Any) -> None:
    arrived: dict[Any, list[Any]] = {}

    def visit(node: Any, slot: int, gradient: Any) -> None:
        put(arrived.setdefault(node, [None] * node.outputs), slot, gradient)
        sent = run_node(node, list(arrived[node]))
        for below, number, one in zip(node.edges, node.slots, sent or (), strict=False):
            if below is not None:
                visit(below, number, one)

    for node, slot, gradient in roots:
        visit(node, slot, gradient)


@fault(
    "once-for-every-path",
    exercise=WALK,
    part="run_backward",
    help="The sums are right, but a node ran once for every path to it: collect first, then run it once.",
    links=["https://github.com/karpathy/micrograd/pull/64"],
)
def once_for_every_path(roots: Any, run_node: Any) -> None:
    queue = [(node, slot, gradient) for node, slot, gradient in roots]
    while queue:
        node, slot, gradient = queue.pop()
        given = [None] * node.outputs
        given[slot] = gradient
        sent = run_node(node, given)
        for below, number, one in reversed(list(zip(node.edges, node.slots, sent or (), strict=False))):
            if below is not None:
                queue.append((below, number, one))


@fault(
    "sorts-by-recursion",
    exercise=WALK,
    part="run_backward",
    help="Python allows about 1000 nested calls, and a long training step has more nodes: keep a list instead.",
    links=["https://github.com/karpathy/micrograd/pull/90"],
)
def sorts_by_recursion(roots: Any, run_node: Any) -> None:
    seen = set()

    def visit(node: Any) -> None:
        if node is not None and node not in seen:
            seen.add(node)
            for below in node.edges:
                visit(below)

    for node, _, _ in roots:
        visit(node)
    walk(roots, run_node)


@fault(
    "one-branch-at-a-time",
    exercise=WALK,
    part="run_backward",
    help="A node that was met is crossed off, and what comes to it later is lost: wait for all that is to come.",
    links=["https://github.com/TrenTorch/TrenTorch/pull/182"],
)
def one_branch_at_a_time(roots: Any, run_node: Any) -> None:
    done = set()
    stack = [(node, slot, gradient) for node, slot, gradient in reversed(roots)]
    while stack:
        node, slot, gradient = stack.pop()
        if node in done and node.edges:
            continue
        done.add(node)
        given = [None] * node.outputs
        given[slot] = gradient
        sent = run_node(node, given)
        for below, number, one in reversed(list(zip(node.edges, node.slots, sent or (), strict=False))):
            if below is not None:
                stack.append((below, number, one))


@fault(
    "first-ready-first-run",
    exercise=WALK,
    part="run_backward",
    help="Of the nodes that are ready run the one that was recorded last: node.sequence_nr tells.",
)
def first_ready_first_run(roots: Any, run_node: Any) -> None:
    walk(roots, run_node, take=lambda ready: ready.pop(0))


@fault(
    "last-ready-first-run",
    exercise=WALK,
    part="run_backward",
    help="A stack runs what became ready last; it should be what was recorded last: node.sequence_nr tells.",
)
def last_ready_first_run(roots: Any, run_node: Any) -> None:
    walk(roots, run_node, take=lambda ready: ready.pop())


@fault(
    "oldest-first",
    exercise=WALK,
    part="run_backward",
    help="A heap gives the smallest first, and you want the largest sequence_nr: push its negative.",
)
def oldest_first(roots: Any, run_node: Any) -> None:
    def take(ready: list[Any]) -> Any:
        node = min(ready, key=lambda one: one.sequence_nr)
        ready.remove(node)
        return node

    walk(roots, run_node, take=take)


@fault(
    "leaves-at-the-end",
    exercise=WALK,
    part="run_backward",
    help="A leaf that is complete comes before all other nodes: its sequence_nr says so, without a special case.",
)
def leaves_at_the_end(roots: Any, run_node: Any) -> None:
    def take(ready: list[Any]) -> Any:
        node = max(ready, key=lambda one: (bool(one.edges), one.sequence_nr))
        ready.remove(node)
        return node

    walk(roots, run_node, take=take)


@fault(
    "a-heap-without-a-tie-breaker",
    exercise=WALK,
    part="run_backward",
    help="All leaves have the same sequence_nr, and nodes have no order: put a counter between number and node.",
)
def a_heap_without_a_tie_breaker(roots: Any, run_node: Any) -> None:
    heap: list[Any] = []

    def take(ready: list[Any]) -> Any:
        while ready:
            node = ready.pop(0)
            heappush(heap, (-node.sequence_nr, node))
        return heappop(heap)[1]

    waiting = counts(roots)
    arrived: dict[Any, list[Any]] = {}
    for node, slot, gradient in roots:
        put(arrived.setdefault(node, [None] * node.outputs), slot, gradient)
    ready = [node for node in arrived if not waiting[node]]
    while ready or heap:
        node = take(ready)
        for below, slot, gradient in zip(node.edges, node.slots, run_node(node, arrived.pop(node)) or (), strict=False):
            if below is None:
                continue
            put(arrived.setdefault(below, [None] * below.outputs), slot, gradient)
            waiting[below] -= 1
            if not waiting[below]:
                ready.append(below)


@fault(
    "one-walk-for-each-root",
    exercise=WALK,
    part="run_backward",
    help="All roots belong to one walk: what they share runs once, when the gradients of all of them are there.",
)
def one_walk_for_each_root(roots: Any, run_node: Any) -> None:
    for root in roots:
        walk([root], run_node)


@fault(
    "only-the-first-root",
    exercise=WALK,
    part="run_backward",
    help="backward() of several losses hands you several roots: start at all of them.",
)
def only_the_first_root(roots: Any, run_node: Any) -> None:
    walk(roots[:1], run_node)


@fault(
    "roots-in-a-dictionary",
    exercise=WALK,
    part="run_backward",
    help="The same node may be a root twice, and both gradients count: add them instead of overwriting one.",
)
def roots_in_a_dictionary(roots: Any, run_node: Any) -> None:
    walk(list({node: (node, slot, gradient) for node, slot, gradient in roots}.values()), run_node)


@fault(
    "counts-along-paths",
    exercise=WALK,
    part="run_backward",
    help="You wait for more gradients than come: count each edge once, not once for each path that leads to it.",
)
def counts_along_paths(roots: Any, run_node: Any) -> None:
    found = dict.fromkeys([node for node, _, _ in roots], 0)
    waiting = list(found)
    while waiting:
        for below in waiting.pop().edges:
            if below is not None:
                found[below] = found.get(below, 0) + 1
                if found[below] <= 2:
                    waiting.append(below)
    walk(roots, run_node, waiting=found)


@fault(
    "leaves-are-no-roots",
    exercise=WALK,
    part="run_backward",
    help="backward() of a leaf starts at its end, a node without edges: run it too.",
)
def leaves_are_no_roots(roots: Any, run_node: Any) -> None:
    inner = [root for root in roots if root[0].edges]
    walk(inner, run_node)
