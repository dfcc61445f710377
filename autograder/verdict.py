"""From trials to points and words."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from autograder.exercises import Exercise
from autograder.trial import Trial, telling
from autograder.words import contrast, inputs, origin, plain, unwritten

MESSAGES = 2
UNWRITTEN = "    This is not written yet: "
Simpler = Callable[[Trial], Trial]  # the same failure with simpler inputs, if there are some; see `autograder.smallest`


def _as_it_is(trial: Trial) -> Trial:
    return trial


@dataclass(frozen=True)
class Verdict:
    """What an exercise earned and what to say about it.

    Attributes
    ----------
    points : float
        A plain float in ``[0, exercise.points]``.
    lines : tuple of str
        The feedback.
    """

    points: float
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(plain(line) for line in self.lines)


def refused(exercise: Exercise, why: str, advice: str = "") -> Verdict:
    """Nothing could be run."""
    return Verdict(0.0, (_head(exercise, 0.0), f"- {why}", *([f"  {advice}"] if advice else [])))


def stopped_at_basics(
    exercise: Exercise,
    trials: Sequence[Trial],
    ideas: list[str],
    students: Sequence[str] = (),
    simpler: Simpler = _as_it_is,
) -> Verdict:
    """A basic scenario failed: say only that."""
    first = next(trial for trial in trials if not trial.passed)
    lines = [_head(exercise, 0.0) + " First make this work:", *_tell(exercise, first, ideas, students, simpler)]
    return Verdict(0.0, tuple(_advised(exercise, lines, [first], ideas)))


def judged(
    exercise: Exercise,
    trials: Sequence[Trial],
    free: frozenset[str],
    ideas: list[str],
    waiting: int = 0,
    absent: Sequence[str] = (),
    students: Sequence[str] = (),
    simpler: Simpler = _as_it_is,
) -> Verdict:
    """Turn the trials into points.

    Parameters
    ----------
    exercise : Exercise
        What was graded.
    trials : sequence of Trial
        The outcome of every scenario, the basic ones too.
    free : frozenset of str
        Scenarios that agree with torch even with no part at all. They earn nothing; breaking one
        costs as much as a scenario earns.
    ideas : list of str
        What wrong idea may be behind it, the likeliest first.
    waiting : int
        How many scenarios wait for a companion. They have not earned anything yet.
    absent : sequence of str
        The companions they wait for.
    students : sequence of str
        The parts that the student wrote.
    simpler : callable
        Finds simpler inputs for a failure that is shown.
    """
    earning = [trial for trial in trials if trial.scenario.id not in free]
    earned = sum(trial.passed for trial in earning)
    broken = sum(not trial.passed for trial in trials if trial.scenario.id in free)
    whole = len(earning) + waiting
    share = max(0, earned - broken) / whole if whole else 0.0
    # The dearest first: what costs most is most worth reading. Sorting keeps equals in their order.
    failing = sorted((trial for trial in trials if not trial.passed), key=lambda one: -_cost(exercise, one))
    most = exercise.points - max((_cost(exercise, trial) for trial in failing), default=0.0)
    points = float(round(min(exercise.points * share, max(0.0, most)), 2))
    # Checks that pass with nothing written are not mentioned, or the numbers would not fit the points.
    counted = len(earning) + broken
    passed = f" {earned} of {counted} checks pass." if counted else ""
    lines = [_head(exercise, points, " so far" if waiting else "") + passed]
    if broken:
        lines.append(f"(Failing though they pass with nothing written: {broken}; each takes off what another earns)")
    for nth, trial in enumerate(failing[:MESSAGES]):
        lines += _tell(exercise, trial, ideas if nth == 0 else [], students, simpler)
    if len(failing) > MESSAGES:
        lines.append(f"({len(failing) - MESSAGES} more differ; mend these first)")
    lines = _advised(exercise, lines, failing[:MESSAGES], ideas)
    if waiting:
        missing, use = " and ".join(absent), ", ".join(f"{name}={name}" for name in absent)
        lines.append(f"({waiting} more checks wait for {missing}; grading runs them all)")
        lines.append(f"To run them now, plug yours in: torch.use({use})")
    return Verdict(points, tuple(lines))


def beside(verdict: Verdict, stale: Sequence[str], weak: Sequence[tuple[str, str]]) -> Verdict:
    """Add what may be wrong around the part that was graded.

    Parameters
    ----------
    verdict : Verdict
        What was said of the part.
    stale : sequence of str
        Parts handed in that are not the ones plugged in.
    weak : sequence of tuple of str
        Companions that do not pass their own exercise, and that exercise.
    """
    lines = list(verdict.lines)
    for name, exercise in weak:
        lines.insert(1, f"(Your {name} does not pass {exercise} itself. Mend it first: this may be all its doing.)")
    # While nbgrader grades, nobody compares, and what is plugged in is nobody's concern.
    if stale and "NBGRADER_EXECUTION" not in os.environ and not any(line.startswith(UNWRITTEN) for line in lines):
        use = ", ".join(f"{name}={name}" for name in stale)
        lines.append(f"Careful: the part plugged in is not the one you handed in: run torch.use({use}) again")
    return replace(verdict, lines=tuple(lines))


def _cost(exercise: Exercise, trial: Trial) -> float:
    return exercise.costs.get(trial.scenario.id, 0.0)


def _advised(exercise: Exercise, lines: list[str], shown: Sequence[Trial], ideas: list[str]) -> list[str]:
    """Add the exercise's general advice, where nothing better was said."""
    better = ideas or any(trial.scenario.id in exercise.hints for trial in shown)
    return [*lines, f"Advice: {exercise.advice}"] if shown and exercise.advice and not better else lines


