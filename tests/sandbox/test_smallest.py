"""A failing check is shown with the simplest inputs on which it fails: the same ones across the pipe and without it."""

from __future__ import annotations

import inspect
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from autograder.exercises import get
from autograder.faults import faults
from autograder.grading import verdict_on
from autograder.oracles import oracle, simple
from autograder.quiet import quiet
from autograder.report.message import parse
from autograder.sandbox.judge import Judge
from autograder.sandbox.transplant import grade_id, solutions, text_of
from autograder.sandbox.worker import Worker
from autograder.smallest import smallest
from autograder.trial import Trial, run_with
from autograder.words import inputs
from course.compare import compare
from course.compare.backends import backend
from course.nptorch import use
from course.parts import reference
from course.scenarios import get as scenario_of
from course.scenarios.differences import differences
from course.scenarios.draw import Draw
from course.scenarios.observation import observe
from course.scenarios.simple import COUNTING, ONES, SIMPLE

LESSON = "l05_retain_graph"
ROOT = Path(__file__).resolve().parents[2]
DECORATED = re.compile(r"^@fault\((?:.|\n)*?^\)\n", re.MULTILINE)
IMPORTED = re.compile(r"^from (?:__future__|autograder).*$", re.MULTILINE)


def as_a_cell(fault) -> str:
    """The text of a wrong part as a student could have written it."""
    text = inspect.getsource(sys.modules[fault.wrong.__module__])
    return f"{IMPORTED.sub('', DECORATED.sub('', text))}\n{fault.part} = {fault.wrong.__name__}\n"


def facts(verdict) -> list[object]:
    """What is told but for the likely cause: that is looked up by all that differs, which varies with the inputs."""
    said = parse(str(verdict))
    return [said.head, *((one.question, one.place, one.said, one.command) for one in said.messages)]


def test_both_roads_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """And whatever inputs were drawn: the judge's come from a secret, the notebook's from the record."""
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    source = json.loads((ROOT / "source" / LESSON / f"{LESSON}.ipynb").read_text(encoding="utf-8"))
    right = {grade_id(cell): text_of(cell) for cell in solutions(source)}
    shown = 0
    with Worker(ROOT / "source" / LESSON / "given") as worker:
        judge = Judge(worker, source)
        for fault in faults(LESSON)[::3]:
            there = judge.judge(get(fault.exercise), right | {fault.exercise: as_a_cell(fault)}, 20_240_101)
            with quiet():
                here = verdict_on(fault.exercise, {fault.part: fault.wrong})
            assert facts(there.verdict) == facts(here)
            shown += "with the inputs: [1.0, 1.0, 1.0]" in str(here)
    assert shown > 3


def test_what_is_shown_can_be_seen_beside_torch() -> None:
    """The line to run gives the inputs that the message names."""
    wrong = next(one for one in faults(LESSON) if one.id == "none-after-release")
    with quiet():
        text = str(verdict_on(wrong.exercise, {wrong.part: wrong.wrong}))
    id, step = re.search(r'compare\("([\w.-]+)", seed=(-\d)\)', text).groups()
    with use(**{**reference(), wrong.part: wrong.wrong}):
        assert not compare(id, seed=int(step)).agrees
    assert str(Draw(int(step)).normal(3).tolist()) in text


class Plan:
    """Answers for a submission: what differs with which seed, and what was asked."""

    def __init__(self, **failing: str) -> None:
        self.failing = {int(seed.replace("_", "-")[1:]): label for seed, label in failing.items()}
        self.asked: list[int] = []

    def __call__(self, scenario, seed, expected) -> Trial:
        self.asked.append(seed)
        wrong = expected.by_label()[self.failing[seed]] if self.failing.get(seed) in expected.by_label() else None
        if seed in self.failing and wrong is None:
            return Trial(scenario, trouble="did not end")
        found = [] if wrong is None else [type(DIFFERENCE)(wrong.label, "value", wrong, wrong)]
        return Trial(scenario, tuple(found), inputs=(np.ones(1),), seed=seed)


ID = next(id for id in sorted(simple.graded()) if simple.steps(id) == SIMPLE and len(simple.expected(id, ONES)) > 1)
LABELS = [one.label for one in simple.expected(ID, ONES)]
DIFFERENCE = differences(oracle.expected(ID, 0), oracle.expected(ID, 1), 0)[0]


