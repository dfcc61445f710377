"""The list of all scenarios: how one is declared, found and listed."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from course.scenarios.draw import Draw

#: What a scenario gives back: labels and values, one after the other.
Yields = Iterator[tuple[str, object]]
Program = Callable[[Any, Draw], Yields]

#: Variations of one question, by name: functions of a tensor.
Cases = Mapping[str, Callable[[Any], Any]]

_ID = re.compile(r"[a-z0-9_]+\.[a-z0-9]+(-[a-z0-9]+)*")
_REGISTRY: dict[str, Scenario] = {}
_LESSONS = range(1, 13)

#: What a program may need: nothing, or a device of this kind.
DEVICES = ("", "cuda")


@dataclass(frozen=True)
class Scenario:
    """One small program and the question it answers.

    Attributes
    ----------
    id
        ``topic.some-name``; the topic is also the name of the oracle's file.
    lesson
        The lowest lesson with whose parts the program runs on nptorch.
    asks
        The question, in one line, as a student would put it.
    program
        The generator function; called with the backend's module and a `Draw`.
    hidden
        True for the scenarios that only graders have.
    ulps
        How far, in units of the last place, a value may be from torch's.
    contract
        True where torch has nothing of this name, so that what is expected follows
        from the text of an exercise; feedback then does not call it torch's.
    needs
        ``"cuda"`` where the program can run on a CUDA device only; else empty.
    """

    id: str
    lesson: int
    asks: str
    program: Program
    hidden: bool = False
    ulps: int = 64
    contract: bool = False
    needs: str = ""

    @property
    def topic(self) -> str:
        """The part of the id before the dot."""
        return self.id.partition(".")[0]


def scenario(
    id: str,
    *,
    lesson: int,
    asks: str,
    hidden: bool = False,
    ulps: int = 64,
    contract: bool = False,
    needs: str = "",
) -> Callable[[Program], Program]:
    """Register the decorated generator function as a scenario.

    Raises
    ------
    ValueError
        If the id is malformed or already taken by another function, if the
        lesson is not one of 1 to 12, if ``asks`` is empty or has two lines, or if
        ``needs`` is no device.
    """
    if not _ID.fullmatch(id):
        raise ValueError(f"scenario id {id!r} is not of the form 'topic.some-name'")
    if lesson not in _LESSONS:
        raise ValueError(f"scenario {id}: there is no lesson {lesson}")
    if not asks.strip() or "\n" in asks:
        raise ValueError(f"scenario {id}: `asks` must be one line of text")
    if needs not in DEVICES:
        raise ValueError(f"scenario {id}: needs={needs!r} is none of {', '.join(map(repr, DEVICES))}")

    def register(program: Program) -> Program:
        known = _REGISTRY.get(id)
        # A module that is reloaded (in a notebook) registers the same function again.
        if known is not None and _origin(known.program) != _origin(program):
            raise ValueError(f"scenario id {id!r} is used twice")
        _REGISTRY[id] = Scenario(id, lesson, asks, program, hidden, ulps, contract, needs)
        return program

    return register


def _origin(program: Program) -> tuple[str, str]:
    return program.__module__, getattr(program, "__qualname__", "")


def load() -> None:
    """Import every public scenario, so that `scenarios` and `get` know them."""
    import course.scenarios.topics as topics

    for module in pkgutil.iter_modules(topics.__path__):
        importlib.import_module(f"{topics.__name__}.{module.name}")


def scenarios(
    lesson: int | None = None, prefix: str = "", hidden: bool | None = False, needs: str = ""
) -> list[Scenario]:
    """Return the registered scenarios, ordered by id.

    Parameters
    ----------
    lesson
        Only the scenarios of exactly this lesson; None for all lessons.
    prefix
        Only ids that start so; ``"saved."`` is one topic.
    hidden
        False for public scenarios, True for hidden ones, None for both.
        Hidden ones are known only after `autograder.hidden.load()`.
    needs
        ``"cuda"`` for the programs that run on a CUDA device only, which are left out
        otherwise.
    """
    load()
    return [
        known
        for _, known in sorted(_REGISTRY.items())
        if (lesson is None or known.lesson == lesson)
        and known.id.startswith(prefix)
        and (hidden is None or known.hidden == hidden)
        and known.needs == needs
    ]


def get(id: str) -> Scenario:
    """Return the scenario with this id.

    Raises
    ------
    KeyError
        If no scenario with this id has been imported; names similar ids.
    """
    if id not in _REGISTRY:
        load()
    if id in _REGISTRY:
        return _REGISTRY[id]
    import difflib

    close = difflib.get_close_matches(id, _REGISTRY, n=3)
    hint = f"; similar: {', '.join(close)}" if close else ""
    raise KeyError(f"no scenario {id!r}{hint}")
