"""Lesson 5, written otherwise: kept in a cell, behind a function, or until a sentinel; walks by queue."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from typing import Any

import course.nptorch as torch
from autograder.alternatives.registry import alternative

GONE = object()


def _refuse() -> Any:
    raise RuntimeError(torch.autograd.graph.SECOND_TIME)


@alternative(part="SavedTensor", how="a function that is swapped for one that refuses")
class KeptBehindAFunction:
    unpack: Callable[[], Any]

    def __init__(self, value: Any, is_output: bool = False) -> None:
        number = not isinstance(value, torch.Tensor)
        self.version = 0 if number else value._version
        what = value.detach() if is_output and not number else value
        self.unpack = lambda: what

    def release(self) -> None:
        self.unpack = _refuse


@alternative(part="SavedTensor", how="a list that is emptied")
class KeptInACell:
    def __init__(self, value: Any, is_output: bool = False) -> None:
        self.cell = [value.detach() if is_output else value]
        try:
            self.version = value._version
        except AttributeError:
            self.version = 0

    def unpack(self) -> Any:
        try:
            return self.cell[0]
        except IndexError:
            raise RuntimeError(torch.autograd.graph.SECOND_TIME) from None

    def release(self) -> None:
        self.cell.clear()


@alternative(part="SavedTensor", how="a sentinel in place of the value")
class KeptUntilGone:
    def __init__(self, value: Any, is_output: bool = False) -> None:
        self.value = value
        self.version = 0
        if isinstance(value, torch.Tensor):
            self.version = value._version
            if is_output:
                self.value = value.detach()

    def unpack(self) -> Any:
        return _refuse() if self.value is GONE else self.value

    def release(self) -> None:
        self.value = GONE


@alternative(part="release_saved", how="return early, then a queue of no length")
def release_early(node: Any, retain_graph: bool) -> None:
    if retain_graph:
        return
    deque((kept.release() for kept in node.saved()), maxlen=0)


@alternative(part="release_saved", how="backwards, over nothing if retained")
def release_backwards(node: Any, retain_graph: bool) -> None:
    kept = [] if retain_graph else list(node.saved())
    while kept:
        kept.pop().release()


def _tensors(node: Any) -> Iterator[Any]:
    for kept in node.saved():
        try:
            value = kept.unpack()
        except RuntimeError:
            value = None
        if hasattr(value, "data_ptr"):
            yield value


@alternative(part="saved_bytes", how="a queue, and sizes listed by address")
def bytes_by_queue(tensor: Any) -> int:
    sizes: dict[int, list[int]] = defaultdict(list)
    queue = deque([tensor.grad_fn] if tensor.grad_fn is not None else [])
    met = {id(node) for node in queue}
    while queue:
        node = queue.popleft()
        for value in _tensors(node):
            sizes[value.data_ptr()].append(value.nbytes)
        for below, _ in node.next_functions:
            if below is not None and id(below) not in met:
                met.add(id(below))
                queue.append(below)
    return sum(max(listed) for listed in sizes.values())


@alternative(part="saved_bytes", how="one generation of nodes after the other")
def bytes_by_generation(tensor: Any) -> int:
    known: set[Any] = set()
    generation = {tensor.grad_fn} - {None}
    while generation:
        known |= generation
        generation = {below for node in generation for below, _ in node.next_functions} - known - {None}
    pairs = {(value.data_ptr(), value.numel() * value.element_size()) for node in known for value in _tensors(node)}
    total, last = 0, None
    for address, size in sorted(pairs, reverse=True):  # the largest of an address comes first
        if address != last:
            total += size
        last = address
    return total
