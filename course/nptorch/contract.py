"""How the first gradient of a leaf lies in memory: as the leaf does, whatever way the rule left it.

So ``p.grad.view(-1)`` works wherever ``p.view(-1)`` does.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/autograd.html#default-gradient-layouts
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray


def astray(gradient: Any, leaf: Any) -> bool:
    """Return whether a gradient lies otherwise than its leaf: both are arrays, or NumPy's scalars."""
    if gradient.__class__ is not ndarray or gradient.shape != leaf.shape:  # that is refused when it is assigned
        return False
    if gradient.flags.c_contiguous and leaf.flags.c_contiguous:
        return False
    if not _dense(leaf):
        return not gradient.flags.c_contiguous
    steps = zip(gradient.shape, gradient.strides, leaf.strides, strict=True)
    return any(n != 1 and mine != its for n, mine, its in steps)


def _dense(x: Any) -> bool:
    """Return whether the elements of an array follow each other in memory, in some order of its axes."""
    if not x.ndim:
        return True
    wide = [(step, n) for n, step in zip(x.shape, x.strides, strict=True) if n != 1]
    expected = x.itemsize
    for step, n in sorted(wide):
        if step != expected:
            return False
        expected *= n
    return True


def obeying(gradient: Any, leaf: Any) -> Any:
    """Return a copy of a gradient, a Tensor, that lies as its leaf does; row by row if the leaf has gaps.

    Where the backward pass is recorded so is the copy, under torch's names. One of another shape comes back as it is.
    """
    like = leaf._array
    if gradient._data.shape != like.shape:
        return gradient
    if not _dense(like):
        return gradient.clone(memory_format="contiguous")
    return gradient.copied_to(np.empty_like(like, gradient._data.dtype))
