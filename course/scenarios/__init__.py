"""Scenarios: small programs written once and run unchanged on torch and on nptorch.

What a scenario yields is its observation. Nothing in this project is compared
in any other way, and torch is the only judge of what is right.
"""

from course.scenarios.attempt import Raised, attempt, heard, quiet_gc
from course.scenarios.draw import Draw
from course.scenarios.reach import chain, changed, derived, part, watch
from course.scenarios.registry import Cases, Scenario, Yields, get, load, scenario, scenarios

__all__ = [
    "Cases",
    "Draw",
    "Raised",
    "Scenario",
    "Yields",
    "attempt",
    "chain",
    "changed",
    "derived",
    "get",
    "heard",
    "load",
    "part",
    "quiet_gc",
    "scenario",
    "scenarios",
    "watch",
]
