"""The fault dictionary: every fault is told apart where it can be.

That each is caught and named is in test_prove.py, and that signatures are up to date in `gradschool check`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from autograder import faults
from autograder.exercises import exercises, get
from autograder.faults import registry, signatures
from autograder.faults.lookup import ideas
from course.nptorch.parts import DECLARED
from course.parts import reference

# Pairs that nobody can tell apart by what the engine does. Each needs its reason here.
ALIKE: dict[frozenset[str], str] = {}


@pytest.mark.parametrize("lesson", registry.lessons())
def test_faults_are_declared_completely(lesson: str) -> None:
    known = faults.faults(lesson)
    assert len(known) >= 10
    for one in known:
        exercise = get(one.exercise)
        assert one.lesson == exercise.lesson, one.id
        assert one.part in exercise.parts, one.id
        assert one.part in DECLARED, one.id
        assert one.help.isascii(), one.id
        assert one.help.endswith("."), one.id
        assert len(one.help) <= 130, one.id
        assert all(link.startswith("https://") for link in one.links), one.id


@pytest.mark.parametrize("lesson", registry.lessons())
def test_the_reference_has_no_signature(lesson: str) -> None:
    """Otherwise every fault would seem to be caught."""
    parts = reference()
    honest = [
        faults.Fault(exercise.id, exercise.lesson, exercise.id, name, "", (), parts[name])
        for exercise in exercises(lesson)
        for name in exercise.parts
    ]
    assert {id: marks for id, marks in faults.compute(honest).items() if marks} == {}


def test_faults_are_told_apart() -> None:
    report = faults.report()
    assert report.uncaught == ()
    assert {frozenset(group) for group in report.alike} == set(ALIKE)


def test_what_resembles_nothing_has_no_idea() -> None:
    exercise = get("saved-tensor")
    ran = [*exercise.basics, *exercise.scenarios]
    assert ideas(exercise, frozenset({(ran[0], "nobody yields this", "value")}), ran) == []
    assert ideas(exercise, frozenset(), ran) == []


MARKS = {
    "a": [("s.1", "x", "value"), ("s.2", "y", "value")],
    "b": [("s.1", "x", "value"), ("s.2", "z", "value")],
    "c": [("s.1", "x", "value")],
}


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    known = [registry.Fault(id, "l05_toy", "toy", "p", f"Help {id}.", (), None) for id in MARKS]
    monkeypatch.setattr("autograder.faults.lookup.faults", lambda lesson: known)
    kept = {id: frozenset(marks) for id, marks in MARKS.items()}
    monkeypatch.setattr("autograder.faults.lookup.read", lambda lesson: kept)


@pytest.mark.usefixtures("toy")
@pytest.mark.parametrize(
    ("marks", "ran", "expected"),
    [
        (MARKS["a"], ["s.1", "s.2"], ["Help a."]),
        (MARKS["c"], ["s.1", "s.2"], ["Help c."]),
        # Only s.1 was run: there all three look the same. Two are enough.
        (MARKS["c"], ["s.1"], ["Help a.", "Help b."]),
        # Not quite a, not quite b, and more like a.
        ([*MARKS["a"], ("s.2", "w", "value")], ["s.1", "s.2"], ["Help a."]),
        ([*MARKS["a"], ("s.2", "z", "value")], ["s.1", "s.2"], ["Help a.", "Help b."]),
        # Another scenario fails too: that is something else.
        ([*MARKS["a"], ("s.3", "x", "value")], ["s.1", "s.2", "s.3"], []),
    ],
)
def test_lookup(marks: list[Any], ran: list[str], expected: list[str]) -> None:
    exercise = get("saved-tensor")
    toy = type(exercise)("toy", "l05_toy", 1.0, ("p",))
    assert ideas(toy, frozenset(marks), ran) == expected


def test_the_report_names_holes_and_twins(monkeypatch: pytest.MonkeyPatch) -> None:
    known = [registry.Fault(id, "l05_toy", "toy", "p", "Help.", (), None) for id in ("a", "b", "c", "d")]
    one = frozenset({("s.1", "x", "value")})
    kept = {"a": one, "b": one, "c": frozenset({("s.2", "x", "value")}), "d": frozenset()}
    monkeypatch.setattr(signatures, "faults", lambda lesson: known)
    monkeypatch.setattr(signatures, "read", lambda lesson: kept)
    report = faults.report()
    assert report.uncaught == ("d",)
    assert report.alike == (("a", "b"),)
    assert str(report) == "4 faults, 3 of them caught.\nNo scenario catches d.\nNo scenario tells these apart: a, b."


def test_signatures_are_written_in_a_fixed_order(tmp_path: Path) -> None:
    marks = {"b": frozenset({("s.2", "y", "value"), ("s.1", "x", "raised nothing")}), "a": frozenset()}
    text = signatures.to_text(marks)
    assert json.loads(text) == {"a": [], "b": [["s.1", "x", "raised nothing"], ["s.2", "y", "value"]]}
    (tmp_path / "l05_toy.json").write_text(text)
    assert faults.read("l05_toy", tmp_path) == marks
    assert faults.read("l06_toy", tmp_path) == {}


def test_a_fault_must_be_well_formed() -> None:
    for help in ("", "two\nlines", "na\u00efve"):
        with pytest.raises(ValueError, match="one line of plain ASCII"):
            faults.fault("x", exercise="toy", part="p", help=help)
    with pytest.raises(ValueError, match="used twice"):
        faults.fault(faults.faults()[0].id, exercise="toy", part="p", help="Help.")(test_lookup)
    known = faults.faults()[0]
    elsewhere = type("Wrong", (), {"__module__": "autograder.faults.l12_toy", "__qualname__": known.wrong.__qualname__})
    with pytest.raises(ValueError, match="used twice"):  # although the class has the same name
        faults.fault(known.id, exercise="toy", part="p", help="Help.")(elsewhere)
