"""torch and the engine show the same: on fresh random programs, and on those that once differed."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course.fuzz import corpus
from course.fuzz.campaign import campaign
from course.fuzz.judge import judge, makes_sense
from course.fuzz.run import engine
from course.fuzz.writer import write

CORPUS = corpus.load(Path(__file__).parent / "corpus")
FRESH = 500


@pytest.mark.parametrize("entry", CORPUS, ids=[entry.name for entry in CORPUS])
def test_past_failure(entry: corpus.Entry) -> None:
    difference = judge(entry.program)
    assert difference is None, f"{entry.note}\n{entry.program.snippet()}\n{difference}"


@pytest.mark.parametrize("entry", CORPUS, ids=[entry.name for entry in CORPUS])
def test_past_failure_still_makes_sense(entry: corpus.Entry) -> None:
    assert entry.note
    assert makes_sense(entry.program)


@pytest.mark.parametrize("quarter", range(4))
def test_fresh_programs(quarter: int) -> None:
    went = campaign(seed=1000 + quarter, count=FRESH // 4, most=3)
    assert went.programs == FRESH // 4
    assert went.differing == 0, "\n\n".join(str(finding) for finding in went.findings)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_programs_of_hypothesis(chance: random.Random) -> None:
    program, steps = write(chance, engine("torch-cpu"))
    difference = judge(program, steps)
    assert difference is None, f"{program.snippet()}\n{difference}"
