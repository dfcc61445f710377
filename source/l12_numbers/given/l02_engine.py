"""Lesson 2: the walk back through the graph, and where gradients end up."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

import course.nptorch as torch
from course.nptorch.graph import Node


def make_grads(outputs: tuple[Any, ...], gradients: tuple[Any, ...]) -> list[Any]:
    """Return the gradient with which the walk starts at each output.

    Parameters
    ----------
    outputs : tuple of Tensor
        Where the walk starts.
    gradients : tuple of Tensor or None
        What the caller passed for each output, in the same order. None: make it up, which means ones of
        the output's shape and dtype, if it has exactly one element.

    Returns
    -------
    list of Tensor or None
        One for each output: the gradient that was passed, as it is, or the one made up. None where
        nothing was passed for an output that does not require grad.

    Raises
    ------
    RuntimeError
        ``grad can be implicitly created only for scalar outputs``, where none can be made up; or
        ``Mismatch in shape: ...``, where the one that was passed has not the shape of its output.
    TypeError
        If a gradient is neither a Tensor nor None.
    """
    made: list[Any] = []
    for index, (output, gradient) in enumerate(zip(outputs, gradients, strict=True)):
        if isinstance(gradient, torch.Tensor):
            if gradient.shape != output.shape:
                raise RuntimeError(
                    f"Mismatch in shape: grad_output[{index}] has a shape of {gradient.shape} and "
                    f"output[{index}] has a shape of {output.shape}."
                )
            made.append(gradient)
        elif gradient is not None:
            raise TypeError(f"gradients can be either Tensors or None, but got {type(gradient).__name__}")
        elif not output.requires_grad:
            made.append(None)
        elif output.numel() != 1:
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
        else:
            made.append(torch.ones_like(output))
    return made


def count_consumers(roots: list[Node]) -> dict[Node, int]:
    """Return, for each node that can be reached from `roots`, how many edges lead to it.

    A node is complete when this many gradients have arrived.

    Parameters
    ----------
    roots : list of Node
        Where the walk starts; the same node may stand in it twice.

    Returns
    -------
    dict of Node to int
        The roots are in it as well, with 0 if no edge that can be reached leads to them.
    """
    consumers = dict.fromkeys(roots, 0)
    stack = list(consumers)
    while stack:
        for below in stack.pop().edges:
            if below is None:
                continue
            if below in consumers:
                consumers[below] += 1
            else:
                consumers[below] = 1
                stack.append(below)
    return consumers


def run_backward(roots: list[tuple[Node, int, Any]], run_node: Callable[[Node, list[Any]], Any]) -> None:
    """Walk the graph from the roots; run each node once, when all its gradients have arrived.

    Of the nodes that are complete, the one with the highest ``sequence_nr`` runs first: the one
    that was recorded last, and leaves before all others. Among equals, the first to be complete.

    Parameters
    ----------
    roots : list of (Node, int, gradient)
        Where the walk starts: a node, which of its outputs, the gradient of that output.
    run_node : function
        ``run_node(node, gradients)`` takes one gradient (or None) per output of the node, and
        returns one (or None) per edge; or None where the walk does not go on from that node.
    """
    waiting = count_consumers([node for node, _, _ in roots])
    arrived: dict[Node, list[Any]] = {}
    ready: list[tuple[int, int, Node]] = []  # a heap; the second number settles ties
    turn = 0
    held: list[Any] | None
    for node, slot, gradient in roots:
        held = arrived.setdefault(node, [None] * node.outputs)
        held[slot] = gradient if held[slot] is None else held[slot] + gradient
    for node in arrived:
        if not waiting[node]:
            heappush(ready, (-node.sequence_nr, turn := turn + 1, node))
    while ready:
        node = heappop(ready)[2]
        gradients = run_node(node, arrived.pop(node))
        if gradients is None:
            continue
        for below, slot, gradient in zip(node.edges, node.slots, gradients):  # noqa: B905 - runs often
            if below is None:
                continue
            held = arrived.get(below)
            if held is None:
                held = arrived[below] = [None] * below.outputs if below.outputs > 1 else [None]
            before = held[slot]
            if before is None:
                held[slot] = gradient
            elif gradient is not None:
                # a new sum, never +=: what is held may be the gradient of another tensor as well
                held[slot] = before + gradient
            left = waiting[below] = waiting[below] - 1
            if not left:
                turn += 1
                heappush(ready, (-below.sequence_nr, turn, below))
        gradients = gradient = None  # let go of them: the next node may be the only one to hold one


def accumulate_grad(leaf: Any, gradient: Any) -> None:
    """Add `gradient` into ``leaf.grad``.

    Parameters
    ----------
    leaf : Tensor
        A leaf that requires grad; its ``.grad`` is None or what earlier gradients added up to.
    gradient : Tensor
        What arrived, of the leaf's shape and dtype. Others may have been given the same memory, so it is
        never written to, and ``leaf.grad`` never shares memory with it. (Only where
        ``torch.autograd.graph.owned(gradient)`` is true nobody else has it, and a copy may be saved.)

    Notes
    -----
    Who kept the old ``leaf.grad`` sees what is added to it. The exception: while the backward pass is
    recorded itself, which ``torch.is_grad_enabled()`` tells, a new tensor takes the place of the old one.
    """
    if leaf.grad is None:
        leaf.grad = gradient if torch.autograd.graph.owned(gradient) else gradient.clone()
    elif torch.is_grad_enabled():
        leaf.grad = leaf.grad + gradient
    else:
        leaf.grad.add_(gradient)
