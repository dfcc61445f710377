"""The parts that students build, and what stands in while one is missing.

A *part* is one function or class with a written contract. The engine's skeleton reaches every
part through the one object `plugged`, so plugging a part in takes effect at once and everywhere.
Where no part is plugged in, a *null part* does the least that is honest, or says which lesson
builds it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

TITLES = {
    1: "Derivatives you can trust",
    2: "The walk back",
    3: "Shapes",
    4: "Who gets a gradient?",
    5: "What is kept, what is freed",
    6: "Who touched my tensor?",
    7: "Stepping",
    8: "Hooks",
    9: "Your own Function",
    10: "Gradients of gradients",
    11: "Two losses, one graph",
    12: "Numbers: CPU and GPU",
}


class MissingPart(NotImplementedError):
    """A part is needed that no lesson has provided yet."""


@dataclass(frozen=True)
class Part:
    """What the engine expects under one name.

    Attributes
    ----------
    name : str
        The name under which the part is plugged in.
    lesson : int
        The lesson that builds it.
    contract : str
        One line: what it must do.
    null : object
        What stands in while it is missing.
    """

    name: str
    lesson: int
    contract: str
    null: Any


class Plugged:
    """One attribute per part, set by `declare` and `use`: the object that is in use now."""


DECLARED: dict[str, Part] = {}
plugged: Any = Plugged()
_lock = threading.RLock()
_listeners: list[Callable[[str, Any], None]] = []


def missing(name: str, lesson: int) -> Callable[..., Any]:
    """Return a null part that says which lesson builds `name`."""

    def null(*args: Any, **kwargs: Any) -> Any:
        raise MissingPart(
            f"{name} is built in lesson {lesson} ({TITLES[lesson]}) and is not plugged in: "
            f"use torch.use({name}=...), or torch.load_parts('given') for the reference parts"
        )

    null.__name__ = name
    null.__qualname__ = name
    null.lesson = lesson  # type: ignore[attr-defined]
    return null


def declare(name: str, lesson: int, contract: str, null: Any = None) -> Part:
    """Add a part to the engine; without `null` a missing part raises `MissingPart`."""
    part = Part(name, lesson, contract, missing(name, lesson) if null is None else null)
    DECLARED[name] = part
    setattr(plugged, name, part.null)
    return part


def latest(name: str) -> Callable[..., Any]:
    """Return a function that calls the part that is plugged in as `name` at that moment.

    For a saved part that calls another one: neither has to know where the other was saved. A class may
    derive from it, too, and then derives from what is plugged in when it is made.
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        return getattr(plugged, name)(*args, **kwargs)

    call.__name__ = call.__qualname__ = name
    call.__mro_entries__ = lambda bases: (getattr(plugged, name),)  # type: ignore[attr-defined]
    return call


def on_plug(listener: Callable[[str, Any], None]) -> None:
    """Call ``listener(name, part)`` at every change, for code that keeps parts in a table."""
    _listeners.append(listener)


class use:  # noqa: N801 - reads as a statement: torch.use(run_backward=run_backward)
    """Plug parts in by name, from here on, or inside a ``with`` block only.

    Parameters
    ----------
    **parts : object
        The parts, under their declared names (`parts()` lists them). ``None`` unplugs.

    Raises
    ------
    TypeError
        If a name is not a part of the engine.

    Examples
    --------
    >>> torch.use(SavedTensor=SavedTensor)           # doctest: +SKIP
    >>> with torch.use(SavedTensor=Leaky): ...       # doctest: +SKIP
    """

    def __init__(self, **parts: Any) -> None:
        unknown = [name for name in parts if name not in DECLARED]
        if unknown:
            raise TypeError(
                f"the engine has no part named {', '.join(unknown)}; its parts are: {', '.join(sorted(DECLARED))}"
            )
        with _lock:
            self._before = {name: vars(plugged)[name] for name in parts}
            for name, part in parts.items():
                _plug(name, DECLARED[name].null if part is None else part)

    def __enter__(self) -> use:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with _lock:
            for name, part in self._before.items():
                _plug(name, part)

    def __repr__(self) -> str:
        names = list(self._before)
        return f"plugged in: {', '.join(names) if len(names) < 7 else f'{len(names)} parts'}"


def _plug(name: str, part: Any) -> None:
    for listener in _listeners:
        listener(name, part)  # may refuse, so it is asked before anything changes
    setattr(plugged, name, part)


def is_null(name: str) -> bool:
    """Return whether nothing but the null part stands at `name`."""
    return vars(plugged)[name] is DECLARED[name].null
