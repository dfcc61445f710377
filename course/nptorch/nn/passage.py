"""A node that several tensors pass through unchanged, so that their gradients can be met there."""

from __future__ import annotations

from typing import Any

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.graph import Node, gradient_edge

NODE_NAME = "BackwardHookFunctionBackward"


class Passage(Node):
    """The identity of several tensors at once."""

    __slots__ = ("outputs",)

    def apply(self, gradients: list[Any]) -> list[Any]:
        return list(gradients)

    def name(self) -> str:
        return NODE_NAME


def passage(tensors: list[Tensor]) -> list[Tensor]:
    """Return views of `tensors` that share one node; those without gradients stay without.

    The views must not be changed in place: the node would be bypassed.
    """
    edges = [gradient_edge(x) if x.requires_grad else (None, 0) for x in tensors]
    node = Passage(tuple(edge for edge, _ in edges), tuple(slot for _, slot in edges))
    node.outputs = len(tensors)
    through = []
    for slot, x in enumerate(tensors):
        view = wrap(x._array)
        view._version_counter = x._counter()
        if x.requires_grad:
            view._grad_fn, view._output_nr = node, slot
        through.append(view)
    return through
