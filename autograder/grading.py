"""The one function that a grade cell calls."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from autograder.exercises import Exercise, exercises, get
from autograder.plugging import Stage, null_stage, stage, stale
from autograder.quiet import quiet
from autograder.smallest import smallest
from autograder.trial import Mark, Trial, load_hidden, run, run_with
from autograder.verdict import Verdict, beside, judged, refused, stopped_at_basics
from course.scenarios.observation import Observations
from course.scenarios.registry import Scenario

_free: dict[tuple[str, bool, tuple[str, ...]], frozenset[str]] = {}


def grade(exercise_id: str, **parts: Any) -> float:
    """Do what `autograder.grade` promises."""
    try:
        with quiet():
            verdict = verdict_on(exercise_id, parts)
    except BaseException as error:  # a student's object may raise anything, at any moment
        verdict = Verdict(
            0.0, (f"{exercise_id}: grading broke off: {type(error).__name__}. Show this to your teacher.",)
        )
    print(verdict)
    return verdict.points


def verdict_on(exercise_id: str, parts: dict[str, Any]) -> Verdict:
    """Run the scenarios and judge; `grade` without the armour."""
    try:
        exercise = get(exercise_id)
    except KeyError as error:
        return Verdict(0.0, (str(error.args[0]),))
    if missing := [name for name in exercise.parts if parts.get(name) is None]:
        call = ", ".join(f"{name}={name}" for name in exercise.parts)
        return refused(exercise, f"{missing[0]} was not handed in.", f'Call grade("{exercise.id}", {call}).')
    try:
        scene = stage(exercise, parts)
    except (OSError, ImportError) as error:
        return refused(exercise, f"The parts of earlier lessons do not load: {error}")
    hidden = load_hidden()
    try:
        plug = scene.set()
    except Exception as error:
        return refused(exercise, f"The engine does not take this part: {error}", exercise.advice)
    with plug:
        # All of them run even when a basic one fails: together they tell which idea is wrong.
        later, waiting = _chosen(exercise, scene, hidden)
        trials = run([*exercise.basics, *later])
    ideas = ideas_for(exercise, trials)
    students = [*exercise.parts, *scene.own]

    def again(scenario: Scenario, seed: int, expected: Observations) -> Trial:
        with scene.set():
            return run_with(scenario, seed, expected)

    def simpler(trial: Trial) -> Trial:
        return smallest(trial, again)

    basics = trials[: len(exercise.basics)]
    if all(trial.passed for trial in basics):
        free = free_of(exercise, scene, hidden)
        verdict = judged(exercise, trials, free, ideas, waiting, scene.absent, students, simpler)
    else:
        verdict = stopped_at_basics(exercise, basics, ideas, students, simpler)
    weak = [] if all(trial.passed for trial in trials) else _weak(scene, hidden)
    return beside(verdict, stale(exercise, parts), weak)


def _weak(scene: Stage, hidden: bool) -> list[tuple[str, str]]:
    """The student's companions that fail in their own exercise: the fault may be theirs alone.

    Each is tried without the student's other parts, whose faults would look like its own; and only where
    all that its exercise asks for is the student's, since a part that is missing would look like a fault, too.
    """
    found = []
    for other in exercises():
        if not set(other.parts) <= set(scene.own):
            continue
        for name in other.parts:
            own = {part: scene.parts[part] for part in other.parts}
            alone = stage(other, {**dict.fromkeys(other.companions), **own})
            with alone.set():
                trials = run([*other.basics, *_chosen(other, alone, hidden)[0]])
            if not all(trial.passed for trial in trials):
                found.append((name, other.id))
    return found


def _chosen(exercise: Exercise, scene: Stage, hidden: bool) -> tuple[list[str], int]:
    """Scenarios after the basic ones, and how many must wait for an absent companion."""
    every = [*exercise.scenarios, *(exercise.hidden if hidden else ())]
    held = {id for name in scene.absent for id in exercise.waits.get(name, ())}
    ready = [id for id in every if id not in held]
    return ready, len(every) - len(ready)


def free_of(exercise: Exercise, scene: Stage, hidden: bool) -> frozenset[str]:
    """Scenarios that agree with torch while nothing stands where the student's parts go."""
    key = (exercise.id, hidden, scene.absent)
    if key not in _free:
        ids = [*exercise.basics, *_chosen(exercise, scene, hidden)[0]]
        with null_stage(exercise, scene).set():
            _free[key] = frozenset(trial.scenario.id for trial in run(ids) if trial.passed)
    return _free[key]


def ideas_for(exercise: Exercise, trials: list[Trial]) -> list[str]:
    """What the fault dictionary knows of these marks; it is not in what students install."""
    marks: frozenset[Mark] = frozenset().union(*(trial.marks for trial in trials))
    if not marks or importlib.util.find_spec("autograder.faults") is None:
        return []
    found: list[str] = importlib.import_module("autograder.faults").ideas(
        exercise, marks, [trial.scenario.id for trial in trials]
    )
    return found
