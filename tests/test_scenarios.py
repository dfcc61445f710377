"""The scenario registry, the helpers scenarios use, and the scenarios themselves."""

from __future__ import annotations

import gc
import inspect
import re
import warnings

import numpy as np
import pytest

import autograder.hidden
from course.compare import backend
from course.scenarios import Draw, Raised, attempt, get, heard, load, quiet_gc, scenario, scenarios
from course.scenarios.differences import differences
from course.scenarios.observation import Observation, observe

autograder.hidden.load()
EVERY = scenarios(hidden=None)
IDS = [one.id for one in EVERY]


def exceptions(observation: Observation) -> list[Observation]:
    if observation.kind == "raised":
        return [observation]
    if observation.kind in ("list", "dict"):
        return [inner for item in observation.value for inner in exceptions(item)]
    return []


@pytest.mark.parametrize("one", EVERY, ids=IDS)
def test_torch_gives_the_same_each_time_and_only_known_messages(one, capfd):
    torch = backend("torch-cpu")
    seen = observe(one, torch, seed=3)
    assert len(seen) > 0
    assert "raised" not in seen.by_label(), "wrap what may raise in attempt()"
    again = observe(one, torch, seed=3)
    assert not differences(seen, again, ulps=0)
    assert [item.label for item in seen] == [item.label for item in again]
    for top in seen:
        for inner in exceptions(top):
            assert inner.value["keywords"], f"unknown message: {inner.message}"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("one", EVERY, ids=IDS)
def test_nptorch_does_what_torch_does_with_the_parts_of_the_lesson(one):
    engine = backend("nptorch")
    null = dict.fromkeys((row.name for row in engine.T.parts()), None)
    with engine.T.use(**{**null, **reference(one.lesson)}):
        got = observe(one, engine, seed=3)
    found = differences(observe(one, backend("torch-cpu"), seed=3), got, one.ulps)
    assert not found, "\n".join(f"{d.label}{d.where} {d.what}: torch {d.expected}, got {d.got}" for d in found)


def reference(lesson):
    from course import parts

    return parts.reference(lesson)


def test_there_are_enough_and_each_asks_its_own_question():
    assert len(scenarios()) >= 100
    questions = [one.asks for one in EVERY]
    assert len(set(questions)) == len(questions)
    assert all(one.asks.endswith("?") and one.asks.isascii() for one in EVERY)


def test_lesson_5_has_many_and_some_are_hidden():
    assert len(scenarios(lesson=5, prefix="saved.")) >= 20
    hidden = scenarios(lesson=5, prefix="saved.", hidden=True)
    assert len(hidden) >= 5
    assert not {one.id for one in hidden} & {one.id for one in scenarios()}


LATER_THAN_5 = re.compile(
    r"register_\w*hook|saved_tensors_hooks|autograd\.Function|create_graph|autograd\.grad\(|retain_grad\("
    r"|\.(?!requires_grad_\()[a-z]+_\("
)


@pytest.mark.parametrize("one", [one for one in EVERY if one.lesson <= 5], ids=lambda one: one.id)
def test_early_lessons_use_nothing_of_later_ones(one):
    body = inspect.getsource(one.program).partition("\ndef ")[2]
    found = LATER_THAN_5.search(body)
    assert found is None, f"{one.id} uses {found and found[0]}"


@pytest.mark.parametrize(
    ("id", "lesson", "asks", "what"),
    [
        ("noDot", 1, "What?", "not of the form"),
        ("topic.Upper", 1, "What?", "not of the form"),
        ("t.lesson", 13, "What?", "no lesson 13"),
        ("t.two-lines", 1, "What?\nAnd?", "one line"),
        ("t.empty", 1, " ", "one line"),
        ("saved.two-losses", 1, "What?", "used twice"),
    ],
)
def test_a_bad_declaration_is_refused(id, lesson, asks, what):
    load()
    with pytest.raises(ValueError, match=what):
        scenario(id, lesson=lesson, asks=asks)(lambda T, draw: iter(()))


def test_an_unknown_id_names_similar_ones():
    with pytest.raises(KeyError, match=r"saved\.two-losses"):
        get("saved.two-loses")


def test_listing_filters():
    assert {one.topic for one in scenarios(prefix="saved.")} == {"saved"}
    assert {one.lesson for one in scenarios(lesson=3)} == {3}
    listed = [one.id for one in scenarios(hidden=None)]
    assert listed == sorted(listed)


def test_draw_is_seeded_and_does_not_care_about_numpys_own_state():
    np.random.seed(1)  # noqa: NPY002 - the state that must not matter
    first = Draw(5).normal(2, 3)
    np.random.seed(2)  # noqa: NPY002
    assert np.array_equal(first, Draw(5).normal(2, 3))
    assert not np.array_equal(first, Draw(6).normal(2, 3))


def test_draw_gives_the_same_numbers_in_both_float_types():
    double, single = Draw(1), Draw(1, "float32")
    assert single.normal(50).dtype == np.float32
    assert np.array_equal(Draw(1).normal(50), Draw(1, "float32").normal(50))
    assert double.array([1, 2]).dtype == np.float64
    assert double.integers(0, 3, 4).dtype == np.int64


def test_draw_keeps_its_bounds_and_remembers_its_use():
    draw = Draw(0)
    draw.array([1.0])
    assert not draw.used
    values = draw.uniform(1000, low=0.5, high=2.0)
    assert draw.used
    assert values.min() > 0.5
    assert values.max() < 2.0
    assert draw.normal().shape == ()


def test_attempt_returns_the_value_or_the_exception():
    assert attempt(max, 1, 2) == 2
    assert attempt(int, "x", base=10).type == "ValueError"
    assert attempt({}.__getitem__, "k") == Raised("KeyError", "'k'")
    with pytest.raises(KeyboardInterrupt):
        attempt(_interrupt)


def _interrupt():
    raise KeyboardInterrupt


def test_heard_returns_the_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = heard(warnings.warn, "volatile was removed", FutureWarning, stacklevel=2)
    assert found.warnings == (Raised("FutureWarning", "volatile was removed"),)
    assert heard(len, "abc").warnings == ()


def test_quiet_gc_puts_the_collector_back():
    assert gc.isenabled()
    with quiet_gc():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert attempt(_fail_quietly).type == "KeyError"
    assert gc.isenabled()


def _fail_quietly():
    with quiet_gc():
        raise KeyError
