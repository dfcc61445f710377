"""Array kernels of convolution: what windows see side by side, then matrix products."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import numpy as np

from course.nptorch.nn.windows import Array, Windows, spread, unfold

Kernel = Callable[[Array, Array, Windows], Array]
HANDFUL = 1 << 17  # elements: so many stay in the processor's cache
FEW = 1 << 15  # elements: to copy so many costs less than to compute in several steps


def widened(kernel: Kernel) -> Kernel:
    """Let a kernel add up float16 in float32, as torch does."""

    @functools.wraps(kernel)
    def run(a: Array, b: Array, windows: Windows) -> Array:
        if a.dtype != np.float16:
            return kernel(a, b, windows)
        return kernel(a.astype(np.float32), b.astype(np.float32), windows).astype(np.float16)

    return run


@widened
def conv(x: Array, weight: Array, windows: Windows) -> Array:
    """Return the product of every window with every filter.

    Parameters
    ----------
    x : numpy.ndarray
        Of shape ``(n, c, h, w)``.
    weight : numpy.ndarray
        Filters of shape ``(o, c // groups, kh, kw)``.
    """
    n, groups = x.shape[0], windows.groups
    out, inner, kh, kw = weight.shape
    filters = weight.reshape(groups, out // groups, inner, kh, kw)
    made = np.empty((n, groups, out // groups, windows.count[0] * windows.count[1]), x.dtype)
    for some, rows, seen in seen_by_rows(x, windows):
        part, of_rows = made[some], filters[:, :, :, rows].reshape(groups, out // groups, seen.shape[2])
        if rows.start == 0:
            np.matmul(of_rows, seen, out=part)
        else:
            part += of_rows @ seen
    return made.reshape(n, out, *windows.count)


@widened
def conv_weight(x: Array, g: Array, windows: Windows) -> Array:
    """Return the gradient of the filters, given that of the products: ``<g, conv(x, .)>``."""
    n, out, down, right = g.shape
    (kh, kw), groups, inner = windows.kernel, windows.groups, x.shape[1] // windows.groups
    g = g.reshape(n, groups, out // groups, down * right)
    made = np.zeros((groups, out // groups, inner, kh, kw), g.dtype)
    for some, rows, seen in seen_by_rows(x, windows):
        products = np.add.reduce(g[some] @ seen.swapaxes(-1, -2), axis=0)
        part = made[:, :, :, rows]
        part += products.reshape(part.shape)
    return made.reshape(out, inner, kh, kw)


def seen_by_rows(x: Array, windows: Windows) -> Iterator[tuple[slice, slice, Array]]:
    """Yield what rows of the window see, for all windows of some images at a time.

    Yields
    ------
    some : slice
        Which images.
    rows : slice
        Which rows of the window: one, or all of them where images are small.
    seen : numpy.ndarray
        Of shape ``(images, groups, channels of a group * rows * width of a window, windows)``.
    """
    (n, c), groups, (kh, kw), (down, right) = x.shape[:2], windows.groups, windows.kernel, windows.count
    if n * c * kh * kw * down * right <= FEW:
        yield slice(0, n), slice(0, kh), unfold(x, windows).reshape(n, groups, c // groups * kh * kw, down * right)
        return
    step = max(1, HANDFUL // max(1, c * kw * x.shape[2] * right))
    for first in range(0, n, step):
        rows = spread(x[first : first + step], windows)
        some = slice(first, first + len(rows))
        for row in range(kh):
            start, phase = divmod(row * windows.dilation[0], windows.stride[0])
            seen = rows[:, :, :, phase, start : start + down]
            yield some, slice(row, row + 1), seen.reshape(len(rows), groups, c // groups * kw, down * right)


@widened
def conv_input(g: Array, weight: Array, windows: Windows) -> Array:
    """Return the gradient of the images, given that of the products; also `conv_transpose2d`."""
    if windows.back is not None and np.isfinite(weight).all():  # infinite times padding is nan
        return conv(g, turned(weight, windows.groups), windows.back)
    n, out, down, right = g.shape
    (kh, kw), groups, inner = windows.kernel, windows.groups, weight.shape[1]
    filters = weight.reshape(groups, out // groups, inner * kh * kw).swapaxes(-1, -2)
    products = filters @ g.reshape(n, groups, out // groups, down * right)
    products = products.reshape(n, groups * inner, kh, kw, down, right)
    (h, w), (rows, columns) = windows.size, windows.places
    in_rows = np.zeros((n, groups * inner, kh, down, w), products.dtype)
    for place, (inside, which) in enumerate(columns):
        in_rows[..., inside] += products[:, :, :, place, :, which]
    made = np.zeros((n, groups * inner, h, w), products.dtype)
    for place, (inside, which) in enumerate(rows):
        made[:, :, inside] += in_rows[:, :, place, which]
    return made


def turned(weight: Array, groups: int) -> Array:
    """Return filters that lead from outputs to inputs, turned by 180 degrees."""
    out, inner, kh, kw = weight.shape
    around = weight.reshape(groups, out // groups, inner, kh, kw)[..., ::-1, ::-1].swapaxes(1, 2)
    return around.reshape(groups * inner, out // groups, kh, kw)


def add_to_channels(images: Array, bias: Array) -> None:
    """Add one number to each channel, in place."""
    n, c, h, w = images.shape
    flat = images.reshape(n, c, h * w)  # longer runs than row by row
    flat += bias[:, None]
