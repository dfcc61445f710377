"""What torch gives on simple inputs, recorded for the checks whose inputs feedback shows.

Nobody is graded on these: they only say more plainly what has already been found to differ. So a step
(`course.scenarios.simple`) is left out where it would not be plainer or not be honest: where torch gives
infinities or nan that usual inputs do not give, and where rounding alone takes the reference further from
torch than is allowed.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.exercises import exercises
from autograder.oracles import files
from course.compare.backends import Backend, backend
from course.scenarios.differences import differences
from course.scenarios.observation import Observation, Observations, observe
from course.scenarios.registry import Scenario
from course.scenarios.simple import SIMPLE

WHERE = "simple"


def steps(id: str) -> tuple[int, ...]:
    """Return the recorded steps of a scenario, from the simplest on; none where nothing is drawn."""
    return tuple(step for step in SIMPLE if str(step) in _entry(id))


def expected(id: str, step: int) -> Observations:
    """Return what torch did on simple inputs.

    Raises
    ------
    KeyError
        If this was not recorded.
    """
    return Observations.from_json(_entry(id)[str(step)])


def _entry(id: str) -> dict[str, Any]:
    found: dict[str, Any] = files.read(_file(id))["observations"].get(id, {})
    return found


def _file(id: str) -> Path:
    return files.path(id.partition(".")[0], WHERE)


def graded() -> frozenset[str]:
    """Return the public scenarios that decide about points."""
    return frozenset(id for one in exercises() for id in (*one.basics, *one.scenarios))


def seen(engine: Backend, scenario: Scenario) -> dict[str, Observations]:
    """Run one scenario on torch and, where it draws, return what is to be recorded of it, by step."""
    usual = observe(scenario, engine)
    if not usual.drew:
        return {}
    found = {}
    with importlib.import_module("course.nptorch").use(**importlib.import_module("course.parts").reference()):
        for step in SIMPLE:
            theirs = observe(scenario, engine, step)
            ours = observe(scenario, backend("nptorch"), step)
            if (_finite(theirs) or not _finite(usual)) and not differences(theirs, ours, scenario.ulps):
                found[str(step)] = theirs
    return found


def _finite(all_seen: Observations) -> bool:
    return all(math.isfinite(number) for one in all_seen for number in _numbers(one))


def _numbers(one: Observation) -> Iterator[float]:
    for value in one.value if isinstance(one.value, list) else [one.value]:
        if isinstance(value, Observation):
            yield from _numbers(value)
        elif isinstance(value, float):
            yield value
