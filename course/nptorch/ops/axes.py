"""Axes and shapes as arguments: counted from the front, checked, spread or in one tuple."""

from __future__ import annotations

from typing import Any


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
    """Return ``(2, 3)`` for ``f(2, 3)`` and for ``f((2, 3))``."""
    if len(shape) == 1 and isinstance(shape[0], tuple | list):
        shape = tuple(shape[0])
    return tuple(int(n) for n in shape)
