"""Windows that slide over images: how many there are, and where."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Pair = tuple[int, int]
Places = list[tuple[slice, slice]]


@dataclass(frozen=True)
class Windows:
    """Which windows slide over an image. Made by `sliding`, which makes equal ones only once.

    Attributes
    ----------
    size : (int, int)
        Height and width of the image.
    kernel, stride, padding, dilation : (int, int)
        Of the windows, downwards and to the right.
    groups : int
        Into how many groups the channels fall.
    only : (int, int), optional
        How many windows there are, if that is not how many fit.
    """

    size: Pair
    kernel: Pair
    stride: Pair
    padding: Pair
    dilation: Pair
    groups: int = 1
    only: Pair | None = None

    @functools.cached_property
    def count(self) -> Pair:
        """How many windows there are, downwards and to the right."""
        if self.only is not None:
            return self.only
        down, right = (
            (n + 2 * p - d * (k - 1) - 1) // s + 1
            for n, k, s, p, d in zip(self.size, self.kernel, self.stride, self.padding, self.dilation, strict=True)
        )
        return down, right

    @functools.cached_property
    def places(self) -> tuple[Places, Places]:
        """Per place in the window: where it lies in the image, for which windows.

        For rows and for columns; what lies in the padding is left out.
        """
        return self._along(0), self._along(1)

    def _along(self, axis: int) -> Places:
        size, step, count = self.size[axis], self.stride[axis], self.count[axis]
        found = []
        for place in range(self.kernel[axis]):
            offset = place * self.dilation[axis] - self.padding[axis]  # of this place in the first window
            first = max(0, -(offset // step))
            last = min(count - 1, (size - 1 - offset) // step)
            start, stop = offset + first * step, offset + last * step + 1
            found.append((slice(start, max(start, stop), step), slice(first, max(first, last + 1))))
        return found

    @functools.cached_property
    def framed(self) -> Pair:
        """Size of the image with its padding, as far as windows reach into it."""
        high, wide = (
            n if p == 0 and reach <= n else max(n + p, reach)
            for n, p, reach in (
                (n, p, (m - 1) * s + d * (k - 1) + 1)
                for n, p, m, s, d, k in zip(
                    self.size, self.padding, self.count, self.stride, self.dilation, self.kernel, strict=True
                )
            )
        )
        return high, wide

    @functools.cached_property
    def shifts(self) -> list[tuple[Any, int]]:
        """Per place in the window: an index that picks it from framed images, for all windows.

        And how far behind the window's first place it lies in the flattened image.
        """
        found = []
        for i, j in np.ndindex(*self.kernel):
            down, right = i * self.dilation[0], j * self.dilation[1]
            picks = (
                slice(start, start + step * (count - 1) + 1, step)
                for start, step, count in zip((down, right), self.stride, self.count, strict=True)
            )
            found.append(((..., *picks), down * self.framed[1] + right))
        return found

    @functools.cached_property
    def starts(self) -> Array:
        """Where in the flattened image, framed, each window starts."""
        down, right = (np.arange(count) * step for count, step in zip(self.count, self.stride, strict=True))
        starts: Array = (down * self.framed[1])[:, None] + right
        starts.flags.writeable = False
        return starts

    @functools.cached_property
    def back(self) -> Windows | None:
        """Windows over the products, each of which sees all that one element of the image was part of.

        With them the gradient of the image is a convolution too, several times faster than adding
        it up window by window. None where windows have gaps between them, or padding hides some.
        """
        padding = tuple(d * (k - 1) - p for k, p, d in zip(self.kernel, self.padding, self.dilation, strict=True))
        back = sliding(self.count, self.kernel, (1, 1), padding, self.dilation, self.groups)
        return back if self.stride == (1, 1) and min(padding) >= 0 and back.count == self.size else None


sliding: Any = functools.lru_cache(maxsize=1024)(Windows)


def spread(x: Array, windows: Windows) -> Array:
    """Return, for each place in a row of the window, what all windows along a row of the image see there.

    Returns
    -------
    numpy.ndarray
        Of shape ``(n, c, width of a window, stride, rows, windows to the right)``, where row ``i`` of
        the image (after padding) is at ``[i % stride, i // stride]``. What one place of the window
        sees as it moves then lies in memory in one run: no copy for each row of the window.
    """
    n, c, h = x.shape[:3]
    step, ph = windows.stride[0], windows.padding[0]
    out = np.zeros((n, c, windows.kernel[1], step, -(-(h + 2 * ph) // step), windows.count[1]), x.dtype)
    for phase in range(step):
        first = (phase - ph) % step
        rows = x[:, :, first::step] if step > 1 else x
        start = (first + ph) // step
        for place, (inside, which) in enumerate(windows.places[1]):
            out[:, :, place, phase, start : start + rows.shape[2], which] = rows[:, :, :, inside]
    return out


def unfold(x: Array, windows: Windows) -> Array:
    """Return, for each place in the window, what all windows see there.

    Returns
    -------
    numpy.ndarray
        Of shape ``(n, c, height and width of a window, windows downwards, windows to the right)``: a view
        of a framed copy, in which elements that several windows see are the same ones.
    """
    (n, c, h, w), (down, right) = x.shape, windows.padding
    framed = np.zeros((n, c, *windows.framed), x.dtype)
    framed[:, :, down : down + h, right : right + w] = x
    image, channel, row, column = framed.strides
    steps = [n * size for n, size in zip((*windows.dilation, *windows.stride), (row, column) * 2, strict=True)]
    return np.ndarray((n, c, *windows.kernel, *windows.count), x.dtype, framed, 0, (image, channel, *steps))
