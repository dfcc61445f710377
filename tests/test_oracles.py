"""Recording torch, reading the record without torch, and checking it."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys

import pytest

from autograder.oracles import check, expected, files, oracle, record, recorder, records, seeds
from course.compare import backend
from course.scenarios import Scenario, scenarios
from course.scenarios.differences import differences
from course.scenarios.observation import observe

CPU = backend("torch-cpu")


def steady(T, draw):
    yield "x", T.tensor(draw.normal(3))


def fixed(T, draw):
    yield "x", T.tensor([1.0, float("inf")])


@pytest.fixture
def world(tmp_path, monkeypatch):
    """A record of its own, and a list of scenarios that a test may change."""
    known = [Scenario("a.steady", 1, "What?", steady), Scenario("b.fixed", 1, "What else?", fixed)]
    monkeypatch.setattr(files, "HERE", tmp_path)
    monkeypatch.setattr(recorder, "scenarios", lambda hidden: [] if hidden else list(known))
    files.read.cache_clear()
    yield known
    files.read.cache_clear()


def replace(known, id, program):
    index = [one.id for one in known].index(id)
    known[index] = Scenario(id, 1, "What?", program)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*.json")}


def test_what_is_recorded_is_read_back(world):
    changed = record()
    assert [path.name for path in changed] == ["a.json", "b.json"]
    assert seeds("a.steady") == (0, 1, 2)
    assert seeds("b.fixed") == (0,)
    for seed in (0, 1, 2):
        assert differences(observe(world[0], CPU, seed), expected("a.steady", seed), ulps=0) == []
        assert differences(observe(world[1], CPU, seed), expected("b.fixed", seed), ulps=0) == []
    assert records() == ["torch-cpu"]


def test_provenance_says_where_it_comes_from(world):
    record()
    facts = oracle.provenance("a.steady")
    assert set(facts) == {"torch", "device", "dtype", "date", "python", "numpy"}
    assert facts["torch"] == CPU.T.__version__
    assert (facts["device"], facts["dtype"]) == ("cpu", "float64")


def test_recording_again_changes_nothing_not_even_the_date(world, tmp_path, monkeypatch):
    record()
    before = contents(tmp_path)
    monkeypatch.setattr(recorder, "_provenance", lambda dtype: {"date": "2000-01-01"})
    assert record() == []
    assert contents(tmp_path) == before


def test_only_the_file_that_changed_is_written(world, tmp_path, monkeypatch):
    record()
    before = contents(tmp_path)
    monkeypatch.setattr(recorder, "_provenance", lambda dtype: {"date": "2000-01-01"})
    replace(world, "b.fixed", lambda T, draw: iter([("x", T.tensor([2.0]))]))
    assert [path.name for path in record()] == ["b.json"]
    after = contents(tmp_path)
    assert after["a.json"] == before["a.json"]
    assert json.loads(after["b.json"])["provenance"] == {"date": "2000-01-01"}


def test_rounding_on_another_machine_is_no_change(world, tmp_path):
    record()
    before = contents(tmp_path)
    replace(world, "b.fixed", lambda T, draw: iter([("x", T.tensor([1.0 + 2e-7, float("inf")]))]))
    assert record() == []
    assert contents(tmp_path) == before


def test_a_topic_that_is_gone_loses_its_file(world, tmp_path):
    record()
    del world[1]
    assert [path.name for path in record()] == ["b.json"]
    assert list(contents(tmp_path)) == ["a.json"]


def test_check_finds_a_changed_value_a_missing_and_an_unknown_scenario(world, tmp_path):
    record()
    assert check() == []
    replace(world, "b.fixed", lambda T, draw: iter([("x", T.tensor([2.0, 3.0]))]))
    (found,) = check()
    assert (found.scenario, found.label) == ("b.fixed", "x")
    assert "value differs" in str(found)
    world[1] = Scenario("b.other", 1, "What?", fixed)
    assert [(one.scenario, one.why) for one in check()] == [
        ("b.fixed", "recorded, but there is no such scenario"),
        ("b.other", "not recorded"),
    ]


def test_check_finds_another_order_and_other_messages(world):
    replace(world, "b.fixed", lambda T, draw: iter([("x", 1), ("y", 2)]))
    record()
    replace(world, "b.fixed", lambda T, draw: iter([("y", 2), ("x", 1)]))
    assert [one.why for one in check()] == ["order or messages differ"]


def test_an_unknown_message_is_refused(world, tmp_path):
    def program(T, draw):
        from course.scenarios import attempt

        yield "x", [attempt(lambda: T.ones(2).no_such_thing_at_all + 1), attempt(_unheard_of)]

    replace(world, "b.fixed", program)
    with pytest.raises(recorder.Unrecordable, match=r"b\.fixed, x: no phrase .* nobody has heard this"):
        record()
    assert contents(tmp_path) == {}


def _unheard_of():
    raise ValueError("nobody has heard this")


def test_an_escaping_exception_is_refused(world):
    def program(T, draw):
        yield "x", 1
        raise RuntimeError("cannot be empty")

    replace(world, "b.fixed", program)
    with pytest.raises(recorder.Unrecordable, match=r"escapes from b\.fixed"):
        record()


def test_a_scenario_that_is_different_every_time_is_refused(world):
    counter = iter(range(100))
    replace(world, "b.fixed", lambda T, draw: iter([("x", next(counter))]))
    with pytest.raises(recorder.Unrecordable, match="other observations"):
        record()


def test_what_was_not_recorded_is_a_clear_error(world):
    record()
    with pytest.raises(KeyError, match=r"c\.unknown is not in the record"):
        expected("c.unknown", 0)
    with pytest.raises(KeyError, match="recorded for the seeds 0, 1, 2, not for 7"):
        expected("a.steady", 7)


@pytest.mark.skipif(CPU.T.accelerator.is_available(), reason="there is a GPU")
def test_without_a_gpu_nothing_is_recorded_as_one(world, tmp_path):
    for call, device in itertools.product((record, check), ("cuda", "mps")):
        with pytest.raises(RuntimeError, match=f"there is no {device.upper()} device here"):
            call(device=device)
    with pytest.raises(ValueError, match="no device 'tpu'"):
        record(device="tpu")
    assert contents(tmp_path) == {}


def test_the_committed_record_is_what_torch_does_now():
    assert [str(one) for one in check()] == []


def test_every_scenario_has_a_record():
    import autograder.hidden

    autograder.hidden.load()
    for one in scenarios(hidden=None):
        assert seeds(one.id)
    kept = {one.topic for one in scenarios(hidden=True)}
    assert {one.topic for one in scenarios(hidden=None) if files.path(one.topic, hidden=True).is_file()} == kept


def test_reading_needs_no_torch():
    code = (
        "import sys; sys.modules['torch'] = None;"
        "from autograder.oracles import expected, seeds;"
        "print(len(expected('saved.two-losses', seeds('saved.two-losses')[-1])))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("3\n", "")