def failed(label: str) -> Trial:
    where = oracle.expected(ID, 2).by_label()[label]
    return Trial(scenario_of(ID), (type(DIFFERENCE)(label, "value", where, where),), inputs=(np.ones(1),), seed=2)


def test_the_simplest_that_shows_the_same_difference_is_taken() -> None:
    one, other = LABELS[:2]
    assert smallest(failed(one), plan := Plan(s_1=one, s_2=one)).seed == ONES
    assert plan.asked == [ONES]
    assert smallest(failed(one), Plan(s_2=one, s0=one)).seed == COUNTING
    assert smallest(failed(one), Plan(s_1=other, s_2=one)).seed == COUNTING, "another difference is another story"
    assert smallest(failed(one), plan := Plan(s1=one, s2=one)).seed == 1
    assert plan.asked == [ONES, COUNTING, 0, 1]
    assert smallest(failed(one), Plan()) == failed(one)


def test_what_does_not_end_is_tried_once() -> None:
    assert smallest(failed(LABELS[0]), plan := Plan(s_1="endless", s_2=LABELS[0])).seed == 2
    assert plan.asked == [ONES]


def test_nothing_is_run_where_nothing_was_drawn() -> None:
    def never(*_: object) -> Trial:
        raise AssertionError("nothing to run")

    assert smallest(Trial(scenario_of(ID), trouble="did not end"), never).trouble
    assert smallest(Trial(scenario_of(ID), (DIFFERENCE,)), never).differences == (DIFFERENCE,)


def test_the_reference_passes_on_all_that_is_recorded() -> None:
    """Or feedback would show a difference that nobody made."""
    ids = [id for id in sorted(simple.graded()) if simple.steps(id)]
    assert len(ids) > 200
    with use(**reference()):
        for id in ids:
            for step in simple.steps(id):
                found = run_with(scenario_of(id), step, simple.expected(id, step))
                assert found.passed, (id, step, found.differences)


def test_simple_numbers() -> None:
    ones, counting = Draw(ONES), Draw(COUNTING)
    assert ones.normal(2, 2).tolist() == [[1.0, 1.0], [1.0, 1.0]]
    assert ones.uniform(2).tolist() == [0.5, 0.5]
    assert ones.uniform(2, low=0.2, high=3.0).tolist() == [1.0, 1.0]
    assert ones.uniform(1, low=-0.1, high=0.1).tolist() == [0.0]
    assert ones.uniform(1, low=2.5, high=9.0).tolist() == [3.0]
    assert ones.integers(0, 5, 2).tolist() == [1, 1]
    assert ones.integers(3, 5, 2).tolist() == [3, 3]
    assert ones.integers(0, 1, 2).tolist() == [0, 0]
    assert counting.normal(2).tolist() == [1.0, 2.0]
    assert counting.normal().tolist() == 3.0
    assert counting.integers(4, 6, 3).tolist() == [5, 4, 5]
    assert Draw(COUNTING).uniform(3).tolist() == [0.25, 0.5, 0.75]
    assert Draw(COUNTING, "float32").normal(3).dtype == np.float32
    assert np.all(Draw(COUNTING).uniform(5000) < 1)
    with pytest.raises(ValueError, match="no inputs called -9"):
        Draw(-9)


def test_the_engine_is_seeded_as_ever() -> None:
    """A simple step is no seed of an engine: torch and NumPy do not take all of these numbers."""
    assert observe(scenario_of(ID), backend("nptorch"), ONES).drew


def test_large_simple_inputs_are_told_in_words() -> None:
    assert inputs((np.ones((3, 4)), np.array(2.0))) == "1.0 everywhere, of shape (3, 4) and 2.0"
    assert inputs((np.arange(1.0, 13.0).reshape(3, 4),)) == "1.0 to 12.0 in order, of shape (3, 4)"
    assert inputs((np.ones(2), np.sin(np.arange(12.0)))) == ""


def test_remembered_draws_are_those_of_the_stream_and_nobodys_to_change() -> None:
    whole = Draw(7).integers(0, 9, 4)
    whole += 100
    assert Draw(7).integers(0, 9, 4).max() < 9
    for _ in range(2):  # the second time they are remembered; the stream is longer than what is
        draw, stream = Draw(7), np.random.RandomState(7)  # noqa: NPY002 - the stream that is frozen for good
        for size in (3, 1, 2, 300, *range(12)):
            assert np.array_equal(draw.normal(size), np.round(stream.standard_normal(size) * 1024) / 1024)
