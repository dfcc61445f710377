"""Wrong ideas about the gradients of sums and means."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograder.faults.registry import fault
from course.nptorch.math import expand, reshape

FOLDS = "sums-and-means"


def spread(g: Any, shape: Any, dim: Any) -> Any:
    """The right gradient of a sum, for faults in what is divided."""
    return expand(reshape(g, tuple(1 if axis in dim else n for axis, n in enumerate(shape))), tuple(shape))


@fault(
    "axis-not-put-back",
    exercise=FOLDS,
    part="sum_self",
    help="Put the summed axis back with length 1 before you stretch: else NumPy stretches along another axis.",
    links=["https://github.com/callummcdougall/ARENA_3.0/issues/122"],
)
def axis_not_put_back(g: Any, shape: Any, dim: Any, keepdim: Any) -> Any:
    return expand(g, tuple(shape))


@fault(
    "axis-put-back-although-kept",
    exercise=FOLDS,
    part="sum_self",
    help="With keepdim=True the summed axis is still in g: do not put in another one.",
)
def axis_put_back_although_kept(g: Any, shape: Any, dim: Any, keepdim: Any) -> Any:
    long = list(g.shape)
    for axis in sorted(dim):
        long.insert(axis, 1)
    return expand(reshape(g, tuple(long)), tuple(shape))


@fault(
    "one-axis-put-back",
    exercise=FOLDS,
    part="sum_self",
    help="dim lists all axes that were summed: put back each of them.",
)
def one_axis_put_back(g: Any, shape: Any, dim: Any, keepdim: Any) -> Any:
    if not keepdim and dim:
        long = list(g.shape)
        long.insert(dim[0], 1)
        g = reshape(g, tuple(long))
    return expand(g, tuple(shape))


@fault(
    "sum-sends-ones",
    exercise=FOLDS,
    part="sum_self",
    help="1 is the slope of a sum; what goes back is g times that, so stretch g.",
)
def sum_sends_ones(g: Any, shape: Any, dim: Any, keepdim: Any) -> Any:
    return spread(g, shape, dim) * 0 + 1


@fault(
    "sum-divides",
    exercise=FOLDS,
    part="sum_self",
    help="Only a mean divides: each element of a sum has the slope 1.",
)
def sum_divides(g: Any, shape: Any, dim: Any, keepdim: Any) -> Any:
    return spread(g, shape, dim) / max(1, math.prod(shape[axis] for axis in dim))


@fault(
    "sum-stays-small",
    exercise=FOLDS,
    part="sum_self",
    help="Every summed element receives the gradient: bring it to the full shape, not only to length 1.",
)
def sum_stays_small(g: Any, shape: Any, dim: Any, keepdim: Any) -> Any:
    return reshape(g, tuple(1 if axis in dim else n for axis, n in enumerate(shape)))


@fault(
    "numpy-broadcast-of-tensors",
    exercise=FOLDS,
    part="sum_self",
    help="While the backward pass is recorded g is a Tensor: take expand and reshape from course.nptorch.math.",
)
def numpy_broadcast_of_tensors(g: Any, shape: Any, dim: Any, keepdim: Any) -> Any:
    kept = tuple(1 if axis in dim else n for axis, n in enumerate(shape))
    return np.broadcast_to(np.reshape(np.asarray(g), kept), shape)


@fault(
    "mean-like-a-sum",
    exercise=FOLDS,
    part="mean_self",
    help="A mean is a sum divided by the number of its elements: divide the gradient by it too.",
)
def mean_like_a_sum(g: Any, shape: Any, dim: Any, keepdim: Any) -> Any:
    return spread(g, shape, dim)


@fault(
    "mean-divides-by-everything",
    exercise=FOLDS,
    part="mean_self",
    help="Divide by how many elements went into one mean, not by how many x has.",
)
def mean_divides_by_everything(g: Any, shape: Any, dim: Any, keepdim: Any) -> Any:
    return spread(g, shape, dim) / max(1, math.prod(shape))


@fault(
    "mean-divides-by-its-results",
    exercise=FOLDS,
    part="mean_self",
    help="You divide by the number of means; divide by how many elements went into each.",
)
def mean_divides_by_its_results(g: Any, shape: Any, dim: Any, keepdim: Any) -> Any:
    return spread(g, shape, dim) / max(1, math.prod(g.shape))


@fault(
    "mean-divides-by-one-axis",
    exercise=FOLDS,
    part="mean_self",
    help="A mean over several axes has the product of their lengths as its number of elements.",
)
def mean_divides_by_one_axis(g: Any, shape: Any, dim: Any, keepdim: Any) -> Any:
    return spread(g, shape, dim) / max(1, shape[dim[0]] if dim else 1)


@fault(
    "mean-divides-by-added-lengths",
    exercise=FOLDS,
    part="mean_self",
    help="Lengths of axes are multiplied, not added, to count elements.",
)
def mean_divides_by_added_lengths(g: Any, shape: Any, dim: Any, keepdim: Any) -> Any:
    return spread(g, shape, dim) / max(1, sum(shape[axis] for axis in dim))
