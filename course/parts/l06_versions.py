"""Lesson 6: who changed the memory, and whose history that is now."""

from __future__ import annotations

import re
from typing import Any

from course.nptorch import messages
from course.nptorch.graph import Node, gradient_edge, hooks_of
from course.nptorch.views import scatter, see, view_node


class VersionCounter:
    """Counts the writes to one piece of memory.

    One object is shared by a tensor, its views and what `detach` returns, so a write through any
    of them is seen by all. ``.data`` and ``clone()`` start a counter of their own.
    """

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def bump(self) -> None:
        """Count one write."""
        self.value += 1


def check_version(saved_version: int, value: Any, node: Any, is_output: bool) -> None:
    """Refuse a saved tensor that was written to since it was saved.

    Parameters
    ----------
    saved_version : int
        ``value._version`` at the time of saving.
    value : Tensor
        What was saved.
    node : Node
        The node that saved it.
    is_output : bool
        Whether `value` is the output of that node.

    Raises
    ------
    RuntimeError
        ``one of the variables needed for gradient computation has been modified by an inplace
        operation``, with type, shape and both versions.
    """
    if value._version == saved_version:
        return
    maker = node if is_output else value.grad_fn
    which = ""
    if maker is not None:
        name = re.sub(r"Backward\d*$", "", maker.name())
        which = f", which is output 0 of {name},"  # torch says 0 whichever it is
    raise RuntimeError(
        messages.MODIFIED.format(
            type=value.dtype.tensor_type,
            shape=list(value.shape),
            which=which,
            now=value._version,
            saved=saved_version,
        )
    )


class HeldOperation:
    """What `CopySlices` keeps: the operation that overwrote the view, until it is released.

    Only this hold on it is given up. What the operation itself kept stays as long as somebody else
    leads to it, such as the graph of a gradient that was taken with ``create_graph``.
    """

    __slots__ = ("operation",)

    def __init__(self, operation: Node) -> None:
        self.operation: Any = operation

    def unpack(self) -> Any:
        """Return the operation."""
        if self.operation is None:
            raise RuntimeError(messages.SECOND_TIME)
        return self.operation

    def release(self) -> None:
        """Let go of it."""
        self.operation = None


class CopySlices(Node):
    """History of a base tensor after one of its views was changed in place.

    The gradient of the base goes on to what the base was before, except for the elements of the
    view: theirs goes through the operation that overwrote them.
    """

    __slots__ = ("base_shape", "held", "replay")

    def __init__(self, base: Any, replay: Any, operation: Node) -> None:
        edge, slot = gradient_edge(base)
        super().__init__((edge, *operation.edges[1:]), (slot, *operation.slots[1:]))
        self.held = HeldOperation(operation)
        self.replay = replay
        self.base_shape = tuple(base.shape)

    def apply(self, gradients: list[Any]) -> list[Any]:
        g = gradients[0]
        if g is None:
            return [None] * len(self.edges)
        operation = self.held.unpack()
        inside = see(g, self.replay)
        below, *others = operation.apply([inside])
        if below is None:  # only a Function may say so, and torch takes it for the whole base
            return [None, *others]
        return [scatter(below, self.base_shape, self.replay, onto=g), *others]

    def saved(self) -> tuple[Any, ...]:
        return (self.held,)

    def name(self) -> str:
        return "torch::autograd::CopySlices"


def rebase_history(tensor: Any, operation: Node) -> None:
    """Make `operation`, which has just written to `tensor`, the history of that memory.

    For a view it is the base that gets the new history; the view and its sisters read theirs off
    the base again (`refresh_view`).
    """
    base = tensor._base
    if base is not None:
        rebase_history(base, CopySlices(base, tensor._replay, operation))
        _ = tensor.grad_fn  # read off at once, so that it has its place in the order of recording
        return
    _set_history(tensor, operation)
    tensor._requires_grad = False


def _set_history(tensor: Any, node: Node | None) -> None:
    """Make `node` the maker of `tensor`.

    Hooks stay with the value they were put on; only `retain_grad` means the newest value.
    """
    before = tensor._grad_fn
    if before is not None and before.hooks is not None and node is not None:
        held = before.hooks.retained.pop(tensor._output_nr, None)
        if held is not None:
            hooks_of(node).retained[0] = held
    tensor._grad_fn = node
    tensor._output_nr = 0


def refresh_view(view: Any) -> None:
    """Give a view the history it has through its base, if the memory was written to since.

    Raises
    ------
    RuntimeError
        If the view was made in a way that does not allow this (under no_grad, or as one of
        several views made by one operation).
    """
    base = view._base
    now = base._version
    if view._seen_version == now or (view._grad_fn is None and not base.requires_grad):
        return
    if view._made:
        raise RuntimeError(messages.view_of_changed_base(view))
    _set_history(view, view_node(view))
    view._seen_version = now
