"""Lesson 6, written otherwise: counters that are lists, a node that is its own hold, gradients by index."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

import course.nptorch as torch
from autograder.alternatives.registry import alternative
from course.nptorch import messages
from course.nptorch.graph import Node, gradient_edge
from course.nptorch.views import scatter, see, view_node

# --- counting and checking --------------------------------------------------------------------------


@alternative(part="VersionCounter", how="a list of writes and its length")
class ListOfWrites:
    def __init__(self) -> None:
        self.writes: list[None] = []

    @property
    def value(self) -> int:
        return len(self.writes)

    def bump(self) -> None:
        self.writes.append(None)


@alternative(part="VersionCounter", how="itertools.count")
class Ticket:
    def __init__(self) -> None:
        self.tickets = itertools.count()
        self.bump()

    def bump(self) -> None:
        self.value = next(self.tickets)


@alternative(part="check_version", how="the message put together piece by piece")
def check_by_pieces(saved_version: int, value: Any, node: Any, is_output: bool) -> None:
    now = value._version
    if now != saved_version:
        words = messages.MODIFIED.replace("{type}", value.dtype.tensor_type).replace("{shape}", f"{[*value.shape]}")
        if is_output:
            made = f", which is output 0 of {messages.short_name(node)},"
        elif value.grad_fn is not None:
            made = f", which is output {value.output_nr} of {messages.short_name(value.grad_fn)},"
        else:
            made = ""
        raise RuntimeError(
            words.replace("{which}", made).replace("{now}", str(now)).replace("{saved}", str(saved_version))
        )


@alternative(part="check_version", how="by looking at the difference, helped by two functions")
def check_by_difference(saved_version: int, value: Any, node: Any, is_output: bool) -> None:
    writes = value._version - saved_version
    if writes:
        raise RuntimeError(_words(saved_version, writes, value, _maker(value, node, is_output)))


def _maker(value: Any, node: Any, is_output: bool) -> str:
    maker, number = (node, 0) if is_output else (value.grad_fn, value.output_nr)
    return "" if maker is None else f", which is output {number} of {messages.short_name(maker)},"


def _words(saved: int, writes: int, value: Any, which: str) -> str:
    shape = list(value.shape)
    return messages.MODIFIED.format(
        type=value.dtype.tensor_type, shape=shape, which=which, now=saved + writes, saved=saved
    )


# --- history in place -------------------------------------------------------------------------------


def _adopt(tensor: Any, node: Any) -> None:
    """Make `node` the maker of a tensor; what retain_grad asked for moves on to it."""
    old = tensor._grad_fn
    if old is not None and old.hooks is not None and tensor._output_nr in old.hooks.retained:
        from course.nptorch.graph import hooks_of

        hooks_of(node).retained[0] = old.hooks.retained.pop(tensor._output_nr)
    tensor.__dict__.update(_grad_fn=node, _output_nr=0)


class Patched(Node):
    """A base after a write to one of its views; the node itself is what it holds and lets go of."""

    __slots__ = ("operation", "replay", "shape")

    def __init__(self, base: Any, view: Any, operation: Any) -> None:
        pairs = [gradient_edge(base), *zip(operation.edges[1:], operation.slots[1:], strict=True)]
        super().__init__(tuple(edge for edge, _ in pairs), tuple(slot for _, slot in pairs))
        self.operation, self.replay, self.shape = operation, view._replay, base._data.shape

    def unpack(self) -> Any:
        if self.operation is None:
            raise RuntimeError(messages.SECOND_TIME)
        return self.operation

    def release(self) -> None:
        self.operation = None

    def saved(self) -> tuple[Any, ...]:
        return (self,)

    def name(self) -> str:
        return "torch::autograd::CopySlices"

    def apply(self, gradients: list[Any]) -> list[Any]:
        (whole,) = gradients
        if whole is None:
            return [None for _ in self.edges]
        part = see(whole, self.replay)
        before, *others = self.unpack().apply([part])
        if before is not None:
            blank = torch.zeros_like(part) if isinstance(part, torch.Tensor) else np.zeros_like(part)
            holed = scatter(blank, self.shape, self.replay, onto=whole)
            before = holed + scatter(before, self.shape, self.replay)
        return [before, *others]


@alternative(part="rebase_history", how="the base first; a node that holds itself, and fills a hole")
def rebase_base_first(tensor: Any, operation: Any) -> None:
    owner, node = tensor, operation
    if tensor._is_view():
        owner = tensor._base
        node = Patched(owner, tensor, operation)
    _adopt(owner, node)
    owner._requires_grad = False


class Kept:
    """Something that is held until it is released."""

    def __init__(self, thing: Any) -> None:
        self.things = [thing]

    def unpack(self) -> Any:
        if not self.things:
            raise RuntimeError(messages.SECOND_TIME)
        return self.things[-1]

    def release(self) -> None:
        self.things = []


class ByIndex(Node):
    """A base after a write to some of its elements, which are known by their flat index."""

    def __init__(self, base: Any, view: Any, operation: Any) -> None:
        edge, slot = gradient_edge(base)
        super().__init__((edge, *operation.edges[1:]), (slot, *operation.slots[1:]))
        self.hold = Kept(operation)
        self.index = see(np.arange(base._data.size).reshape(base._data.shape), view._replay)

    def saved(self) -> tuple[Any, ...]:
        return (self.hold,)

    def name(self) -> str:
        return "torch::autograd::CopySlices"

    def apply(self, gradients: list[Any]) -> list[Any]:
        g = gradients[0]
        if g is None:
            return [None] * len(self.edges)
        recorded = isinstance(g, torch.Tensor)
        flat = g.reshape(-1)
        index = torch.tensor(self.index) if recorded else self.index
        before, *others = self.hold.unpack().apply([flat[index]])
        if before is None:
            return [None, *others]
        recorded = recorded or isinstance(before, torch.Tensor)
        if not recorded:
            below = np.array(flat)
            below[index] = before
            return [below.reshape(g.shape), *others]
        below = (flat if isinstance(flat, torch.Tensor) else torch.tensor(flat)).clone()
        below[torch.tensor(self.index)] = before if isinstance(before, torch.Tensor) else torch.tensor(before)
        return [below.reshape(g.shape), *others]


@alternative(part="rebase_history", how="by flat indices")
def rebase_by_index(tensor: Any, operation: Any) -> None:
    if tensor._base is None:
        _adopt(tensor, operation)
        tensor._requires_grad = False
        return
    rebase_by_index(tensor._base, ByIndex(tensor._base, tensor, operation))
    tensor.requires_grad  # noqa: B018 - the view finds out when it is asked


# --- history of views -------------------------------------------------------------------------------


@alternative(part="refresh_view", how="by the view's own version, turned round")
def refresh_by_own_version(view: Any) -> None:
    fresh = view._version
    if fresh != view._seen_version and (view._grad_fn is not None or view._base.requires_grad):
        if view._made != "":
            raise RuntimeError(messages.view_of_changed_base(view))
        _adopt(view, view_node(view))
        view._seen_version = fresh


@alternative(part="refresh_view", how="question after question")
def refresh_question_by_question(view: Any) -> None:
    if view._base._version == view._seen_version:
        return
    tracked = view._base.requires_grad
    if not tracked and view._grad_fn is None:
        return
    if view._made:
        raise RuntimeError(messages.view_of_changed_base(view))
    node = view_node(view)
    _adopt(view, node)
    view._seen_version += view._base._version - view._seen_version
