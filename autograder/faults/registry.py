"""The list of faults: how one is declared and found."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

Part = TypeVar("Part")

_REGISTRY: dict[str, Fault] = {}


@dataclass(frozen=True)
class Fault:
    """A wrong part.

    Attributes
    ----------
    id : str
        A short name, such as ``freed-too-early``.
    lesson : str
        Lesson id; the module that declares the fault.
    exercise : str
        The exercise in which people make it.
    part : str
        The part that it stands in for.
    help : str
        One sentence that a student can act on.
    links : tuple of str
        Where real people met it.
    wrong : object
        The wrong part itself.
    """

    id: str
    lesson: str
    exercise: str
    part: str
    help: str
    links: tuple[str, ...]
    wrong: Any


def fault(id: str, *, exercise: str, part: str, help: str, links: Sequence[str] = ()) -> Callable[[Part], Part]:
    """Register the decorated class or function as a fault.

    Raises
    ------
    ValueError
        If the id is taken, or the help is not one line of plain ASCII.
    """
    if not help.isascii() or "\n" in help or not help.strip():
        raise ValueError(f"fault {id}: the help must be one line of plain ASCII")

    def register(wrong: Part) -> Part:
        module: str = getattr(wrong, "__module__", "")
        lesson = module.removeprefix(f"{__package__}.").partition(".")[0]
        known = _REGISTRY.get(id)
        if known is not None and _where(known.wrong) != _where(wrong):  # the same place again is a reload
            raise ValueError(f"fault id {id!r} is used twice")
        _REGISTRY[id] = Fault(id, lesson, exercise, part, help, tuple(links), wrong)
        return wrong

    return register


def _where(wrong: Any) -> tuple[str, str]:
    return getattr(wrong, "__module__", ""), getattr(wrong, "__qualname__", "")


def lessons() -> list[str]:
    """List the lessons that have faults."""
    here = str(Path(__file__).parent)
    return sorted(name for _, name, _ in pkgutil.iter_modules([here]) if name[:1] == "l" and name[1:3].isdigit())


def faults(lesson: str | None = None) -> list[Fault]:
    """List the faults of one lesson, or all, in the order in which they are written down."""
    for module in lessons():
        if lesson in (None, module):
            importlib.import_module(f"autograder.faults.{module}")
    return [known for known in _REGISTRY.values() if lesson in (None, known.lesson)]
