"""Axes and shapes as arguments: counted from the front, checked, spread or in one tuple."""

from __future__ import annotations

from operator import index
from typing import Any

Axes = int | tuple[int, ...] | list[int]
Dim = Axes | None
Shape = tuple[int, ...] | list[int]


def axis(dim: int, ndim: int) -> int:
    """Return one axis counted from the front; a 0-d tensor has axis 0 (and -1).

    Raises
    ------
    IndexError
        If it is out of range.
    """
    extent = max(ndim, 1)
    if not -extent <= dim < extent:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-extent}, {extent - 1}], but got {dim})"
        )
    return dim % extent


def axes(dim: Any, ndim: int) -> tuple[int, ...]:
    """Return the axes that `dim` names, counted from the front; all of them for None or ``()``.

    None are left for a 0-d tensor, although -1 and 0 may be named.

    Raises
    ------
    IndexError
        If an axis is out of range.
    RuntimeError
        If an axis is named twice.
    """
    if dim is None or dim == () or dim == []:
        return tuple(range(ndim))
    if not isinstance(dim, tuple | list):
        dim = (dim,)
    found = tuple(axis(d, ndim) for d in dim)
    for d in found:
        if found.count(d) > 1:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
    return found if ndim else ()


def sizes(shape: tuple[Any, ...]) -> tuple[int, ...]:
    """Return ``(2, 3)`` for ``f(2, 3)`` and for ``f((2, 3))``.

    Raises
    ------
    TypeError
        If there is nothing, or something else than whole numbers.
    """
    if not shape:
        raise TypeError("no shape")
    if len(shape) == 1 and isinstance(shape[0], tuple | list):
        shape = tuple(shape[0])
    return tuple([index(n) for n in shape])


def listed(size: Shape) -> tuple[int, ...]:
    """Return a shape given in one tuple or list; a single number is none."""
    return sizes((size,)) if isinstance(size, tuple | list) else sizes(())


def not_negative(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return `shape` if a tensor can have it.

    Raises
    ------
    RuntimeError
        If an extent is negative.
    """
    for n in shape:
        if n < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {n}: {list(shape)}")
    return shape
