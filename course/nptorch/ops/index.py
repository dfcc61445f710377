"""Indexing: views for slices, copies for masks and lists, as in NumPy and torch."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.nptorch.ops.register import method
from course.nptorch.record import OPS, attach
from course.nptorch._tensor import Tensor, wrap
from course.nptorch.views import make_view


def plain(index: Any) -> Any:
    """Return an index with Tensors replaced by their arrays."""
    if isinstance(index, Tensor):
        data = index._data
        return int(data) if data.ndim == 0 and data.dtype.kind in "iu" else data
    if isinstance(index, tuple):
        return tuple(plain(part) for part in index)
    if isinstance(index, list):
        return [plain(part) for part in index]
    return index


def is_view(index: Any) -> bool:
    """Return whether `index` selects by position only, so that the result is a view."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(
        part is None
        or part is Ellipsis
        or isinstance(part, slice)
        or (isinstance(part, int | np.integer) and not isinstance(part, bool))
        for part in parts
    )


@method("__getitem__")
def getitem(self: Tensor, index: Any) -> Tensor:
    """Return ``self[index]``: a view for slices and integers, a copy otherwise.

    Raises
    ------
    IndexError
        If an index is out of range or there are too many.
    """
    index = plain(index)
    shape = self._data.shape
    facts = {"shape": shape, "indices": index}
    if is_view(index):
        array = self._array[index if isinstance(index, tuple) else (index,)]
        if not isinstance(array, np.ndarray):  # every axis was indexed: still a view, of 0-d
            array = self._array[(*(index if isinstance(index, tuple) else (index,)), ...)]
        return make_view(self, array, OPS["select"], facts, lambda t: t[index])
    result = wrap(np.array(self._array[index]))
    attach(OPS["index"], (self,), result, facts)
    return result
