"""Array kernels of convolution and pooling: sliding windows as strided views, then one product."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

Array = np.ndarray[Any, Any]
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Windows:
    """Which windows slide over an image.

    Attributes
    ----------
    size : (int, int)
        Height and width of the image.
    kernel, stride, padding, dilation : (int, int)
        Of the windows, downwards and to the right.
    groups : int
        Into how many groups the channels fall.
    """

    size: Pair
    kernel: Pair
    stride: Pair
    padding: Pair
    dilation: Pair
    groups: int = 1

    @property
    def count(self) -> Pair:
        """How many windows fit, downwards and to the right."""
        down, right = (
            (n + 2 * p - d * (k - 1) - 1) // s + 1
            for n, k, s, p, d in zip(self.size, self.kernel, self.stride, self.padding, self.dilation, strict=True)
        )
        return down, right

    def slices(self, count: Pair) -> list[tuple[slice, slice]]:
        """Return, per place in the window, where that place of all windows lies (after padding)."""
        (sh, sw), (dh, dw) = self.stride, self.dilation
        return [
            (
                slice(i * dh, i * dh + sh * (count[0] - 1) + 1, sh),
                slice(j * dw, j * dw + sw * (count[1] - 1) + 1, sw),
            )
            for i in range(self.kernel[0])
            for j in range(self.kernel[1])
        ]


def padded(x: Array, padding: Pair, value: float = 0) -> Array:
    """Return images with a frame of `value` around them."""
    ph, pw = padding
    if ph == pw == 0:
        return x
    n, c, h, w = x.shape
    out = np.full((n, c, h + 2 * ph, w + 2 * pw), value, x.dtype)
    out[:, :, ph : ph + h, pw : pw + w] = x
    return out


def columns(x: Array, windows: Windows) -> Array:
    """Return every window of every image as a column.

    Returns
    -------
    numpy.ndarray
        Of shape ``(images, groups, channels of a group * places in a window, windows)``.
    """
    n, c = x.shape[:2]
    count, (kh, kw) = windows.count, windows.kernel
    x = padded(x, windows.padding)
    (a, b, h, w), (sh, sw), (dh, dw) = x.strides, windows.stride, windows.dilation
    shape = (n, c, kh, kw, *count)
    seen = as_strided(x, shape, (a, b, h * dh, w * dw, h * sh, w * sw), writeable=False)
    return seen.reshape(n, windows.groups, -1, count[0] * count[1])


def conv(x: Array, weight: Array, windows: Windows) -> Array:
    """Return the product of every window with every filter.

    Parameters
    ----------
    x : numpy.ndarray
        Of shape ``(n, c, h, w)``.
    weight : numpy.ndarray
        Filters of shape ``(o, c // groups, kh, kw)``.
    """
    filters = weight.reshape(windows.groups, weight.shape[0] // windows.groups, -1)
    out = filters @ columns(x, windows)
    made: Array = out.reshape(x.shape[0], weight.shape[0], *windows.count)
    return made


def conv_weight(x: Array, g: Array, windows: Windows) -> Array:
    """Return the gradient of the filters, given that of the products: ``<g, conv(x, .)>``."""
    n, out = g.shape[:2]
    gradients = g.reshape(n, windows.groups, out // windows.groups, -1)
    summed = (gradients @ columns(x, windows).swapaxes(-1, -2)).sum(axis=0)
    made: Array = summed.reshape(out, x.shape[1] // windows.groups, *windows.kernel)
    return made


def conv_input(g: Array, weight: Array, windows: Windows) -> Array:
    """Return the gradient of the images, given that of the products; also `conv_transpose2d`."""
    n, groups = g.shape[0], windows.groups
    count = (g.shape[2], g.shape[3])
    filters = weight.reshape(groups, weight.shape[0] // groups, -1).swapaxes(-1, -2)
    pieces = filters @ g.reshape(n, groups, weight.shape[0] // groups, -1)
    channels = weight.shape[1] * groups
    (h, w), (ph, pw) = windows.size, windows.padding
    if windows.kernel == windows.stride == (1, 1) and (ph, pw) == (0, 0):
        return pieces.reshape(n, channels, h, w)
    places = pieces.reshape(n, channels, windows.kernel[0] * windows.kernel[1], *count)
    out = np.zeros((n, channels, h + 2 * ph, w + 2 * pw), pieces.dtype)
    for place, (rows, cols) in enumerate(windows.slices(count)):
        out[:, :, rows, cols] += places[:, :, place]
    return out[:, :, ph : ph + h, pw : pw + w]


def max_pool(x: Array, windows: Windows, count: Pair, with_indices: bool) -> tuple[Array, Any]:
    """Return the largest element of every window, and where in its image it lies.

    Returns
    -------
    values : numpy.ndarray
        Of shape ``(n, c, *count)``; nan where a window holds one.
    indices : numpy.ndarray or None
        Position of the first largest element in the flattened image.
    """
    (h, w), (ph, pw) = windows.size, windows.padding
    # windows may reach beyond the padding when the count is rounded up
    need = [
        (m - 1) * s + d * (k - 1) + 1
        for m, s, d, k in zip(count, windows.stride, windows.dilation, windows.kernel, strict=True)
    ]
    if (ph, pw) != (0, 0) or need[0] > h or need[1] > w:
        frame = np.full((*x.shape[:2], max(need[0], h + ph), max(need[1], w + pw)), -np.inf, x.dtype)
        frame[:, :, ph : ph + h, pw : pw + w] = x
        x = frame
    places = windows.slices(count)
    best = np.array(x[(..., *places[0])])
    for place in places[1:]:
        np.maximum(best, x[(..., *place)], out=best)
    if not with_indices:
        return best, None
    which = np.zeros(best.shape, np.intp)
    for number, place in reversed(list(enumerate(places))):  # so that the first of equals stays
        np.copyto(which, number, where=x[(..., *place)] == best)
    if np.isnan(best).any():
        for number, place in enumerate(places):
            np.copyto(which, number, where=np.isnan(x[(..., *place)]))
    width = windows.kernel[1]
    rows = np.arange(count[0])[:, None] * windows.stride[0] - ph + which // width * windows.dilation[0]
    cols = np.arange(count[1]) * windows.stride[1] - pw + which % width * windows.dilation[1]
    return best, _inside(rows * w + cols, rows, cols, h, w)


def _inside(indices: Array, rows: Array, cols: Array, h: int, w: int) -> Array:
    """Move positions in the frame (a window of -inf only) to the nearest ones in the image."""
    if rows.min() < 0 or cols.min() < 0 or rows.max() >= h or cols.max() >= w:
        indices = np.clip(rows, 0, h - 1) * w + np.clip(cols, 0, w - 1)
    return indices


def gather_plane(x: Array, indices: Array) -> Array:
    """Return the elements at flat positions of each image."""
    flat = x.reshape(*x.shape[:2], -1)
    picked = np.take_along_axis(flat, indices.reshape(*indices.shape[:2], -1), axis=2)
    return picked.reshape(indices.shape)


def scatter_plane(g: Array, indices: Array, size: Pair) -> Array:
    """Return images of zeros with `g` added at flat positions."""
    n, c = g.shape[:2]
    out = np.zeros(n * c * size[0] * size[1], g.dtype)
    start = np.arange(n * c).reshape(n, c, 1, 1) * (size[0] * size[1])
    np.add.at(out, (indices + start).reshape(-1), g.reshape(-1))
    return out.reshape(n, c, *size)


def sandwich(x: Array, rows: Array, cols: Array) -> Array:
    """Return ``rows @ x @ cols.T`` of every image: a linear map of rows and one of columns."""
    return rows @ x @ cols.T


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
    k = len(rest)
    apart = x.reshape(*rest, c // factor**2, factor, factor, h, w)
    order = (*range(k), k, k + 3, k + 1, k + 4, k + 2)
    return apart.transpose(order).reshape(*rest, c // factor**2, h * factor, w * factor)


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
    """Return the probability that a standard normal number is less than x."""
    return np.asarray(_normal_cdf(x), x.dtype)


_normal_cdf = np.frompyfunc(lambda v: 0.5 * math.erfc(-v / math.sqrt(2)), 1, 1)
