"""What torch says of nested lists of which no tensor can be made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np


def refuse_nested(source: Any) -> None:
    """Raise what torch raises for data that NumPy could make no array of numbers of.

    Parameters
    ----------
    source : object
        Nested lists, in which arrays stand for Tensors, or a single thing.

    Raises
    ------
    TypeError
        If there are strings, or lists where numbers are expected.
    ValueError
        If lists are not all of one length, or a number is too large.
    RuntimeError
        If something is no number.
    """
    extents = _extents(source)
    whole = True
    for leaf in _leaves(source):
        if isinstance(leaf, str):
            raise TypeError("new(): invalid data type 'str'")
        if isinstance(leaf, np.ndarray) and leaf.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        if not isinstance(leaf, int | float | np.generic | np.ndarray):
            raise RuntimeError(f"Could not infer dtype of {type(leaf).__name__}")
        whole = whole and not isinstance(leaf, float)
    _refuse_uneven(source, extents, whole)
    raise ValueError("Overflow when unpacking long long")


def _extents(source: Any) -> list[int]:
    """Return the lengths found by always looking into the first of a list."""
    extents = []
    at = source
    while isinstance(at, list):
        extents.append(len(at))
        at = at[0] if at else None
    if isinstance(at, str) and extents:
        raise ValueError("too many dimensions 'str'")
    return extents


def _leaves(source: Any) -> Iterator[Any]:
    if not isinstance(source, list):
        yield source
        return
    for item in source:
        yield from _leaves(item)


def _refuse_uneven(source: Any, extents: list[int], whole: bool, depth: int = 0) -> None:
    """Refuse lists that differ in length from the first of their depth, or are deeper or less deep than it."""
    if depth == len(extents):
        if isinstance(source, list):
            what = "'list' object cannot be interpreted as an integer" if whole else "must be real number, not list"
            raise TypeError(what)
        return
    if not isinstance(source, list):
        raise TypeError("not a sequence")
    if len(source) != extents[depth]:
        raise ValueError(f"expected sequence of length {extents[depth]} at dim {depth} (got {len(source)})")
    for item in source:
        _refuse_uneven(item, extents, whole, depth + 1)
