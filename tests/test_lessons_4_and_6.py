"""The graded parts of lessons 4 and 6: what their traps cost, and that a leaking mode stays inside."""

from __future__ import annotations

from typing import Any

import pytest

import course.nptorch as torch
from autograder import faults, grade
from autograder.exercises import Exercise, exercises, get
from course.nptorch.grad_mode import mode
from course.parts import reference

WRONG = {one.id: one for lesson in ("l04_graph", "l06_versions") for one in faults.faults(lesson)}

TRAPS = {
    "detach-copies": 1.0,
    "detach-cuts-both": 1.0,
    "mode-lost-in-an-exception": 1.5,
    "mode-always-back-on": 1.5,
    "inference-lost-in-an-exception": 1.0,
    "never-checked": 2.0,
    "leaves-are-let-through": 2.0,
    "ever-changed": 2.0,
    "counts-only-what-is-recorded": 1.5,
    "base-is-not-told": 1.5,
    "old-gradient-let-through": 1.5,
    "rest-of-the-base-forgotten": 1.5,
    "node-holds-its-base": 1.0,
    "view-never-refreshed": 1.5,
    "only-views-with-a-history": 1.0,
}


def wrong(id: str) -> tuple[str, dict[str, Any]]:
    one = WRONG[id]
    exercise = get(one.exercise)
    parts = reference(exercise.number)
    return exercise.id, {name: parts[name] for name in exercise.parts} | {one.part: one.wrong}


@pytest.mark.parametrize(("lesson", "points", "least"), [("l04_graph", 10, 12), ("l06_versions", 13, 14)])
def test_each_lesson_has_its_points_and_enough_faults(lesson: str, points: float, least: int) -> None:
    assert sum(exercise.points for exercise in exercises(lesson)) == points
    assert len(faults.faults(lesson)) >= least


@pytest.mark.parametrize("id", TRAPS)
def test_falling_into_a_trap_costs_what_it_says(id: str) -> None:
    exercise, parts = wrong(id)
    assert grade(exercise, **parts) <= get(exercise).points - TRAPS[id]


@pytest.mark.parametrize("id", ["mode-never-back", "enable-grad-switches-off-at-its-end", "inference-flag-stays"])
def test_a_mode_that_leaks_stays_inside_its_scenario(id: str) -> None:
    exercise, parts = wrong(id)
    grade(exercise, **parts)
    assert (mode.enabled, mode.inference) == (True, False)


def test_a_notebook_left_in_inference_mode_is_graded_and_stays_in_it() -> None:
    exercise, parts = get("detach"), reference(4)
    with torch.use(**parts), torch.inference_mode():
        assert grade(exercise.id, **{name: parts[name] for name in exercise.parts}) == exercise.points
        assert torch.is_inference_mode_enabled()


def test_early_lessons_are_graded_without_the_modes_of_lesson_4() -> None:
    """Their scenarios must not be entered by a context manager that nobody has built yet."""
    from autograder.trial import run_one
    from course.nptorch.parts import DECLARED
    from course.scenarios import get as find

    with torch.use(**{**dict.fromkeys(DECLARED), **reference(2)}):
        mode.enabled = False
        try:
            trial = run_one(find("engine.diamond"))
        finally:
            mode.enabled = True
    assert trial.passed, trial


@pytest.mark.parametrize("exercise", [*exercises("l04_graph"), *exercises("l06_versions")], ids=lambda one: one.id)
def test_a_companion_brings_along_what_its_own_exercise_needs(exercise: Exercise) -> None:
    """Else the student's right part would be tried beside missing ones, and blamed for a fault of another."""
    for other in exercises(exercise.lesson):
        if set(other.parts) & set(exercise.companions):
            assert set(other.parts) <= {*exercise.companions, *exercise.parts}
