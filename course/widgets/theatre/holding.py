"""What an object holds, seen from outside: nothing of the object itself is called."""

from __future__ import annotations

import gc
from types import CellType, FunctionType, MethodType
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor

DEPTH = 4  # containers inside containers
CONTAINERS = (dict, list, tuple, set, CellType, MethodType)


def held_by(keeper: Any) -> list[Any]:
    """Return the tensors and arrays that a student's `SavedTensor` holds, however it holds them.

    Whatever its attributes are called; in a list, a dict or the variables of an inner function as well.
    """
    return [item for item in _inside(keeper, DEPTH) if isinstance(item, Tensor | np.ndarray)]


def count_in(keeper: Any, number: Any) -> int:
    """Return how many numbers of this type and value an object holds, its notes on versions among them."""
    return sum(type(item) is type(number) and item == number for item in _inside(keeper, DEPTH))


def _inside(thing: Any, depth: int) -> list[Any]:
    found = []
    # a function also leads to the variables of its module, which are not what it keeps
    held = [thing.__closure__, thing.__defaults__] if isinstance(thing, FunctionType) else gc.get_referents(thing)
    for item in held:
        if isinstance(item, Tensor | np.ndarray | int | float):
            found.append(item)
        elif depth and isinstance(item, (*CONTAINERS, FunctionType)):
            found += _inside(item, depth - 1)
    return found
