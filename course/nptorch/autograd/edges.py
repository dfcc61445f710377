"""Where gradients go: the ends that `autograd.grad` and `backward` can be given besides Tensors.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.graph.GradientEdge
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.graph import Node, gradient_edge


class _Edge(NamedTuple):
    node: Node
    output_nr: int
    ownership_token: Node | None = None


class GradientEdge(_Edge):
    """A node and which of its outputs; it stands for a tensor that need not be there any more.

    Attributes
    ----------
    node : Node
        The node.
    output_nr : int
        Which of its outputs.
    ownership_token : Node or None
        Something to keep alive with the edge; not used.
    """

    form: Any = None  # shape and dtype of the tensor it stands for, where they are known


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """Return where the gradient of `tensor` goes.

    Raises
    ------
    RuntimeError
        If it does not require grad.
    """
    if not tensor.requires_grad:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    node, slot = gradient_edge(tensor)
    assert node is not None
    edge = GradientEdge(node, slot)
    edge.form = tensor._data.shape, tensor._data.dtype
    return edge


def as_end(end: Any, gradient: Any = None) -> Any:
    """Return a Tensor with the history that a `GradientEdge` stands for; Tensors stay.

    Parameters
    ----------
    end : Tensor or GradientEdge
        An output or an input of a backward pass.
    gradient : Tensor, optional
        The gradient given for it, which tells its form if the edge does not.
    """
    if not isinstance(end, GradientEdge):
        return end
    form = end.form
    if form is None and isinstance(gradient, Tensor):
        form = gradient._data.shape, gradient._data.dtype
    shape, dtype = form or ((0,), np.float32)
    return wrap(np.broadcast_to(np.zeros((), dtype), shape)).attached_alias(end.node, end.output_nr)


def refuse_unknown_form(end: Any, gradient: Any) -> None:
    """Refuse to make up a gradient for an edge that does not tell the form of its tensor.

    Raises
    ------
    NotImplementedError
        It says what to do instead.
    """
    if isinstance(end, GradientEdge) and end.form is None and gradient is None:
        raise NotImplementedError(
            "course.nptorch has no form for a GradientEdge made by hand: get it from "
            "torch.autograd.graph.get_gradient_edge, or give its gradient"
        )
