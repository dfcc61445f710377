"""Lesson 2 otherwise: other containers, other ways to know when a node is complete."""

from __future__ import annotations

import bisect
import itertools
from collections import Counter, defaultdict, deque
from queue import PriorityQueue
from typing import Any

import course.nptorch as torch
from autograder.alternatives.registry import alternative


@alternative("make_grads", "a function for one output")
def starts_one_by_one(outputs: Any, gradients: Any) -> Any:
    def start(output: Any, gradient: Any) -> Any:
        if gradient is None:
            if (output.requires_grad and output.numel() > 1) or (output.requires_grad and output.numel() == 0):
                raise RuntimeError("grad can be implicitly created only for scalar outputs")
            return torch.ones_like(output) if output.requires_grad else None
        if not isinstance(gradient, torch.Tensor):
            raise TypeError(f"gradients can be either Tensors or None, but got {type(gradient).__name__}")
        if tuple(gradient.shape) != tuple(output.shape):
            raise RuntimeError(f"Mismatch in shape: {gradient.shape}, {output.shape}")
        return gradient

    return [start(output, gradient) for output, gradient in zip(outputs, gradients, strict=False)]


@alternative("make_grads", "checked first, made afterwards")
def starts_checked_first(outputs: Any, gradients: Any) -> Any:
    for index, (output, gradient) in enumerate(zip(outputs, gradients, strict=True)):
        match gradient:
            case None:
                if output.requires_grad and output.numel() != 1:
                    raise RuntimeError("grad can be implicitly created only for scalar outputs")
            case torch.Tensor():
                if gradient.shape != output.shape:
                    raise RuntimeError(f"Mismatch in shape: grad_output[{index}]")
            case _:
                raise TypeError("gradients can be either Tensors or None")
    made = list(gradients)
    for index, output in enumerate(outputs):
        if made[index] is None and output.requires_grad:
            made[index] = torch.ones(output.shape, dtype=output.dtype)
    return made


@alternative("count_consumers", "found first, counted afterwards")
def counts_in_two_rounds(roots: Any) -> Any:
    found: list[Any] = []
    waiting = deque(roots)
    seen = set()
    while waiting:
        node = waiting.popleft()
        if node in seen:
            continue
        seen.add(node)
        found.append(node)
        waiting.extend(below for below in node.edges if below is not None)
    counted = dict.fromkeys(found, 0)
    for below in itertools.chain.from_iterable(node.edges for node in found):
        if below is not None:
            counted[below] += 1
    return counted


@alternative("count_consumers", "with a Counter")
def counts_with_a_counter(roots: Any) -> Any:
    counted: Counter[Any] = Counter(dict.fromkeys(roots, 0))
    fresh = set(roots)
    while fresh:
        edges = [below for node in fresh for below in node.edges if below is not None]
        fresh = set(edges) - set(counted)
        counted.update(edges)
    return counted


@alternative("run_backward", "sorted beforehand")
def walk_sorted_beforehand(roots: Any, run_node: Any) -> None:
    """Nodes were recorded one after the other, so their numbers are an order, save that leaves come when complete."""
    missing = counts_in_two_rounds([node for node, _, _ in roots])
    gradients: dict[Any, list[Any]] = defaultdict(list)
    for node, slot, gradient in roots:
        gradients[node].append((slot, gradient))
    inner = sorted((node for node in missing if node.edges), key=lambda node: node.sequence_nr)

    def run(node: Any) -> Any:
        given: list[Any] = [None] * node.outputs
        for slot, gradient in gradients.pop(node, ()):
            if gradient is not None:
                given[slot] = gradient if given[slot] is None else given[slot] + gradient
        return run_node(node, given)

    for node in [one for one in gradients if not one.edges and not missing[one]]:
        run(node)
    while inner:
        node = inner.pop()
        if missing[node] > 0:  # somebody above did not go on
            continue
        sent = run(node)
        if sent is None:
            continue
        for below, slot, gradient in zip(node.edges, node.slots, sent, strict=True):
            if below is not None:
                gradients[below].append((slot, gradient))
                missing[below] -= 1
        for below in dict.fromkeys(node.edges):
            if below is not None and not below.edges and not missing[below]:
                run(below)


@alternative("run_backward", "with a priority queue")
def walk_with_a_queue(roots: Any, run_node: Any) -> None:
    missing = counts_with_a_counter([node for node, _, _ in roots])
    sums: dict[tuple[Any, int], Any] = {}
    queue: PriorityQueue[tuple[int, int, Any]] = PriorityQueue()
    ticket = itertools.count()

    def arrive(node: Any, slot: int, gradient: Any) -> None:
        before = sums.get((node, slot))
        if before is None or gradient is None:
            sums[node, slot] = gradient if before is None else before
        else:
            sums[node, slot] = before + gradient

    for node, slot, gradient in roots:
        arrive(node, slot, gradient)
    for node in dict.fromkeys(node for node, _, _ in roots):
        if missing[node] == 0:
            queue.put((-node.sequence_nr, next(ticket), node))
    while not queue.empty():
        _, _, node = queue.get()
        given = [sums.pop((node, slot), None) for slot in range(node.outputs)]
        sent = run_node(node, given)
        for position, gradient in enumerate(sent if sent is not None else ()):
            below = node.edges[position]
            if below is None:
                continue
            arrive(below, node.slots[position], gradient)
            missing[below] -= 1
            if missing[below] == 0:
                queue.put((-below.sequence_nr, next(ticket), below))


@alternative("run_backward", "kept sorted")
def walk_kept_sorted(roots: Any, run_node: Any) -> None:
    """The edges to each node are listed and struck off, instead of being counted."""
    every = list(counts_in_two_rounds([node for node, _, _ in roots]))
    above: dict[Any, list[Any]] = {node: [] for node in every}
    for node in every:
        for below in node.edges:
            if below is not None:
                above[below].append(node)
    given = {node: [None] * node.outputs for node in every}
    ready: list[Any] = []

    def add(node: Any, slot: int, gradient: Any) -> None:
        if gradient is not None:
            given[node][slot] = gradient if given[node][slot] is None else given[node][slot] + gradient

    def make_ready(node: Any) -> None:
        # From the right end is taken; among equals that is whoever was there first.
        ready.insert(bisect.bisect_left(ready, node.sequence_nr, key=lambda one: one.sequence_nr), node)

    for node, slot, gradient in roots:
        add(node, slot, gradient)
    for node in dict.fromkeys(node for node, _, _ in roots):
        if not above[node]:
            make_ready(node)
    while ready:
        node = ready.pop()
        sent = run_node(node, given.pop(node))
        if sent is None:
            continue
        for below, slot, gradient in zip(node.edges, node.slots, sent, strict=True):
            if below is not None:
                add(below, slot, gradient)
                above[below].remove(node)
                if not above[below]:
                    make_ready(below)


@alternative("accumulate_grad", "always a copy first")
def leaf_always_copies(leaf: Any, gradient: Any) -> None:
    if leaf.grad is None:
        leaf.grad = gradient.clone()
    elif not torch.is_grad_enabled():
        leaf.grad += gradient
    else:
        leaf.grad = leaf.grad + gradient


@alternative("accumulate_grad", "as a sum with nothing")
def leaf_adds_to_nothing(leaf: Any, gradient: Any) -> None:
    before = leaf.grad
    if before is not None and not torch.is_grad_enabled():
        before.add_(gradient)
        return
    leaf.grad = gradient * 1 if before is None else torch.add(before, gradient)
