"""The exercises: which parts a student builds, what they are worth, and which scenarios judge them."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Exercise:
    """One graded piece of a lesson.

    Attributes
    ----------
    id : str
        The name in the lesson's tags and in ``grade(...)``.
    lesson : str
        Lesson id, such as ``l05_retain_graph``.
    points : float
        What it is worth.
    parts : tuple of str
        The parts that the student hands to ``grade``.
    companions : tuple of str
        Parts of the same lesson that are plugged in beside them.
    basics : tuple of str
        Scenarios that come first; if one fails nothing else is run and the score is 0.
    scenarios : tuple of str
        Public scenarios.
    hidden : tuple of str
        Scenarios that run only where they are installed.
    waits : dict of str to tuple of str
        For each companion, the scenarios that cannot agree with torch while it is missing. Where
        the reference is not installed these wait until the student has written the companion.
    costs : dict of str to float
        For the traps that the lesson is about: how many points are lost at least if this scenario
        fails. Of several that fail the dearest counts. Every other scenario costs its share alone.
    hints : dict of str to str
        For a scenario, where to look when it fails. Shown unless the fault dictionary knows better.
    advice : str
        Where to look first when neither says anything.
    withheld : tuple of str
        Functions of the engine that do what is asked for, such as ``nn.functional.conv2d``: while the exercise
        is judged they raise.
    """

    id: str
    lesson: str
    points: float
    parts: tuple[str, ...]
    companions: tuple[str, ...] = ()
    basics: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    waits: dict[str, tuple[str, ...]] = field(default_factory=dict)
    costs: dict[str, float] = field(default_factory=dict)
    hints: dict[str, str] = field(default_factory=dict)
    advice: str = ""
    withheld: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """The lesson's number."""
        return int(self.lesson[1:3])


def exercises(lesson: str | None = None) -> list[Exercise]:
    """List the exercises of one lesson, or of all, in lesson order."""
    found: list[Exercise] = []
    for module in sorted(name for _, name, _ in pkgutil.iter_modules(__path__)):
        if lesson in (None, module):
            found += importlib.import_module(f"{__name__}.{module}").EXERCISES
    return found


def get(id: str) -> Exercise:
    """Return the exercise with this id.

    Raises
    ------
    KeyError
        If there is none.
    """
    known = {exercise.id: exercise for exercise in exercises()}
    if id not in known:
        raise KeyError(f"no exercise {id!r}; there are: {', '.join(known) or 'none'}")
    return known[id]
