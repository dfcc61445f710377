"""The simplest inputs on which a submission still goes wrong in the same way.

A failing check is run again on inputs for which torch's answer is on record: first the simple ones, then those
that everybody is graded on. So what a student reads does not hang on the inputs that happened to be drawn, and
is the same wherever the grading is done. It costs nothing but where something fails and is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from autograder.oracles import oracle, simple
from autograder.trial import Trial, telling
from course.scenarios.differences import Difference
from course.scenarios.observation import Observations
from course.scenarios.registry import Scenario

Again = Callable[[Scenario, int, Observations], Trial]  # runs a scenario with a seed, given what torch does then


def smallest(trial: Trial, again: Again) -> Trial:
    """Return a trial that shows the same difference with inputs that are as simple as can be.

    Parameters
    ----------
    trial : Trial
        One that failed. If nothing had been drawn, it is returned as it is.
    again : callable
        ``again(scenario, seed, expected)`` runs a scenario on the same parts.
    """
    if trial.trouble or not trial.inputs:
        return trial
    for seed, expected in _known(trial.scenario.id):
        found = again(trial.scenario, seed, expected)
        if found.trouble:  # it ran before, so this says nothing about the inputs; leave it at what is known
            return trial
        if found.differences and _tells(found) == _tells(trial):
            return found
    return trial


def _known(id: str) -> Iterator[tuple[int, Observations]]:
    # Of hidden scenarios no simple inputs are recorded, since none are shown; but values are, and those of the
    # record tell nothing of the inputs that the course keeps secret.
    for step in simple.steps(id):
        yield step, simple.expected(id, step)
    for seed in oracle.seeds(id):
        yield seed, oracle.expected(id, seed)


def _tells(trial: Trial) -> tuple[str, str, str]:
    shown: Difference = telling(trial.differences)
    raised = shown.got.value["type"] if shown.got is not None and shown.got.kind == "raised" else ""
    return shown.label, shown.what, raised
