"""Recording a GPU, on the CPU as an explicit default device: child processes, spreads, and the form of the files."""

from __future__ import annotations

import dataclasses
import itertools
import json
import textwrap

import pytest
import torch

from autograder.oracles import expected, files, form, gpu, records, repeat
from autograder.oracles.gpu import Job, drive
from autograder.oracles.seen import Fresh, Unrecordable
from course.compare import backend
from course.compare.backends import on_device
from course.compare.show import brief
from course.scenarios import Scenario
from course.scenarios.differences import differences
from course.scenarios.observation import Observation, Observations, observe
from course.scenarios.spread import Spread
from tests.compare.test_recorded import GPU

EXPLICIT = on_device(torch, "cpu", "a CPU")
WHERE = "cuda/nvidia-imaginary-9000-80gb/float64"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Records of one's own."""
    monkeypatch.setattr(files, "HERE", tmp_path)
    files.read.cache_clear()
    yield tmp_path
    files.read.cache_clear()


def job(here, topics, **more):
    return Job("cpu", "float64", True, [(topic, False) for topic in topics], WHERE, str(here), **more)


def events(job, *kinds):
    return [{**event} for event in drive(job) if any(kind in event for kind in kinds)]


def test_a_child_records_and_another_one_checks(here):
    (told,) = events(job(here, ["swish"]), "changed", "missed")
    file = here / WHERE / "swish.json"
    assert told == {"changed": str(file)}
    files.read.cache_clear()
    assert records() == [WHERE]
    seen = expected("swish.value-and-slope", 0, WHERE)
    assert {one.device for one in seen if one.kind == "tensor"} == {"cpu"}
    # What was changed since, and what is gone, is all that the next child says.
    content = json.loads(file.read_text())
    entry = content["observations"]["swish.value-and-slope"]
    row = next(row for row in entry["0"] if row["kind"] == "tensor")
    content["observations"]["swish.of-old"] = {"any": []}
    row["value"][0] += 1
    file.write_text(json.dumps(content))
    told = events(dataclasses.replace(job(here, ["swish"]), write=False), "differs", "changed", "missed")
    assert [one["differs"] for one in told] == [
        ["swish.of-old", "", "", "recorded, but there is no such scenario"],
        ["swish.value-and-slope", "0", row["label"], "value differs"],
    ]


#: Scenarios for the child: one that is fine, one whose message nobody knows, one that takes the process with it.
TROUBLE = """
import os
from course.scenarios import attempt, scenario

@scenario("trouble.before", lesson=1, asks="?")
def before(T, draw):
    print("this must not get between the lines")
    yield "x", T.tensor([1.0])

@scenario("trouble.ends-everything", lesson=1, asks="?")
def ends_everything(T, draw):
    yield "x", T.tensor([1.0])
    os._exit(9)

@scenario("trouble.fails", lesson=1, asks="?")
def fails(T, draw):
    yield "x", object()

@scenario("trouble.unheard", lesson=1, asks="?")
def unheard(T, draw):
    def call():
        raise ValueError("nobody has heard this")
    yield "x", attempt(call)
"""


def test_one_program_does_not_end_the_recording(here, tmp_path, monkeypatch):
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "trouble_scenarios.py").write_text(TROUBLE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "more"))
    told = events(job(here, ["trouble", "hvp"], imports=["trouble_scenarios"]), "changed", "missed")
    missed = {one["missed"]: one["why"] for one in told if "missed" in one}
    assert set(missed) == {"trouble.ends-everything", "trouble.fails", "trouble.unheard"}
    assert "the process ended (code 9)" in missed["trouble.ends-everything"]
    assert "TypeError" in missed["trouble.fails"]
    assert "nobody has heard this" in missed["trouble.unheard"]
    assert [one["changed"] for one in told if "changed" in one] == [
        str(here / WHERE / f"{topic}.json") for topic in ("trouble", "hvp")
    ]
    assert list(json.loads((here / WHERE / "trouble.json").read_text())["observations"]) == ["trouble.before"]


def test_a_child_that_cannot_begin_is_an_error_and_no_endless_loop(here):
    with pytest.raises(RuntimeError, match="ended with code 1 before it came to any"):
        events(job(here, ["swish"], imports=["no_such_module"]), "changed")


def test_a_device_that_computes_no_more_is_noticed():
    from autograder.oracles.child import _usable

    assert _usable(EXPLICIT)
    # There is no such device here, which is what a lost one looks like.
    assert not _usable(dataclasses.replace(EXPLICIT, device="mps"))


