"""Which part stands where while a submission is graded.

Parts of earlier lessons are the reference, so that one early mistake never costs later points. Parts
of later lessons are null, so that nobody leans on what they have not built. Companions, the parts of
the same lesson that are not being graded, are the reference where it is installed, else what the
student passed along or has plugged in.
"""

from __future__ import annotations

import importlib
import importlib.util
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Any

from autograder.exercises import Exercise
from autograder.sandbox.inside.withheld import put_back, withhold


@dataclass(frozen=True)
class Stage:
    """The engine as one submission is graded on it.

    Attributes
    ----------
    parts : dict
        Every part of the engine by name; None means the null part.
    absent : tuple of str
        Companions that nobody provides.
    own : tuple of str
        Companions that the student provides.
    withheld : tuple of str
        Functions of the engine that are out of use.
    """

    parts: dict[str, Any]
    absent: tuple[str, ...]
    own: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()

    def set(self) -> AbstractContextManager[Any]:
        """Plug the parts in; leaving the context restores what was there."""
        use: Any = importlib.import_module("course.nptorch").use
        plugged: AbstractContextManager[Any] = use(**self.parts)
        if not self.withheld:
            return plugged
        both = ExitStack()
        both.push(plugged)
        both.callback(put_back, withhold(self.withheld))
        return both


def stage(exercise: Exercise, given: dict[str, Any]) -> Stage:
    """Decide what stands where.

    Parameters
    ----------
    exercise : Exercise
        What is graded.
    given : dict
        What the student's notebook passed, by name.
    """
    declared = _declared()
    reference = reference_parts(exercise.number)
    parts: dict[str, Any] = {}
    absent: list[str] = []
    own: list[str] = []
    for name, lesson in declared.items():
        if name in exercise.parts:
            parts[name] = given.get(name)
        elif lesson < exercise.number:
            parts[name] = reference.get(name)
        elif lesson == exercise.number and name in reference:
            parts[name] = reference[name]
        elif name in exercise.companions:
            parts[name] = given.get(name, _plugged(name))
            (absent if parts[name] is None else own).append(name)
        else:
            parts[name] = None
    return Stage(parts, tuple(absent), tuple(own), exercise.withheld)


def null_stage(exercise: Exercise, like: Stage) -> Stage:
    """The same engine with nothing where the student's parts stood."""
    return Stage({**like.parts, **dict.fromkeys(exercise.parts)}, like.absent)


def reference_parts(lesson: int) -> dict[str, Any]:
    """Reference parts up to ``lesson``: from ``course.parts``, else (earlier lessons only) from ``given``."""
    if has_reference():
        found: dict[str, Any] = importlib.import_module("course.parts").reference(lesson)
        return found
    return _given(lesson)


def has_reference() -> bool:
    """Say whether the reference parts are installed, as on the grader's machine."""
    return importlib.util.find_spec("course.parts") is not None


def _given(lesson: int) -> dict[str, Any]:
    """Read the parts of earlier lessons that came with the notebook.

    Raises
    ------
    OSError or ImportError
        If they are not there, or do not load.
    """
    torch: Any = importlib.import_module("course.nptorch")
    plugged = importlib.import_module("course.nptorch.parts").plugged
    early = [name for name, number in _declared().items() if number < lesson]
    if not early:  # lesson 1 builds on nothing, so nothing came with it
        return {}
    with torch.use(**dict.fromkeys(early)):  # puts back what the student had plugged in
        torch.load_parts("given", lesson=lesson)
        return {name: getattr(plugged, name) for name in early}


def stale(exercise: Exercise, given: dict[str, Any]) -> list[str]:
    """The parts handed in that are not the ones plugged in, on which everything but `grade` runs."""
    plugged = importlib.import_module("course.nptorch.parts").plugged
    return [name for name in exercise.parts if getattr(plugged, name) is not given.get(name)]


def _plugged(name: str) -> Any:
    """What the student has plugged in under this name, if anything."""
    module: Any = importlib.import_module("course.nptorch.parts")
    return None if module.is_null(name) else getattr(module.plugged, name)


def _declared() -> dict[str, int]:
    """Every part of the engine, with its lesson."""
    importlib.import_module("course.nptorch")
    declared = importlib.import_module("course.nptorch.parts").DECLARED
    return {name: part.lesson for name, part in declared.items()}
