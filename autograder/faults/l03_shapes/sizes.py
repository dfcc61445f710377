"""Wrong ideas about bringing a gradient back to the shape of its operand."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.faults.registry import fault
from course.nptorch.math import reshape

SIZE = "sum-to-size"


def without_new_axes(g: Any, shape: Any) -> Any:
    """Sum the axes that came at the front, for faults in what follows."""
    while len(g.shape) > len(shape):
        g = g.sum(axis=0)
    return g


def right(g: Any, shape: Any) -> Any:
    """The right sum, for faults that spoil it afterwards."""
    g = without_new_axes(g, shape)
    for axis, length in enumerate(shape):
        if length == 1 and g.shape[axis] != 1:
            g = g.sum(axis=axis, keepdims=True)
    return g


@fault(
    "never-summed",
    exercise=SIZE,
    part="sum_to_size",
    help="The operand was shown several times: sum the gradient over these copies until it has the given shape.",
    links=["https://github.com/pytorch/pytorch/issues/1787", "https://github.com/tenstorrent/tt-metal/issues/40008"],
)
def never_summed(g: Any, shape: Any) -> Any:
    return g


@fault(
    "only-new-axes-summed",
    exercise=SIZE,
    part="sum_to_size",
    help="You took the new axes in front away; axes of length 1 that were stretched have to be summed as well.",
    links=["https://github.com/minitorch/Module-2/pull/14"],
)
def only_new_axes_summed(g: Any, shape: Any) -> Any:
    return without_new_axes(g, shape)


@fault(
    "only-stretched-axes-summed",
    exercise=SIZE,
    part="sum_to_size",
    help="You summed the axes of length 1; the axes that were put in front have to go as well.",
)
def only_stretched_axes_summed(g: Any, shape: Any) -> Any:
    extra = len(g.shape) - len(shape)
    for axis, length in enumerate(shape):
        if length == 1 and g.shape[axis + extra] != 1:
            g = g.sum(axis=axis + extra, keepdims=True)
    return g


@fault(
    "one-new-axis-summed",
    exercise=SIZE,
    part="sum_to_size",
    help="There may be more than one new axis in front: sum until the numbers of axes agree.",
)
def one_new_axis_summed(g: Any, shape: Any) -> Any:
    if len(g.shape) > len(shape):
        g = g.sum(axis=0)
    for axis, length in enumerate(shape):
        if length == 1 and g.shape[axis] != 1:
            g = g.sum(axis=axis, keepdims=True)
    return g


@fault(
    "one-stretched-axis-summed",
    exercise=SIZE,
    part="sum_to_size",
    help="Several axes may have been stretched: do not stop after the first.",
)
def one_stretched_axis_summed(g: Any, shape: Any) -> Any:
    g = without_new_axes(g, shape)
    for axis, length in enumerate(shape):
        if length == 1 and g.shape[axis] != 1:
            return g.sum(axis=axis, keepdims=True)
    return g


@fault(
    "stretched-axis-dropped",
    exercise=SIZE,
    part="sum_to_size",
    help="After the sum a stretched axis is still there, with length 1: keepdims=True.",
)
def stretched_axis_dropped(g: Any, shape: Any) -> Any:
    g = without_new_axes(g, shape)
    stretched = tuple(axis for axis, length in enumerate(shape) if length == 1 and g.shape[axis] != 1)
    return g.sum(axis=stretched) if stretched else g


@fault(
    "new-axes-kept",
    exercise=SIZE,
    part="sum_to_size",
    help="New axes in front are summed and gone: keepdims=True is for the axes that the operand had.",
)
def new_axes_kept(g: Any, shape: Any) -> Any:
    extra = len(g.shape) - len(shape)
    long = (1,) * extra + tuple(shape)
    axes = tuple(axis for axis, length in enumerate(long) if length == 1 and g.shape[axis] != 1)
    return g.sum(axis=axes, keepdims=True) if axes else g


@fault(
    "mean-over-copies",
    exercise=SIZE,
    part="sum_to_size",
    help="Every copy counts in full: sum the gradients of the copies, do not average them.",
)
def mean_over_copies(g: Any, shape: Any) -> Any:
    count = int(np.prod(g.shape)) // max(1, int(np.prod(shape)))
    return right(g, shape) / max(1, count)


@fault(
    "first-copy-only",
    exercise=SIZE,
    part="sum_to_size",
    help="g[0] is the gradient of the first copy alone: sum over the axis instead of picking from it.",
)
def first_copy_only(g: Any, shape: Any) -> Any:
    while len(g.shape) > len(shape):
        g = g[0]
    for axis, length in enumerate(shape):
        if length == 1:
            g = g[(slice(None),) * axis + (slice(0, 1),)]
    return g


@fault(
    "aligned-at-the-left",
    exercise=SIZE,
    part="sum_to_size",
    help="Shapes are aligned at their right ends: new axes come in front, not behind.",
)
def aligned_at_the_left(g: Any, shape: Any) -> Any:
    while len(g.shape) > len(shape):
        g = g.sum(axis=-1)
    for axis, length in enumerate(shape):
        if length == 1 and g.shape[axis] != 1:
            g = g.sum(axis=axis, keepdims=True)
    return g


@fault(
    "everything-summed",
    exercise=SIZE,
    part="sum_to_size",
    help="g.sum() adds up what belongs to different elements: sum only the axes along which copies were made.",
)
def everything_summed(g: Any, shape: Any) -> Any:
    return reshape(g.sum() / max(1, int(np.prod(shape))) + right(g, shape) * 0, tuple(shape))


@fault(
    "numpy-sum-of-tensors",
    exercise=SIZE,
    part="sum_to_size",
    help="While the backward pass is recorded g is a Tensor, and np.add.reduce wants an array: call g.sum(...).",
)
def numpy_sum_of_tensors(g: Any, shape: Any) -> Any:
    extra = len(g.shape) - len(shape)
    if extra:
        g = np.add.reduce(g, axis=tuple(range(extra)))
    stretched = tuple(axis for axis, length in enumerate(shape) if length == 1 and g.shape[axis] != 1)
    return np.add.reduce(g, axis=stretched, keepdims=True) if stretched else g


@fault(
    "longer-axes-only",
    exercise=SIZE,
    part="sum_to_size",
    help="An axis of length 1 can be stretched to length 0 as well: ask for != 1, not for > 1.",
)
def longer_axes_only(g: Any, shape: Any) -> Any:
    g = without_new_axes(g, shape)
    for axis, length in enumerate(shape):
        if length == 1 and g.shape[axis] > 1:
            g = g.sum(axis=axis, keepdims=True)
    return g


@fault(
    "axes-of-one-dropped",
    exercise=SIZE,
    part="sum_to_size",
    help="squeeze() takes away every axis of length 1, also those that the operand had.",
)
def axes_of_one_dropped(g: Any, shape: Any) -> Any:
    return right(g, shape).squeeze()
