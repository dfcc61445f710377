"""Wrong ideas about the meter: what counts, and how often."""

from __future__ import annotations

from typing import Any

import course.nptorch as torch
from autograder.faults.registry import fault


def walk(root: Any) -> list[Any]:
    """Every node behind `root`, once: right in all faults that are not about the walk."""
    seen: dict[Any, None] = {}
    stack = [root]
    while stack:
        node = stack.pop()
        if node is not None and node not in seen:
            seen[node] = None
            stack += [below for below, _ in node.next_functions]
    return list(seen)


def alive(node: Any) -> list[Any]:
    """Tensors that a node still keeps: right in all faults that are not about them."""
    found = []
    for saved in node.saved():
        try:
            value = saved.unpack()
        except RuntimeError:
            continue
        if isinstance(value, torch.Tensor):
            found.append(value)
    return found


@fault(
    "counts-every-path",
    exercise="saved-bytes",
    part="saved_bytes",
    help="Remember which nodes you have seen: where two paths meet, a node is counted once for each path.",
)
def counts_every_path(tensor: Any) -> int:
    total, stack = 0, [tensor.grad_fn]
    while stack:
        node = stack.pop()
        if node is not None:
            total += sum(value.nbytes for value in alive(node))
            stack += [below for below, _ in node.next_functions]
    return total


@fault(
    "walks-every-path",
    exercise="saved-bytes",
    part="saved_bytes",
    help="Go on from each node once: without a set of seen nodes the work doubles where two paths meet.",
)
def walks_every_path(tensor: Any) -> int:
    memory: dict[int, int] = {}
    stack = [tensor.grad_fn]
    while stack:
        node = stack.pop()
        if node is not None:
            memory |= {value.data_ptr(): value.nbytes for value in alive(node)}
            stack += [below for below, _ in node.next_functions]
    return sum(memory.values())


@fault(
    "looks-at-one-node",
    exercise="saved-bytes",
    part="saved_bytes",
    help="Go on from the last node along next_functions: the whole graph behind the tensor counts.",
)
def looks_at_one_node(tensor: Any) -> int:
    return sum({value.data_ptr(): value.nbytes for value in alive(tensor.grad_fn)}.values())


@fault(
    "follows-the-first-input",
    exercise="saved-bytes",
    part="saved_bytes",
    help="A node has one entry in next_functions for each input: follow all of them, not only the first.",
)
def follows_the_first_input(tensor: Any) -> int:
    memory: dict[int, int] = {}
    node = tensor.grad_fn
    while node is not None:
        memory |= {value.data_ptr(): value.nbytes for value in alive(node)}
        node = node.next_functions[0][0] if node.next_functions else None
    return sum(memory.values())


@fault(
    "counts-shared-memory-twice",
    exercise="saved-bytes",
    part="saved_bytes",
    help="Two nodes may keep the same memory: count each address, value.data_ptr(), once.",
)
def counts_shared_memory_twice(tensor: Any) -> int:
    return sum(value.nbytes for node in walk(tensor.grad_fn) for value in alive(node))


@fault(
    "tells-tensors-apart-by-identity",
    exercise="saved-bytes",
    part="saved_bytes",
    help="Objects that share memory are counted apart: a view or detach() is another object; compare data_ptr().",
)
def tells_tensors_apart_by_identity(tensor: Any) -> int:
    found = [value for node in walk(tensor.grad_fn) for value in alive(node)]
    return sum({id(value): value.nbytes for value in found}.values())


@fault(
    "takes-the-last-at-an-address",
    exercise="saved-bytes",
    part="saved_bytes",
    help="A view may begin where its base begins: of two sizes at one address, count the larger.",
)
def takes_the_last_at_an_address(tensor: Any) -> int:
    found = [value for node in walk(tensor.grad_fn) for value in alive(node)]
    return sum({value.data_ptr(): value.nbytes for value in found}.values())


@fault(
    "counts-elements",
    exercise="saved-bytes",
    part="saved_bytes",
    help="Count bytes, not numbers: value.nbytes, which is numel() times the size of one element.",
)
def counts_elements(tensor: Any) -> int:
    found = [value for node in walk(tensor.grad_fn) for value in alive(node)]
    return sum({value.data_ptr(): value.numel() for value in found}.values())


@fault(
    "stumbles-over-freed-values",
    exercise="saved-bytes",
    part="saved_bytes",
    help="unpack() raises RuntimeError for what was released: catch it and count nothing for that value.",
)
def stumbles_over_freed_values(tensor: Any) -> int:
    memory: dict[int, int] = {}
    for node in walk(tensor.grad_fn):
        for saved in node.saved():
            value = saved.unpack()
            if isinstance(value, torch.Tensor):
                memory[value.data_ptr()] = value.nbytes
    return sum(memory.values())


@fault(
    "stumbles-over-numbers",
    exercise="saved-bytes",
    part="saved_bytes",
    help="A node may keep a plain number, which has no nbytes: count Tensors only.",
)
def stumbles_over_numbers(tensor: Any) -> int:
    memory: dict[int, int] = {}
    for node in walk(tensor.grad_fn):
        for saved in node.saved():
            try:
                value = saved.unpack()
            except RuntimeError:
                continue
            memory[value.data_ptr()] = value.nbytes
    return sum(memory.values())


@fault(
    "counts-the-result-too",
    exercise="saved-bytes",
    part="saved_bytes",
    help="Count what nodes keep, not the tensor you start from: that one is yours, whatever the graph does.",
)
def counts_the_result_too(tensor: Any) -> int:
    found = [value for node in walk(tensor.grad_fn) for value in alive(node)]
    return sum({value.data_ptr(): value.nbytes for value in [tensor, *found]}.values())


@fault(
    "walks-by-recursion",
    exercise="saved-bytes",
    part="saved_bytes",
    help="A graph is as deep as the training loop is long: walk it with a list of nodes, not by recursion.",
)
def walks_by_recursion(tensor: Any) -> int:
    memory: dict[int, int] = {}
    seen = set()

    def visit(node: Any) -> None:
        if node is None or node in seen:
            return
        seen.add(node)
        memory.update((value.data_ptr(), value.nbytes) for value in alive(node))
        for below, _ in node.next_functions:
            visit(below)

    visit(tensor.grad_fn)
    return sum(memory.values())
