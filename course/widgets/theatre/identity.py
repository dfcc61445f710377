"""Telling things apart without keeping them alive."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any


class WeakTable:
    """What is known of some objects, by identity; it forgets an object that dies.

    `weakref.WeakKeyDictionary` compares keys by ``==``, which Tensors answer element by element.
    """

    def __init__(self) -> None:
        self._held: dict[int, tuple[weakref.ref[Any], Any]] = {}

    def put(self, thing: Any, known: Any) -> None:
        """Remember `known` of a thing."""
        key, held = id(thing), self._held
        held[key] = weakref.ref(thing, lambda _: held.pop(key, None)), known

    def get(self, thing: Any) -> Any:
        """Return what is known of a thing, or None."""
        found = self._held.get(id(thing))
        return None if found is None else found[1]


class Memories:
    """Numbers for pieces of memory, and for those who share one version counter.

    A tensor of nptorch, its views and what `detach` returns share both. ``.data`` shares the memory
    and counts for itself.

    Parameters
    ----------
    new : function
        Makes a fresh number for a memory.
    """

    def __init__(self, new: Callable[[], int]) -> None:
        self._new = new
        self._of_array = WeakTable()
        self._of_tensor = WeakTable()  # -> (memory, counting)
        self._of_counter: dict[int, tuple[Any, tuple[int, object]]] = {}  # counters are small: they may stay

    def of(self, tensor: Any) -> tuple[int, object]:
        """Return the number of a Tensor's memory, and something that all have who count with it."""
        counter = tensor._version_counter
        known = None if counter is None else self.counted(counter)
        known = known or self._of_tensor.get(tensor)
        if known is None:
            known = self._memory(tensor), object()
        if counter is not None:
            self._of_counter[id(counter)] = counter, known
        self._of_tensor.put(tensor, known)
        self._owner(tensor, known[0])
        return known

    def counted(self, counter: Any) -> Any:
        """Return what `of` returned for the tensors whose writes a counter counts, or None."""
        found = self._of_counter.get(id(counter))
        return None if found is None else found[1]

    def _memory(self, tensor: Any) -> int:
        array = _root(tensor)
        known = None if array is None else self._of_array.get(array)
        return self._new() if known is None else int(known)

    def _owner(self, tensor: Any, number: int) -> None:
        array = _root(tensor)
        if array is not None:  # else a NumPy scalar, which nobody shares yet
            self._of_array.put(array, number)


def _root(tensor: Any) -> Any:
    """Return the array that owns the memory of a Tensor, or None where the data is a plain number."""
    array = tensor._data
    if not hasattr(array, "__setitem__"):
        return None
    while hasattr(array.base, "__array_interface__"):
        array = array.base
    return array
