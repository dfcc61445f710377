"""Lesson 3: gradients have the shape of what they belong to."""

from __future__ import annotations

from typing import Any

from course.nptorch.math import expand, index_put, permute, reshape, transpose


def sum_to_size(g: Any, shape: tuple[int, ...]) -> Any:
    """Sum a gradient back over the axes that broadcasting added or stretched.

    Parameters
    ----------
    g : numpy.ndarray or Tensor
        Gradient of a broadcast operand.
    shape : tuple of int
        Shape that the operand had; it broadcasts to ``g.shape``.

    Returns
    -------
    numpy.ndarray or Tensor
        Of shape `shape`.
    """
    extra = len(g.shape) - len(shape)
    if extra > 0:
        g = g.sum(axis=tuple(range(extra)))
    stretched = tuple(axis for axis, n in enumerate(shape) if n == 1 and g.shape[axis] != 1)
    return g.sum(axis=stretched, keepdims=True) if stretched else g


def sum_self(g: Any, shape: tuple[int, ...], dim: tuple[int, ...], keepdim: bool) -> Any:
    """Return the gradient of ``self.sum(dim, keepdim)``; `dim` lists the summed axes."""
    kept = tuple(1 if axis in dim else n for axis, n in enumerate(shape))
    return expand(reshape(g, kept), shape)


def mean_self(g: Any, shape: tuple[int, ...], dim: tuple[int, ...], keepdim: bool) -> Any:
    """Return the gradient of ``self.mean(dim, keepdim)``; `dim` lists the averaged axes."""
    count = 1
    for axis in dim:
        count *= shape[axis]
    return sum_self(g / count, shape, dim, keepdim) if count else sum_self(g, shape, dim, keepdim)


def matmul_self(g: Any, other: Any) -> Any:
    """Return the gradient of ``self @ other`` (both with 2 or more axes) for `self`."""
    return g @ transpose(other)


def matmul_other(g: Any, self: Any) -> Any:
    """Return the gradient of ``self @ other`` (both with 2 or more axes) for `other`."""
    return transpose(self) @ g


def permute_self(g: Any, dims: tuple[int, ...]) -> Any:
    """Return the gradient of ``self.permute(dims)``."""
    back = tuple(sorted(range(len(dims)), key=dims.__getitem__))
    return permute(g, back)


def index_self(g: Any, shape: tuple[int, ...], indices: Any) -> Any:
    """Return the gradient of ``self[indices]``; an element picked twice gets both gradients."""
    return index_put(g, shape, indices)
