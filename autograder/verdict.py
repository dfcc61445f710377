"""From trials to points and words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograder.exercises import Exercise
from autograder.trial import Trial
from autograder.words import contrast, plain, unwritten
from course.scenarios.differences import Difference

MESSAGES = 2


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


def stopped_at_basics(exercise: Exercise, trials: Sequence[Trial], ideas: list[str]) -> Verdict:
    """A basic scenario failed: say only that."""
    first = next(trial for trial in trials if not trial.passed)
    lines = [_head(exercise, 0.0) + " First make this work:", *_tell(first, ideas)]
    if exercise.advice:
        lines.append(f"  Advice: {exercise.advice}")
    return Verdict(0.0, tuple(lines))


def judged(
    exercise: Exercise,
    trials: Sequence[Trial],
    free: frozenset[str],
    ideas: list[str],
    waiting: int = 0,
    absent: Sequence[str] = (),
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
    """
    earning = [trial for trial in trials if trial.scenario.id not in free]
    earned = sum(trial.passed for trial in earning)
    broken = sum(not trial.passed for trial in trials if trial.scenario.id in free)
    whole = len(earning) + waiting
    share = max(0, earned - broken) / whole if whole else 0.0
    points = float(round(exercise.points * share, 2))
    failing = [trial for trial in trials if not trial.passed]
    agree = f" {len(trials) - len(failing)} of {len(trials)} checks agree with torch."
    lines = [_head(exercise, points, " so far" if waiting else "") + agree]
    for nth, trial in enumerate(failing[:MESSAGES]):
        lines += _tell(trial, ideas if nth == 0 else [])
    if len(failing) > MESSAGES:
        lines.append(f"({len(failing) - MESSAGES} more differ; mend these first)")
    if failing and exercise.advice and not ideas:
        lines.append(f"Advice: {exercise.advice}")
    if waiting:
        missing = " and ".join(absent)
        lines.append(f"({waiting} more checks wait for {missing}; grading runs them all)")
    return Verdict(points, tuple(lines))


def _head(exercise: Exercise, points: float, when: str = "") -> str:
    return f"{exercise.id}: {points:g} of {exercise.points:g} points{when}."


def _telling(differences: Sequence[Difference]) -> Difference:
    """The difference to show: what ended the run early, if something did, else the first."""
    ended = [one for one in differences if one.what == "extra" and one.label == "raised"]
    return (ended or list(differences))[0]


def _tell(trial: Trial, ideas: list[str]) -> list[str]:
    """One message: the question, what torch gives, what the submission gives, and the idea behind it."""
    lines = [f"- {trial.scenario.asks}"]
    if trial.trouble:
        lines.append(f"    Your part {trial.trouble}.")
    else:
        difference = _telling(trial.differences)
        if missing := unwritten(difference):
            return [*lines, f"    This is not written yet: {missing}"]
        torch, yours = contrast(difference)
        if difference.what == "extra" and difference.label == "raised":
            lines.append("    With your part it breaks off:")
        else:
            lines.append(f"    Look at {difference.label + difference.where!r}:")
            lines.append(f"      torch: {torch}")
        lines.append(f"      yours: {yours}")
    if len(ideas) == 1:
        lines.append(f"    Likely cause: {ideas[0]}")
    elif ideas:
        lines.append("    Likely cause, one of:")
        lines += [f"      {idea}" for idea in ideas[:2]]
    if not trial.scenario.hidden:
        lines.append(f'    See it beside torch: compare("{trial.scenario.id}")')
    return lines
