"""Layers of image networks in plain NumPy, forward and back, and the same for HIPS autograd.

Convolutions are 3x3 with a padding of 1, as a matrix product of the weights with the unfolded
image.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any


def unfold(x: Array, stride: int) -> Array:
    """Return the 3x3 neighbourhoods of ``(N, C, H, W)`` as ``(N, C * 9, places)``."""
    n, c, h, w = x.shape
    padded = np.zeros((n, c, h + 2, w + 2), x.dtype)
    padded[:, :, 1:-1, 1:-1] = x
    s = padded.strides
    rows, columns = (h - 1) // stride + 1, (w - 1) // stride + 1
    seen = np.lib.stride_tricks.as_strided(padded, (n, c, 3, 3, rows, columns), (*s, s[2] * stride, s[3] * stride))
    return seen.reshape(n, c * 9, rows * columns)


def fold(places: Array, shape: tuple[int, ...], stride: int) -> Array:
    """Add neighbourhoods up at the places they came from: the transpose of `unfold`."""
    n, c, h, w = shape
    rows, columns = (h - 1) // stride + 1, (w - 1) // stride + 1
    parts = places.reshape(n, c, 3, 3, rows, columns)
    out = np.zeros((n, c, h + 2, w + 2), places.dtype)
    for i in range(3):
        for j in range(3):
            out[:, :, i : i + rows * stride : stride, j : j + columns * stride : stride] += parts[:, :, i, j]
    return out[:, :, 1:-1, 1:-1]


def conv(x: Array, w: Array, b: Array, stride: int = 1) -> tuple[Array, Array]:
    """Return the convolution, and the unfolded image for `conv_back`."""
    places = unfold(x, stride)
    y = w.reshape(len(w), -1) @ places + b[:, None]
    return y.reshape(len(x), len(w), (x.shape[2] - 1) // stride + 1, -1), places


def conv_back(
    g: Array, places: Array, w: Array, shape: tuple[int, ...] | None, stride: int = 1
) -> tuple[Array, Array, Array]:
    """Return the gradients of image, weights and bias; no image gradient without its `shape`."""
    flat = g.reshape(g.shape[0], g.shape[1], -1)
    gw = (flat @ places.transpose(0, 2, 1)).sum(0).reshape(w.shape)
    gx = None
    if shape is not None:
        gx = fold(w.reshape(len(w), -1).T @ flat, shape, stride)
    return gx, gw, flat.sum((0, 2))


def pool(x: Array) -> tuple[Array, Array]:
    """Return the largest of every 2x2 block, and where it was, for `pool_back`."""
    a, b = x[:, :, ::2, ::2], x[:, :, ::2, 1::2]
    c, d = x[:, :, 1::2, ::2], x[:, :, 1::2, 1::2]
    top, low = np.maximum(a, b), np.maximum(c, d)
    down = low > top
    width = x.shape[3]
    shift = np.where(down, width + (d > c), b > a)
    first = np.arange(x.size).reshape(x.shape)[:, :, ::2, ::2]
    return np.maximum(top, low), first + shift


def pool_back(g: Array, at: Array, shape: tuple[int, ...]) -> Array:
    """Return the gradient of the image."""
    out = np.zeros(shape, g.dtype)
    out.reshape(-1)[at] = g
    return out


def shuffle(x: Array) -> Array:
    """Return ``(N, 4 C, H, W)`` as ``(N, C, 2 H, 2 W)``."""
    n, c, h, w = x.shape
    blocks = x.reshape(n, c // 4, 2, 2, h, w).transpose(0, 1, 4, 2, 5, 3)
    return blocks.reshape(n, c // 4, 2 * h, 2 * w)


def shuffle_back(g: Array) -> Array:
    """Return the gradient of the image before `shuffle`."""
    n, c, h, w = g.shape
    blocks = g.reshape(n, c, h // 2, 2, w // 2, 2).transpose(0, 1, 3, 5, 2, 4)
    return blocks.reshape(n, 4 * c, h // 2, w // 2)


def hips_conv(anp: Any, x: Any, w: Any, b: Any, stride: int = 1) -> Any:
    """Return the convolution by indexing, the fastest way there is in HIPS autograd."""
    n, c, h, width = x.shape
    padded = anp.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="constant")
    rows = np.arange(0, h, stride)
    columns = np.arange(0, width, stride)
    i = np.arange(3)[:, None, None, None] + rows[None, None, :, None]
    j = np.arange(3)[None, :, None, None] + columns[None, None, None, :]
    places = anp.reshape(padded[:, :, i, j], (n, c * 9, len(rows) * len(columns)))
    flat = anp.matmul(anp.reshape(w, (w.shape[0], -1)), places)
    return anp.reshape(flat, (n, w.shape[0], len(rows), len(columns))) + b[:, None, None]
