"""A comparison with what was recorded on a GPU: labelled, and never mixed up with what runs now.

The records are synthetic: made on the CPU, given the provenance of a GPU that does not exist, in a temporary folder.
"""

from __future__ import annotations

import dataclasses
import shutil

import pytest
import torch

import course.nptorch as nptorch
from autograder.oracles import files
from course.compare import available, backend, compare
from course.compare import backends as backends_module
from course.compare.backends import on_device
from course.compare.provenance import title
from course.compare.recorded import NONE, programs
from course.parts import reference
from course.scenarios import get
from course.scenarios.observation import Observations, observe
from tests.compare.test_recorded import GPU

CPU = backend("torch-cpu")
ID = "engine.diamond"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of records of its own, beside an engine that is complete, on a machine without a GPU."""

    def without_gpu(dtype):
        found, note = backends_module.at_hand(dtype)
        return [one for one in found if one.device == "cpu"], note

    monkeypatch.setattr("course.compare.running.at_hand", without_gpu)
    monkeypatch.setattr(programs, "HERE", tmp_path)
    with nptorch.use(**reference()):
        yield tmp_path


def put(folder, id=ID, dtype="float64", change=None, products=None, **facts):
    """Record a scenario as if a GPU had run it."""
    facts = {**GPU, "dtype": dtype, "tf32": "conv", **facts}
    seen = observe(get(id), CPU, 0, dtype)
    items = tuple(dataclasses.replace(one, device=facts["device"]) for one in seen)
    if change:
        items = (dataclasses.replace(items[0], **change), *items[1:])
    rows = Observations(items).to_json()
    name = facts["hardware"].lower().replace(" ", "-")
    file = folder / facts["device"] / name / dtype / f"{get(id).topic}.json"
    files.write(file, facts, {id: {"0": rows}}, products)
    return title(facts)


def test_the_plain_sentence_comes_once_and_only_for_who_asks(folder):
    for shown in (compare(ID, device="cuda"), compare(ID, device="mps")):
        assert str(shown).count(NONE) == shown._repr_html_().count(NONE) == 1
        assert shown.agrees
    assert NONE == "There is no GPU here, and none has been recorded yet."
    for text in (str(compare(ID)), compare(ID)._repr_html_()):
        assert "GPU" not in text


def test_a_program_for_gpus_only_says_it_without_any_column(folder):
    shown = compare("cuda.tf32")
    assert shown.columns == {}
    assert str(shown).splitlines()[1:] == [NONE]
    assert shown._repr_html_().count(NONE) == 1
    assert shown.labels() == []


def test_a_record_is_shown_under_its_title_after_the_judge(folder):
    name = put(folder)
    shown = compare(ID)
    assert list(shown.columns) == ["torch-cpu", name, "nptorch"]
    assert name == "recorded on NVIDIA Imaginary 9000 (80GB), torch 9.9.9+cu999, 2001-02-03"
    assert shown.recorded == {name}
    assert shown.agrees
    assert name in shown._repr_html_()
    assert f"{name} agrees with torch-cpu." in str(shown)
    assert NONE not in str(compare(ID, device="cuda"))


def test_one_record_by_default_and_all_of_them_on_request(folder):
    old = put(folder, hardware="Old", date="2000-01-01")
    new = put(folder, hardware="New", date="2002-01-01")
    assert list(compare(ID).columns) == ["torch-cpu", new, "nptorch"]
    assert list(compare(ID, device="cuda").columns) == ["torch-cpu", new, old, "nptorch"]
    # Who chooses backends gets those, and records only on request.
    assert list(compare(ID, [CPU]).columns) == ["torch-cpu"]
    assert list(compare(ID, [CPU], device="cuda").columns) == ["torch-cpu", new, old]


def test_what_differs_on_the_gpu_is_shown_as_recorded(folder):
    name = put(folder, change={"value": [1.0, 2.0, 3.0]})
    shown = compare(ID)
    assert not shown.agrees
    assert shown.differences_at(name, "x.grad")
    assert not shown.differences_at("nptorch", "x.grad")


def test_another_seed_or_dtype_was_not_recorded_and_that_is_said(folder):
    put(folder)
    for how in ({"seed": 7}, {"dtype": "float32"}, {"device": "cuda", "seed": 7}):
        shown = compare(ID, **how)
        assert list(shown.columns) == ["torch-cpu", "nptorch"]
        assert ("no record of one has this program" in str(shown)) == ("device" in how)
        assert NONE not in str(shown)
    assert NONE in str(compare(ID, device="mps"))


def test_mps_is_compared_in_float32(folder):
    name = put(folder, dtype="float32", device="mps", hardware="Imaginary M9")
    shown = compare(ID, device="mps")
    assert list(shown.columns) == ["torch-cpu", name, "nptorch"]
    assert {one.dtype for one in shown.columns.values()} == {"float32"}
    assert list(compare(ID).columns) == ["torch-cpu", "nptorch"]


def test_tf32_is_allowed_for_where_the_record_says_so(folder):
    id = "conv2d.in-a-network"
    name = put(folder, id, "float32", products={id: [9, 4]})
    shown = compare(id, dtype="float32")
    assert shown.tf32 == {"torch-cpu": 0, name: 4}
    row = next(label for label in shown.labels() if shown.columns[name].by_label()[label].kind == "tensor")
    assert "(TF32 in 4 products)" in shown.allowed_at(row)
    assert shown.allowed_at(row).endswith("nptorch: 128 ulps of float32")


def test_while_nbgrader_grades_no_record_is_read(folder, monkeypatch):
    put(folder)
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    for shown in (compare(ID), compare(ID, device="cuda")):
        assert list(shown.columns) == ["nptorch"]


def test_without_torch_the_record_is_the_judge(folder, monkeypatch):
    name = put(folder)
    monkeypatch.setattr(backends_module.importlib.util, "find_spec", lambda name: None)
    shown = compare(ID)
    assert list(shown.columns) == [name, "nptorch"]
    assert shown.agrees


@pytest.mark.parametrize("wrong", ["torch-cuda", "torch-cpu", "NVIDIA H100", "Recorded on a GPU"])
def test_what_was_recorded_cannot_be_shown_as_if_it_were_live(wrong):
    with pytest.raises(ValueError, match="begins with 'recorded'"):
        compare(ID, [CPU], recorded={wrong: observe(get(ID), CPU)})


def test_no_live_column_can_have_the_title_of_a_record():
    for one in (*available(), on_device(torch, "cpu", "a GPU")):
        assert not one.name.startswith("recorded")


def test_a_live_gpu_needs_no_stand_in(folder, monkeypatch):
    """With a GPU (here the CPU as an explicit device, under its name), its column is live and the record stays away."""
    name = put(folder)
    live = dataclasses.replace(on_device(torch, "cpu", "a GPU"), name="torch-cuda", device="cuda")
    monkeypatch.setattr("course.compare.running.at_hand", lambda dtype: ([CPU, live, backend("nptorch")], ""))
    shown = compare(ID)
    assert list(shown.columns) == ["torch-cpu", "torch-cuda", "nptorch"]
    assert shown.recorded == frozenset()
    both = compare(ID, device="cuda")
    assert list(both.columns) == ["torch-cpu", "torch-cuda", name, "nptorch"]
    assert both.recorded == {name}


def test_a_hidden_program_is_read_from_the_hidden_folder(folder):
    put(folder)
    hidden = dataclasses.replace(get(ID), hidden=True)
    assert programs.seen(hidden) == []
    place = folder / "cuda"
    (file,) = place.rglob("*.json")
    (file.parent / "hidden").mkdir()
    shutil.move(file, file.parent / "hidden" / file.name)
    assert len(programs.seen(hidden)) == 1
    assert programs.seen(get(ID)) == []


def test_unknown_devices_are_refused():
    with pytest.raises(ValueError, match="no device 'tpu' to ask for; there are cuda, mps"):
        compare(ID, device="tpu")
