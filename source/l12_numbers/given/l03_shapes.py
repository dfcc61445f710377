"""Lesson 3: gradients have the shape of what they belong to."""

from __future__ import annotations

from typing import Any

from course.nptorch.math import expand, index_put, permute, reshape, transpose


def sum_to_size(g: Any, shape: tuple[int, ...]) -> Any:
    """Sum a gradient back over the axes that broadcasting added or stretched.

    Parameters
    ----------
    g : numpy.ndarray or Tensor
        Gradient of a broadcast operand, in the shape of the result.
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
    """Return the gradient of ``x.sum(dim, keepdim)`` for `x`.

    Parameters
    ----------
    g : numpy.ndarray or Tensor
        Gradient of the sums, in their shape.
    shape : tuple of int
        Shape of `x`.
    dim : tuple of int
        Every axis that was summed, counted from the front; all of them for ``x.sum()``.
    keepdim : bool
        Whether the sums still have these axes, with length 1.

    Returns
    -------
    numpy.ndarray or Tensor
        Of shape `shape`.
    """
    kept = tuple(1 if axis in dim else n for axis, n in enumerate(shape))
    return expand(reshape(g, kept), shape)


def mean_self(g: Any, shape: tuple[int, ...], dim: tuple[int, ...], keepdim: bool) -> Any:
    """Return the gradient of ``x.mean(dim, keepdim)`` for `x`; the parameters are those of `sum_self`."""
    count = 1
    for axis in dim:
        count *= shape[axis]
    return sum_self(g / count, shape, dim, keepdim) if count else sum_self(g, shape, dim, keepdim)


def matmul_self(g: Any, other: Any) -> Any:
    """Return the gradient of ``x @ other`` for `x`.

    Parameters
    ----------
    g : numpy.ndarray or Tensor
        Gradient of the product, of shape ``(..., n, k)``.
    other : numpy.ndarray or Tensor
        The right matrix, of shape ``(..., m, k)``.

    Returns
    -------
    numpy.ndarray or Tensor
        Of shape ``(..., n, m)``.
    """
    return g @ transpose(other)


def matmul_other(g: Any, self: Any) -> Any:
    """Return the gradient of ``self @ x`` for `x`.

    Parameters
    ----------
    g : numpy.ndarray or Tensor
        Gradient of the product, of shape ``(..., n, k)``.
    self : numpy.ndarray or Tensor
        The left matrix, of shape ``(..., n, m)``.

    Returns
    -------
    numpy.ndarray or Tensor
        Of shape ``(..., m, k)``.
    """
    return transpose(self) @ g


def permute_self(g: Any, dims: tuple[int, ...]) -> Any:
    """Return the gradient of ``x.permute(dims)`` for `x`.

    Parameters
    ----------
    g : numpy.ndarray or Tensor
        Gradient of the result, whose axis ``i`` is axis ``dims[i]`` of `x`.
    dims : tuple of int
        Every axis once, counted from the front.

    Returns
    -------
    numpy.ndarray or Tensor
        With the axes in the order that `x` has.
    """
    back = tuple(sorted(range(len(dims)), key=dims.__getitem__))
    return permute(g, back)


def index_self(g: Any, shape: tuple[int, ...], indices: Any) -> Any:
    """Return the gradient of ``x[indices]`` for `x`.

    Parameters
    ----------
    g : numpy.ndarray or Tensor
        Gradient of what was picked, in its shape.
    shape : tuple of int
        Shape of `x`.
    indices : tuple
        What stood between the brackets: slices, integers, arrays of integers, masks. NumPy takes
        it as it is: ``a[indices]`` picks from an array of shape `shape` what was picked from `x`.

    Returns
    -------
    numpy.ndarray or Tensor
        Of shape `shape`; an element that was picked twice has both gradients, added.
    """
    return index_put(g, shape, indices)
