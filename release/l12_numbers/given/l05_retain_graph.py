"""Lesson 5: what the graph keeps for backward, and when it lets go."""

from __future__ import annotations

from typing import Any

import course.nptorch as torch


class SavedTensor:
    """What a node keeps of one tensor until its backward has run.

    Parameters
    ----------
    value : Tensor or number
        What the rule will need: an input of the operation, or its output.
    is_output : bool
        Whether `value` is the output of the node that keeps it. The output points to the node
        (``output.grad_fn``), so a node that points back at its output forms a cycle, and then
        nothing of it is freed when the last name for it goes away.

    Attributes
    ----------
    version : int
        ``value._version`` at the time of saving (0 for a number); lesson 6 compares it.
    """

    __slots__ = ("released", "value", "version")

    def __init__(self, value: Any, is_output: bool = False) -> None:
        self.version = getattr(value, "_version", 0)
        self.value = value.detach() if is_output else value
        self.released = False

    def unpack(self) -> Any:
        """Return what was kept.

        Raises
        ------
        RuntimeError
            With the text ``torch.autograd.graph.SECOND_TIME``, once `release` was called.
        """
        if self.released:
            raise RuntimeError(torch.autograd.graph.SECOND_TIME)
        return self.value

    def release(self) -> None:
        """Let go of what was kept; a second call changes nothing."""
        self.value = None
        self.released = True


def release_saved(node: Any, retain_graph: bool) -> None:
    """Free what one node kept; called right after the backward of each node that kept something.

    Parameters
    ----------
    node : Node
        ``node.saved()`` is the tuple of its `SavedTensor` objects.
    retain_graph : bool
        Whether the user asked to keep everything for another pass.
    """
    if not retain_graph:
        for saved in node.saved():
            saved.release()


def saved_bytes(tensor: Any) -> int:
    """Return how many bytes the graph behind `tensor` keeps for a backward pass.

    Walks from ``tensor.grad_fn`` along ``node.next_functions``, pairs of a node (or None)
    and a number, iteratively, each node once. Counts ``value.nbytes`` of the Tensors that
    the `SavedTensor` objects in ``node.saved()`` still hold; for one that was released,
    ``unpack()`` raises RuntimeError. Memory that several of them share counts once: the
    largest at each address (``value.data_ptr()``). Plain numbers count nothing. A tensor
    without a ``grad_fn`` has no graph behind it: 0.
    """
    alive: dict[int, int] = {}
    seen = set()
    stack = [tensor.grad_fn]
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        stack += [below for below, _ in node.next_functions]
        for saved in node.saved():
            try:
                value = saved.unpack()
            except RuntimeError:
                continue  # released
            if isinstance(value, torch.Tensor):
                address = value.data_ptr()
                alive[address] = max(alive.get(address, 0), value.nbytes)
    return sum(alive.values())