def _head(exercise: Exercise, points: float, when: str = "") -> str:
    return f"{exercise.id}: {points:g} of {exercise.points:g} points{when}."


def _tell(exercise: Exercise, trial: Trial, ideas: list[str], students: Sequence[str], simpler: Simpler) -> list[str]:
    """One message: the question, what torch gives, what the submission gives, and the idea behind it."""
    scenario = trial.scenario
    lines = [f"- {scenario.asks}"]
    if trial.trouble:
        lines.append(f"    Your part {trial.trouble}.")
    else:
        difference = telling(trial.differences)
        if missing := unwritten(difference, exercise.number):
            return [*lines, UNWRITTEN + missing]
        trial = simpler(trial)
        difference = telling(trial.differences)
        expected, yours = contrast(difference)
        if difference.what == "extra" and difference.label == "raised":
            lines.append("    With your part it breaks off:")
        else:
            lines.append(f"    Look at {difference.label + difference.where!r}:")
            lines.append(f"      {'expected' if scenario.contract else 'torch'}: {expected}")
        lines.append(f"      yours: {yours}")
        if not scenario.hidden and (given := inputs(trial.inputs)):
            lines.append(f"      with the inputs: {given}")
        if place := origin(difference, students):
            lines.append(f"      raised in: {place}")
    if len(ideas) == 1:
        lines.append(f"    Likely cause: {ideas[0]}")
    elif ideas:
        lines.append("    Likely cause, one of:")
        lines += [f"      {idea}" for idea in ideas[:2]]
    elif hint := exercise.hints.get(scenario.id):
        lines.append(f"    Hint: {hint}")
    if cost := _cost(exercise, trial):
        lines.append(f"    As long as this fails, it costs at least {cost:g} point{'' if cost == 1 else 's'}.")
    if not scenario.hidden:
        where = "Run it yourself" if scenario.contract else "See it beside torch"
        seed = f", seed={trial.seed}" if trial.seed else ""
        lines.append(f'    {where}: compare("{scenario.id}"{seed})')
    return lines