def test_record_says_what_is_missing_and_takes_away_what_is_gone(here, monkeypatch):
    gone = here / WHERE / "gone.json"
    gone.parent.mkdir(parents=True)
    gone.write_text("{}")
    monkeypatch.setattr(gpu, "jobs", lambda device, dtype, write: [job(here, ["swish"])])
    told = [
        {"at": "swish.value-and-slope"},
        {"missed": "swish.value-and-slope", "why": "it was shy"},
        {"done": ["swish", False]},
    ]
    monkeypatch.setattr(gpu, "drive", lambda job: iter(told))
    lines: list[str] = []
    assert gpu.record("cuda", None, lines.append) == [gone]
    assert lines == ["Not recorded (float64): swish.value-and-slope: it was shy"]
    assert not gone.exists()
    files.path("other", WHERE).write_text("{}")
    (found,) = gpu.check("cuda", None)
    assert str(found) == "swish.value-and-slope: it was shy"


def test_programs_for_cuda_are_recorded_on_cuda_only():
    topics = {device: gpu.by_topic(device, hidden=False) for device in ("cpu", "cuda", "mps")}
    assert "cuda" in topics["cuda"]
    assert "cuda" not in topics["cpu"]
    assert "cuda" not in topics["mps"]
    assert {one.needs for one in topics["cuda"]["cuda"]} == {"cuda"}


# Numbers that differ from run to run.


def restless(values):
    """A scenario that yields other values each time."""
    turn = itertools.count()
    return Scenario("test.restless", 1, "?", lambda T, draw: iter([("x", values(T, next(turn)))]))


def test_what_is_the_same_each_time_is_run_three_times():
    turns = itertools.count()

    def program(T, draw):
        next(turns)
        yield "x", T.tensor([1.0, float("nan"), float("inf")])
        yield "number", float("nan")

    found = repeat.run(Scenario("test.same", 1, "?", program), EXPLICIT, "float64")
    assert list(found) == ["any"]
    assert found["any"][0].spread is None
    assert next(turns) == 3


def test_what_differs_is_recorded_as_a_spread_over_twenty_runs():
    one = restless(lambda T, turn: [T.tensor([float(turn % 7), 1.0]), turn % 5, 0.5 + turn])
    (seen,) = repeat.run(one, EXPLICIT, "float64")["any"]
    tensor, whole, number = seen.value
    assert tensor.spread == Spread((0.0, 1.0), (6.0, 1.0), 20)
    assert whole.spread == Spread((0,), (4,), 20)
    assert number.spread == Spread((0.5,), (19.5,), 20)
    # The middle is a number that was seen, not an average.
    assert tensor.value == [3.0, 1.0]
    assert number.value == 9.5
    assert Observation.from_json(json.loads(json.dumps(seen.to_json()))) == seen
    assert "up to 6 apart in 20 runs" in brief(tensor)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (lambda T, turn: "even" if turn % 2 else "odd", "is no number"),
        (lambda T, turn: bool(turn % 2), "is no number"),
        (lambda T, turn: T.tensor([turn % 2 == 0]), "is no number"),
        (lambda T, turn: T.zeros(1 + turn % 2), "shape"),
        (lambda T, turn: None if turn % 2 else 1, "kind"),
        (lambda T, turn: [1] * (1 + turn % 2), "the items are others"),
        (lambda T, turn: {str(turn % 2): 1}, "the items are others"),
        (lambda T, turn: T.tensor([float("nan") if turn % 2 else 1.0]), "not all numbers are finite"),
    ],
)
def test_what_differs_and_is_no_number_is_refused(values, said):
    with pytest.raises(Unrecordable, match=said):
        repeat.run(restless(values), EXPLICIT, "float64")


def test_other_labels_from_run_to_run_are_refused():
    turn = itertools.count()
    one = Scenario("test.labels", 1, "?", lambda T, draw: iter([(f"x{next(turn)}", 1)]))
    with pytest.raises(Unrecordable, match="other labels"):
        repeat.run(one, EXPLICIT, "float64")


def spread(low, high, value=None):
    one = Observation("x", "tensor", "float64", (1,), [value or low], spread=Spread((low,), (high,), 20))
    return Observations((one,))


def plain(value):
    return Observations((Observation("x", "tensor", "float64", (1,), [value]),))


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        (plain(1.5), spread(1.0, 2.0), True),
        (spread(1.0, 2.0), plain(1.5), True),
        (plain(2.0 + 2**-48), spread(1.0, 2.0), True),  # 8 ulps outside
        (plain(2.1), spread(1.0, 2.0), False),
        (spread(1.0, 2.0), plain(0.9), False),
        (spread(1.0, 2.0), spread(1.9, 3.0), True),
        (spread(1.0, 2.0), spread(2.1, 3.0), False),
    ],
)
def test_a_spread_agrees_with_what_lies_within_it(one, other, agree):
    assert (differences(one, other) == []) is agree


def test_an_error_outside_a_spread_is_counted_from_its_end():
    (found,) = differences(spread(1.0, 2.0), plain(2.0 + 2**-40))
    assert found.ulps == 2**-40 / 2**-51


