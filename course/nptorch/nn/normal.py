"""Normalisation: to mean 0 and variance 1 along some axes, then a scale and a shift.

The same formulas serve batch norm and layer norm, arrays and Tensors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from course.nptorch.math import reshape, sum_over
from course.nptorch.nn.lifted import constant


@dataclass(frozen=True, slots=True)
class Stats:
    """What was found along the axes that are normalised.

    Attributes
    ----------
    axes : tuple of int
        Axes over which mean and variance are taken.
    affine : tuple of int
        Shape in which weight and bias broadcast to the input.
    repeated : tuple of int
        Axes along which they are repeated.
    shape : tuple of int
        Shape of weight and bias.
    mean, rstd : numpy.ndarray
        Mean and 1 / standard deviation, with extent 1 along `axes`.
    eps : float
        Added to the variance.
    fixed : bool
        Whether mean and variance were given, so that no gradient flows through them.
    """

    axes: tuple[int, ...]
    affine: tuple[int, ...]
    repeated: tuple[int, ...]
    shape: tuple[int, ...]
    mean: Any
    rstd: Any
    eps: float
    fixed: bool


def moments(x: Any, stats: Stats) -> tuple[Any, Any]:
    """Return mean and 1 / standard deviation; computed anew from a Tensor, so as to be recorded."""
    if stats.fixed or not hasattr(x, "_data"):
        return constant(stats.mean, x), constant(stats.rstd, x)
    n = math.prod(x.shape[d] for d in stats.axes)
    mean = sum_over(x, stats.axes) / n
    variance = sum_over((x - mean) * (x - mean), stats.axes) / n
    return mean, (variance + stats.eps) ** -0.5


def standard(x: Any, stats: Stats, found: tuple[Any, Any] | None = None) -> Any:
    """Return `x` with mean 0 and variance 1."""
    mean, rstd = found or moments(x, stats)
    return (x - mean) * rstd


def norm_input(g: Any, x: Any, weight: Any, stats: Stats, found: tuple[Any, Any] | None = None) -> Any:
    """Return the gradient of the input; `found` are mean and 1 / standard deviation, if they are known.

    In training, moving one element moves mean and variance too: what `g` has in common with all
    elements, and with their deviations, falls out.
    """
    if weight is not None:
        g = g * reshape(weight, stats.affine)
    mean, rstd = found or moments(x, stats)
    if stats.fixed:
        return g * rstd
    n = math.prod(x.shape[d] for d in stats.axes)
    deviation = (x - mean) * rstd
    shared = sum_over(g, stats.axes) + deviation * sum_over(g * deviation, stats.axes)
    return (g - shared / n) * rstd


def affine_sum(g: Any, stats: Stats) -> Any:
    """Sum a gradient over the axes along which weight and bias are repeated."""
    summed = g.sum(axis=stats.repeated) if stats.repeated else g
    return reshape(summed, stats.shape)
