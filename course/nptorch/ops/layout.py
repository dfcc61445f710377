"""How a result lies in memory: as its input does, or in the order of its axes.

NumPy and torch agree where an operation goes element by element. Elsewhere torch most often lays its result
out anew, which shows in ``stride()`` and decides whether ``view`` works.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def in_order(x: Any) -> Any:
    """Return `x` laid out in the order of its axes; a copy only where it is not."""
    return x if not x.ndim or x.flags.c_contiguous else np.ascontiguousarray(x)


def copied(x: Any) -> Any:
    """Return a copy laid out as `x` is, without gaps; axes that `expand` repeated take their turn."""
    if not x.ndim:
        return np.array(x)
    return led_by(np.array(x), x) if 0 in x.strides else np.array(x)


def of_dtype(x: Any, dtype: Any) -> Any:
    """Return a copy in another dtype, laid out as `copied` does it."""
    return (copied(x) if x.ndim and 0 in x.strides else x).astype(dtype)


def in_memory_order(values: Any, like: Any) -> Any:
    """Return as many values as `like` has elements in its form, so that one after the other lies in memory."""
    order = sorted(range(like.ndim), key=lambda d: -like.strides[d])
    lying = values.reshape(tuple(like.shape[d] for d in order))
    return lying.transpose(np.argsort(order)) if order else lying


def led_by(result: Any, *operands: Any) -> Any:
    """Return a result laid out as torch does it: the first operand that tells two axes apart orders them.

    NumPy hears all operands, and so differs where they do not agree.
    """
    if result.ndim < 2:
        return result
    operands = tuple([x for x in operands if getattr(x, "ndim", 0)])
    if not [x for x in operands if x.ndim > 1 and not x.flags.c_contiguous]:
        return result
    shape = result.shape
    steps = [np.broadcast_to(x, shape).strides for x in operands]
    order = list(range(len(shape)))[::-1]  # the axis that varies fastest comes first
    for start in range(1, len(order)):
        at = start
        for before in range(start - 1, -1, -1):
            verdict = _compared(order[before], order[at], steps, shape)
            if verdict > 0:
                order[before], order[at] = order[at], order[before]
                at = before
            elif verdict < 0:
                break
    outer = order[::-1]
    return np.ascontiguousarray(result.transpose(outer)).transpose(np.argsort(outer))


def _compared(one: int, other: int, steps: Any, shape: tuple[int, ...]) -> int:
    """Return 1 if the first of two axes varies more slowly, -1 if faster, 0 if no operand tells."""
    for step in steps:
        if step[one] and step[other]:
            if step[one] != step[other]:
                return 1 if step[one] > step[other] else -1
            if shape[one] > shape[other]:
                return 1
    return 0


def full_like(x: Any, value: Any, dtype: Any) -> Any:
    """Return an array in the form and layout of `x` full of `value`."""
    if not x.ndim:
        return np.full((), value, dtype)
    return np.full_like(copied(x) if 0 in x.strides else x, value, dtype)
