"""The way back of group norm: as in torch, mean and 1 / deviation are results of the node, too.

A recorded backward pass uses them, so what is recorded leads back to the node by way of its second
and third result, which nobody else ever sees.
"""

from __future__ import annotations

import math
import weakref
from typing import Any

from course.nptorch.math import held, reshape
from course.nptorch.nn.normal import Stats, norm_input
from course.nptorch.record import OpNode


class NativeGroupNormBackward0(OpNode):
    """The node of group norm: its rules take the list of the gradients of its three results."""

    __slots__ = ()
    outputs = 3

    def apply(self, gradients: list[Any], runs: Any = None) -> Any:
        none = all(g is None for g in gradients)
        return super().apply([None if none else gradients], runs)


def found_results(mean: Any, rstd: Any, stats: Stats, node: weakref.ref[OpNode]) -> tuple[Any, Any]:
    """Return what was found, as it broadcasts to the groups: Tensors with their history as results of `node`."""
    if hasattr(mean, "_data"):
        mean, rstd = mean.attached_alias(node(), 1), rstd.attached_alias(node(), 2)
    return reshape(mean, stats.mean.shape), reshape(rstd, stats.rstd.shape)


def group_input(
    g: list[Any], x: Any, weight: Any, found: tuple[Any, Any], stats: Stats, grouped: tuple[int, ...]
) -> Any:
    """Return the gradient of the input, given one (or None) of the result, of the mean and of 1 / deviation.

    The last two count together or not at all, as in torch.
    """
    shape, (mean, rstd) = tuple(x.shape), found
    whole, x = x, reshape(x, grouped)
    parts = [] if g[0] is None else [norm_input(reshape(g[0], grouped), x, weight, stats, found)]
    if g[1] is not None and g[2] is not None:
        n = math.prod(grouped[axis] for axis in stats.axes)
        of_mean, of_rstd = reshape(g[1], mean.shape), reshape(g[2], rstd.shape)
        parts.append((of_mean - of_rstd * rstd * rstd * rstd * (x - mean)) / n)
    return held(reshape(sum(parts[1:], parts[0]), shape), g[0], whole) if parts else None
