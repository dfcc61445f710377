"""A node that several tensors pass through unchanged, so that their gradients can be met there."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.graph import Node, gradient_edge
from course.nptorch.views import as_view

NAME = "BackwardHookFunction"  # torch's name of it


class Passage(Node):
    """The identity of several tensors at once.

    Attributes
    ----------
    forms : list of (shape, dtype)
        Of the tensors: a gradient that is missing is handed on as zeros.
    """

    __slots__ = ("forms", "outputs")
    forms: list[tuple[Any, Any]]

    def apply(self, gradients: list[Any]) -> list[Any]:
        recorded = any(isinstance(g, Tensor) for g in gradients)
        zeros = [np.zeros(*form) if g is None else g for g, form in zip(gradients, self.forms, strict=True)]
        return [wrap(g) if recorded and not isinstance(g, Tensor) else g for g in zeros]

    def name(self) -> str:
        return f"{NAME}Backward"


def passage(tensors: list[Tensor]) -> list[Tensor]:
    """Return views of `tensors` that share one node; those without gradients stay without.

    The views must not be changed in place: the node would be bypassed.
    """
    edges = [gradient_edge(x) if x.requires_grad else (None, 0) for x in tensors]
    node = Passage(tuple(edge for edge, _ in edges), tuple(slot for _, slot in edges))
    node.outputs = len(tensors)
    node.forms = [(x._data.shape, x._data.dtype) for x in tensors]
    through = []
    made = "several" if sum(x.requires_grad for x in tensors) > 1 else "function"
    for slot, x in enumerate(tensors):
        view = wrap(x._array)
        if x.requires_grad:
            view._grad_fn, view._output_nr = node, slot
            as_view(x, view, lambda t: t)._made = made
        else:
            view._version_counter = x._counter()
        through.append(view)
    return through
