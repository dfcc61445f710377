"""Array kernels of tables, of shuffling and framing images, and of the normal distribution."""

from __future__ import annotations

import math

import numpy as np

from course.nptorch.nn.windows import Array


def rows_added(g: Array, indices: Array, rows: int, skipped: int | None) -> Array:
    """Return `rows` rows of zeros with the rows of `g` added at `indices`, except one row."""
    width = g.shape[-1]
    out = np.zeros((rows, width), g.dtype)
    flat = indices.reshape(-1).astype(np.intp)
    place = (flat[:, None] * width + np.arange(width)).reshape(-1)
    np.add.at(out.reshape(-1), place, g.reshape(-1))
    if skipped is not None:
        out[skipped] = 0
    return out


def rows_picked(x: Array, indices: Array, rows: int, skipped: int | None) -> Array:
    """Return the rows of `x` at `indices`; zeros for the one row that `rows_added` leaves out."""
    picked = x[indices]
    if skipped is not None:
        picked[indices == skipped] = 0
    return picked


def shuffle(x: Array, factor: int) -> Array:
    """Move channels into space: ``(..., c * r * r, h, w)`` to ``(..., c, h * r, w * r)``."""
    *rest, c, h, w = x.shape
    apart = x.reshape(*rest, c // factor**2, factor, factor, h, w)
    made = np.empty((*rest, c // factor**2, h, factor, w, factor), x.dtype)
    for column in range(factor):  # rows of the image one after the other: a transposed copy goes number by number
        made[..., column] = apart[..., column, :, :].swapaxes(-3, -2)
    return made.reshape(*rest, c // factor**2, h * factor, w * factor)


def unshuffle(x: Array, factor: int) -> Array:
    """Undo `shuffle`."""
    *rest, c, h, w = x.shape
    k = len(rest)
    apart = x.reshape(*rest, c, h // factor, factor, w // factor, factor)
    order = (*range(k), k, k + 2, k + 4, k + 1, k + 3)
    return apart.transpose(order).reshape(*rest, c * factor**2, h // factor, w // factor)


def frame(x: Array, pad: tuple[int, ...], value: float) -> Array:
    """Return `x` with `value` added at the ends of its last axes, or with ends cut off.

    `pad` counts ``(before, after)`` from the last axis on; negative numbers cut.
    """
    ends = [(pad[i], pad[i + 1]) for i in range(0, len(pad), 2)][::-1]
    ends = [(0, 0)] * (x.ndim - len(ends)) + ends
    out = np.full([n + a + b for n, (a, b) in zip(x.shape, ends, strict=True)], value, x.dtype)
    into = tuple(slice(max(a, 0), n - max(b, 0)) for n, (a, b) in zip(out.shape, ends, strict=True))
    of = tuple(slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in zip(x.shape, ends, strict=True))
    out[into] = x[of]
    return out


def normal_cdf(x: Array) -> Array:
    """Return the probability that a standard normal number is less than x.

    By erf, as torch has it, and in the dtype of x: far to the left it is exactly 0, though erfc would know better.
    """
    kind = x.dtype.type
    erf: Array = np.asarray(_erf(x * kind(math.sqrt(0.5))), x.dtype)
    return kind(0.5) * (1 + erf)  # type: ignore[no-any-return]


_erf = np.frompyfunc(math.erf, 1, 1)
