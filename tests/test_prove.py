"""The proof of the grader, exercise by exercise; `gradschool prove --mutants` prints it as a table."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from autograder.exercises import exercises
from autograder.prove import Proof, prove
from autograder.prove.equivalent import EQUIVALENT, SURVIVORS
from autograder.prove.mutants import mutants
from autograder.prove.proof import KILLED, NAMED, Line, line_of
from autograder.prove.table import show
from course.parts import reference

EVERY = exercises()


@pytest.mark.parametrize("exercise", EVERY, ids=lambda one: one.id)
def test_right_parts_earn_everything_and_wrong_ones_lose(exercise: object) -> None:
    line = line_of(exercise, with_mutants=True)  # type: ignore[arg-type]
    assert line.reference == line.exercise.points
    assert line.nothing == 0
    assert line.few == []
    assert set(line.others.values()) == {line.exercise.points}, line.others
    assert line.free == [], "these faults lose nothing"
    assert line.first >= NAMED * line.faults, line.unnamed
    assert set(line.survivors) <= set(SURVIVORS), "these mutants lose nothing"


def test_enough_mutants_lose_points() -> None:
    """With the test above, that survivors are among those listed, this proves the share."""
    made = [str(mutant) for name, part in reference().items() for mutant in mutants(name, part)]
    assert set(EQUIVALENT) <= set(made), "out of date"
    assert set(SURVIVORS) <= set(made), "out of date"
    counted = len(made) - len(EQUIVALENT)
    assert counted > 300
    assert counted - len(SURVIVORS) >= KILLED * counted


def test_there_are_enough_faults() -> None:
    from autograder.faults import faults

    known = faults()
    assert len(known) >= 80
    assert {one.lesson for one in known} >= {one.lesson for one in EVERY}


def line(**found: object) -> Line:
    made = Line(EVERY[0], reference=EVERY[0].points)
    for name, value in found.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"reference": 0.5}, "the reference earns 0.5"),
        ({"nothing": 1.0}, "nothing written earns 1"),
        ({"others": {"p (otherwise)": 0.25}}, "the alternative p (otherwise) earns 0.25"),
        ({"few": ["p"]}, "fewer than 2 alternatives of p"),
        ({"free": ["f"]}, "the fault f loses no points"),
        ({"faults": 10, "first": 8, "unnamed": ["f"]}, "Only 8 of 10 faults are named first"),
        ({"mutants": 100, "killed": 94}, "Only 94 of 100 mutants"),
    ],
)
def test_what_is_not_proved_is_said(found: dict[str, object], said: str) -> None:
    proof = Proof([line(**found)])
    assert any(said in complaint for complaint in proof.complaints)
    console = Console(file=io.StringIO(), width=150)
    show(proof, console)
    assert said in console.file.getvalue()  # type: ignore[attr-defined]


def test_what_is_proved_is_not_complained_of() -> None:
    assert Proof([line(faults=10, first=9, losing=10, mutants=100, killed=95)]).complaints == []


def test_one_lesson_can_be_proved_alone() -> None:
    said: list[str] = []
    found = prove(["l09_function"], say=said.append)
    assert said == ["function", "conv2d"]
    assert found.complaints == []
