"""Docstrings of the operations that no ``def`` of their own stands for."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from course.nptorch._tensor import Tensor

WORDS = {
    "detach": "Return the same memory without history: `Tensor.detach`.",
    "fmod": "Return the remainder of ``self / other`` with the sign of `self`, element by element.",
    "get_rng_state": "Return the state of the default generator, for `set_rng_state`.",
    "initial_seed": "Return the seed that the default generator started with.",
    "is_inference": "Return whether the tensor was made in inference mode.",
    "is_tensor": "Return whether `obj` is a Tensor.",
    "promote_types": "Return the smallest dtype that `type1` and `type2` both fit in.",
    "remainder": "Return the remainder of ``self / other`` with the sign of `other`, element by element.",
    "seed": "Seed the default generator with a number that nobody can foresee, and return that number.",
    "set_rng_state": "Put the default generator back into a `state` that `get_rng_state` returned.",
}


def fill_in(functions: dict[str, Callable[..., Any]]) -> None:
    """Give each of `functions`, and every method, the docstring that it has not got yet."""
    for name, function in functions.items():
        method = vars(Tensor).get(name)
        if not function.__doc__:
            written = inspect.getdoc(method) or inspect.getdoc(inspect.unwrap(function))
            function.__doc__ = WORDS.get(name) or written
        if inspect.isfunction(method) and not method.__doc__:
            method.__doc__ = function.__doc__
    for method in vars(Tensor).values():  # some got theirs once they had been made methods
        if inspect.isfunction(method) and not method.__doc__:
            method.__doc__ = inspect.unwrap(method).__doc__
