"""``torch.autograd.graph``: looking at the recorded graph, and at what it keeps.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/autograd.html#autograd-graph
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, NamedTuple

from course.nptorch._tensor import Tensor
from course.nptorch.autograd.multi_hook import register_multi_grad_hook
from course.nptorch.grad_mode import mode
from course.nptorch.graph import Node, gradient_edge
from course.nptorch.messages import SECOND_TIME

__all__ = [
    "SECOND_TIME",
    "GradientEdge",
    "Node",
    "get_gradient_edge",
    "increment_version",
    "register_multi_grad_hook",
    "saved_tensors_hooks",
]


class saved_tensors_hooks:  # noqa: N801 - torch's own name
    """Inside, saved tensors go through a pair of functions on their way in and out.

    Parameters
    ----------
    pack_hook : function
        Gets each Tensor when it is saved; what it returns is kept instead.
    unpack_hook : function
        Gets what was kept, at every use; must return a Tensor of the same content.
    """

    def __init__(self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]) -> None:
        self.pair = pack_hook, unpack_hook

    def __enter__(self) -> None:
        mode.saving = (*mode.saving, self.pair)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        mode.saving = mode.saving[:-1]


class GradientEdge(NamedTuple):
    """Where a gradient goes: a node, and which of its outputs."""

    node: Node
    output_nr: int


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
    return GradientEdge(node, slot)


def increment_version(tensor: Any) -> None:
    """Count a write to `tensor` that was made behind the engine's back."""
    for one in (tensor,) if isinstance(tensor, Tensor) else tensor:
        one._counter().bump()
