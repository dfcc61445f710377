"""Functions of the engine that do what an exercise asks for: out of use while it is judged."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from typing import Any

ENGINE = "course.nptorch"


def withhold(names: Iterable[str]) -> list[tuple[Any, str, Any]]:
    """Put functions that raise in the places of these, such as ``"nn.functional.conv2d"``.

    Returns
    -------
    list of tuple
        ``(module, name, function)``: what stood there, for `put_back`. Where a student's code runs this is not
        kept.
    """
    taken = []
    for path in names:
        where, _, name = f"{ENGINE}.{path}".rpartition(".")
        module = importlib.import_module(where)
        taken.append((module, name, getattr(module, name)))
        setattr(module, name, _refusing(name))
    return taken


def put_back(taken: Iterable[tuple[Any, str, Any]]) -> None:
    """Undo what `withhold` did."""
    for module, name, function in taken:
        setattr(module, name, function)


def _refusing(name: str) -> Callable[..., Any]:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(f"the engine's own {name} is out of use while yours is graded: build it of smaller steps")

    refuse.__name__ = refuse.__qualname__ = name
    return refuse
