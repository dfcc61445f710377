"""``torch.autograd.graph``: looking at the recorded graph, and at what it keeps.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/autograd.html#autograd-graph
"""

from __future__ import annotations

from typing import Any

from course.nptorch._tensor import Tensor
from course.nptorch.absent import nothing_else_in
from course.nptorch.autograd.edges import GradientEdge, get_gradient_edge
from course.nptorch.autograd.multi_hook import register_multi_grad_hook
from course.nptorch.autograd.saving import disable_saved_tensors_hooks, save_on_cpu, saved_tensors_hooks
from course.nptorch.graph import Node, owned
from course.nptorch.messages import SECOND_TIME

__all__ = [
    "SECOND_TIME",
    "GradientEdge",
    "Node",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "owned",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
]


def increment_version(tensor: Any) -> None:
    """Count a write to `tensor` that was made behind the engine's back."""
    for one in (tensor,) if isinstance(tensor, Tensor) else tensor:
        one._counter().bump()


__getattr__ = nothing_else_in("autograd.graph")
