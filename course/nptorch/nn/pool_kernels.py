"""Array kernels of pooling and resampling."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from course.nptorch.nn.windows import Array, Pair, Windows


def max_pool(x: Array, windows: Windows, with_indices: bool) -> tuple[Array, Any]:
    """Return the largest element of every window, and where in its image it lies.

    Returns
    -------
    values : numpy.ndarray
        Of shape ``(n, c, *windows.count)``; nan where a window holds one.
    indices : numpy.ndarray or None
        Position of the first largest element in the flattened image.
    """
    x = _framed(x, windows)
    places = windows.shifts
    kind = np.min_scalar_type(places[-1][1])  # a byte each, for most images
    (first, _), *others = places
    best = np.array(x[first])
    shift = np.zeros(best.shape, kind) if with_indices else None
    for place, distance in others:
        new = np.array(x[place])  # without gaps, which comparing twice would pay for twice
        if shift is not None:
            # later places lie further, so the largest distance is that of the last new maximum
            np.maximum(shift, (new > best).view(np.uint8) * kind.type(distance), out=shift)
        np.maximum(best, new, out=best)
    if shift is None:
        return best, None
    if np.isnan(best).any():
        for place, distance in places:  # torch points at the last nan
            np.copyto(shift, distance, where=np.isnan(x[place]))
    indices = windows.starts + shift
    return best, indices if x.shape[2:] == windows.size else _unframed(indices, x.shape[3], windows)


def _framed(x: Array, windows: Windows) -> Array:
    """Return images with -inf around them, as far as windows reach beyond."""
    (h, w), (ph, pw) = windows.size, windows.padding
    if windows.framed == windows.size:
        return x
    frame = np.full((*x.shape[:2], *windows.framed), -np.inf, x.dtype)
    frame[:, :, ph : ph + h, pw : pw + w] = x
    return frame


def _unframed(indices: Array, width: int, windows: Windows) -> Array:
    """Return positions in a frame as positions in the image.

    Only a window with nothing above -inf has its largest element in the frame: its first place.
    The first place of it in the image counts then.
    """
    rows, cols = (
        np.minimum(np.where(at < pad, (at - pad) % dilation, at - pad), size - 1)
        for at, pad, dilation, size in zip(
            np.divmod(indices, width), windows.padding, windows.dilation, windows.size, strict=True
        )
    )
    return rows * windows.size[1] + cols


def gather_plane(x: Array, indices: Array) -> Array:
    """Return the elements at flat positions of each image."""
    flat = x.reshape(*x.shape[:-2], -1)
    picked = np.take_along_axis(flat, indices.reshape(*indices.shape[:-2], -1), axis=-1)
    return picked.reshape(indices.shape)


def scatter_plane(g: Array, indices: Array, size: Pair) -> Array:
    """Return images of zeros with `g` added at flat positions."""
    images = math.prod(g.shape[:-2])
    out = np.zeros(images * size[0] * size[1], g.dtype)
    start = np.arange(images).reshape(*g.shape[:-2], 1, 1) * (size[0] * size[1])
    np.add.at(out, (indices + start).reshape(-1), g.reshape(-1))
    return out.reshape(*g.shape[:-2], *size)


def sandwich(x: Array, rows: Array, cols: Array) -> Array:
    """Return ``rows @ x @ cols.T`` of every image: a linear map of rows and one of columns.

    What a map has nothing to do with (a 0 in its matrix) leaves no trace, even if it is inf or nan.
    """
    out = rows @ x @ cols.T
    if np.isfinite(out).all():
        return out
    return _only_what_counts(_only_what_counts(x.swapaxes(-1, -2), rows).swapaxes(-1, -2), cols)


def _only_what_counts(x: Array, matrix: Array) -> Array:
    """Return ``x @ matrix.T``, leaving out where the matrix is 0 instead of adding 0 times x."""
    return np.stack([x[..., row != 0] @ row[row != 0] for row in matrix], axis=-1)


@functools.lru_cache(maxsize=256)
def averaging(spans: tuple[tuple[int, int, float], ...], size: int, dtype: Any) -> Array:
    """Return the matrix whose i-th row takes the sum from `start` to `stop`, over `divisor`."""
    matrix = np.zeros((len(spans), size), dtype)
    for row, (start, stop, divisor) in zip(matrix, spans, strict=True):
        row[max(start, 0) : min(stop, size)] = 1 / divisor
    matrix.flags.writeable = False
    return matrix


def fitting(size: int, kernel: int, stride: int, padding: int, dilation: int, ceil: bool) -> int:
    """Return how many windows fit along one axis; with `ceil` the last may reach out at the end."""
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    count = (math.ceil(room / stride) if ceil else room // stride) + 1
    if ceil and (count - 1) * stride >= size + padding:
        count -= 1  # it would lie in the padding altogether
    return count