def test_a_new_spread_is_recorded_though_the_numbers_agree():
    one = Scenario("test.spread", 1, "?", lambda T, draw: iter([("x", 1)]))
    old = {"any": plain(1.0).to_json()}
    assert Fresh(one, {"any": plain(1.0)}).entry(old) is old
    fresh = Fresh(one, {"any": spread(1.0, 1.0 + 2**-50)})
    assert [str(found) for found in fresh.against(old)] == ["test.spread (seed any): x: recorded without a spread"]
    kept = fresh.entry(old)
    assert kept["any"][0]["spread"]["runs"] == 20
    # And where the next 20 runs agree by chance, the spread stays.
    assert Fresh(one, {"any": plain(1.0)}).entry(kept) is kept


# The form of the files.


@pytest.fixture
def right(here):
    """A record of a GPU as it should be."""
    facts = {**GPU, "dtype": "float64", "tf32": "conv"}
    seen = observe(
        Scenario("swish.value-and-slope", 1, "?", lambda T, draw: iter([("x", T.tensor(draw.normal(2)))])), EXPLICIT
    )
    rows = Observations(tuple(dataclasses.replace(one, device="cuda") for one in seen)).to_json()
    file = files.path("swish", WHERE)
    files.write(file, facts, {"swish.value-and-slope": {str(seed): rows for seed in range(3)}})
    assert form.problems() == []
    return file


def changed(file, change):
    content = json.loads(file.read_text())
    change(content)
    files.write(file, content["provenance"], content["observations"], content.get("products"))
    return " ".join(form.problems())


def rows(content):
    return content["observations"]["swish.value-and-slope"]["0"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c["provenance"].pop("driver"), "provenance lacks driver"),
        (lambda c: c["provenance"].update(device="cpu"), "recorded on cpu, and this is the folder of cuda"),
        (lambda c: c["provenance"].update(hardware="Another"), "has the folder another"),
        (lambda c: c["provenance"].update(dtype="float32"), "recorded in float32"),
        (lambda c: c["provenance"].pop("tf32"), "what may use TF32"),
        (lambda c: rows(c)[0].pop("device"), "a tensor on no device, in the record of cuda"),
        (lambda c: rows(c)[0].update(device="mps"), "a tensor on mps"),
        (lambda c: rows(c)[0].update(spread={"low": [0, 0], "high": [1, 1], "runs": 3}), "over 3 runs, and 20"),
        (lambda c: rows(c)[0].update(spread={"low": [1, 0], "high": [0, 1], "runs": 20}), "a spread that is none"),
        (lambda c: c["observations"]["swish.value-and-slope"].pop("1"), "recorded for the seeds 0, 2"),
        (
            lambda c: c["observations"].update({"swish.no": c["observations"]["swish.value-and-slope"]}),
            "no public scenario",
        ),
        (
            lambda c: c["observations"].update({"hvp.x": c["observations"]["swish.value-and-slope"]}),
            "into another file",
        ),
        (lambda c: c.update(products={"swish.no": [1, 1]}), "products are counted"),
        (lambda c: c.update(observations={}), "holds no observation"),
    ],
)
def test_what_is_wrong_with_a_record_of_a_gpu_is_said(right, change, said):
    assert said in changed(right, change)


def test_files_that_do_not_belong_there_and_edited_ones_are_named(right, here):
    text = right.read_text()
    for name in ("notes.txt", "x/swish.json", "x/float64/deeper/swish.json"):
        file = here / "cuda" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        assert "belong here" in " ".join(form.problems())
        file.unlink()
    right.write_text(json.dumps(json.loads(text)))
    assert "was it edited by hand" in " ".join(form.problems())
    right.write_text("{")
    assert "cannot be read" in " ".join(form.problems())


def test_a_record_of_a_gpu_in_the_cpus_folder_is_named(right, here):
    (here / "torch-cpu").mkdir()
    moved = right.rename(here / "torch-cpu" / "swish.json")
    assert "recorded on cuda, and this is the folder of the CPU's record" in " ".join(form.problems())
    text = moved.read_text().replace('"device": "cuda", "driver"', '"device": "cpu", "driver"')
    moved.write_text(text)
    assert "comes from a device of its own" in " ".join(form.problems())


def test_hidden_programs_lie_where_the_wheel_leaves_them_out(here):
    file = files.path("saved", WHERE, hidden=True)
    assert file.relative_to(here).as_posix() == f"{WHERE}/hidden/saved.json"


def test_the_repositorys_records_are_in_form():
    assert form.problems() == []


def test_on_the_cpu_nothing_says_where_it_is():
    """The record that everybody is graded on is as it was before there were devices."""
    assert "device" not in textwrap.dedent(json.dumps(observe(*_any_scenario()).to_json()))


def _any_scenario():
    return Scenario("test.plain", 1, "?", lambda T, draw: iter([("x", T.tensor(draw.normal(2)))])), backend("torch-cpu")
