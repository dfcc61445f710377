"""The list of alternatives: how one is declared and found."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

Part = TypeVar("Part")

_REGISTRY: dict[tuple[str, str], Alternative] = {}


@dataclass(frozen=True)
class Alternative:
    """A right part, written otherwise than the reference.

    Attributes
    ----------
    part : str
        The part that it stands in for.
    how : str
        In what it is different, in a few words; with `part` its name.
    lesson : str
        Lesson id; the module that declares it.
    right : object
        The part itself.
    """

    part: str
    how: str
    lesson: str
    right: Any


def alternative(part: str, how: str) -> Callable[[Part], Part]:
    """Register the decorated class or function as another right way to write `part`.

    Raises
    ------
    ValueError
        If there is one of this name already.
    """

    def register(right: Part) -> Part:
        module: str = getattr(right, "__module__", "")
        known = _REGISTRY.get((part, how))
        if known is not None and known.right.__qualname__ != getattr(right, "__qualname__", ""):
            raise ValueError(f"two alternatives of {part} are called {how!r}")
        lesson = module.removeprefix(f"{__package__}.").partition(".")[0]
        _REGISTRY[part, how] = Alternative(part, how, lesson, right)
        return right

    return register


def alternatives(lesson: str | None = None) -> list[Alternative]:
    """List the alternatives of one lesson, or all, in the order in which they are written down."""
    for name in sorted(name for _, name, _ in pkgutil.iter_modules([str(Path(__file__).parent)])):
        if name[:1] == "l" and name[1:3].isdigit() and lesson in (None, name):
            importlib.import_module(f"{__package__}.{name}")
    return [known for known in _REGISTRY.values() if lesson in (None, known.lesson)]
