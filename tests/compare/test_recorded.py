"""Provenance, and what is kept of other people's GPUs. Every record here is synthetic and in a temporary folder."""

from __future__ import annotations

import datetime
import json
import shutil

import pytest
import torch

from course.compare import provenance as origin
from course.compare import recorded

GPU = {
    "date": "2001-02-03",
    "device": "cuda",
    "hardware": "NVIDIA Imaginary 9000 (80GB)",
    "system": "Linux x86_64",
    "python": "3.11.0",
    "numpy": "2.0.0",
    "torch": "9.9.9+cu999",
    "driver": "999.99",
    "cuda": "99.9",
}
DATA = {"columns": {"imaginary": {"device": "cuda", "losses": [1.0, 0.5]}, "beside it": {"device": "cpu"}}}
ELSEWHERE = {"columns": {"live": {"device": "cpu", "losses": [1.0, 0.5]}}}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of records of its own, whose data have no form that could be wrong but one."""
    here = tmp_path / "recorded"
    here.mkdir()
    shutil.copy(recorded.HERE / "README.md", here)
    monkeypatch.setattr(recorded, "HERE", here)

    class Module:
        @staticmethod
        def problems(data):
            return [] if data else ["no data"]

    monkeypatch.setattr(recorded.importlib, "import_module", lambda name: Module)
    return here


def test_provenance_of_this_cpu():
    facts = origin.provenance("cpu", "float32")
    assert set(facts) == {"date", "device", "hardware", "system", "python", "numpy", "torch", "dtype"}
    assert (facts["device"], facts["dtype"], facts["torch"]) == ("cpu", "float32", torch.__version__)
    today = datetime.datetime.now(datetime.UTC).date()
    assert abs(today - datetime.date.fromisoformat(facts["date"])) <= datetime.timedelta(days=1)
    assert facts["hardware"] not in ("", "unknown")
    assert origin.problems(facts) == []
    assert "dtype" not in origin.provenance("cpu")


@pytest.mark.parametrize("device", ["cuda", "mps"])
@pytest.mark.skipif(torch.accelerator.is_available(), reason="there is a GPU")
def test_there_is_no_provenance_of_a_device_that_is_not_there(device):
    with pytest.raises(RuntimeError, match=f"there is no {device.upper()} device here"):
        origin.provenance(device)


def test_what_a_gpu_tells_of_itself(monkeypatch):
    """On a stand-in for torch.cuda, with and without the driver's own tool."""

    class Cuda:
        is_available = staticmethod(lambda: True)
        get_device_name = staticmethod(lambda: GPU["hardware"])

    class Pretend:
        __version__ = "9.9.9+cu999"
        cuda = Cuda
        version = type("", (), {"cuda": "99.9", "hip": None})
        _C = type("", (), {"_cuda_getDriverVersion": staticmethod(lambda: 13020)})

    monkeypatch.setattr(origin.importlib, "import_module", lambda name: Pretend)
    monkeypatch.setattr(origin, "_said", lambda *command: "999.99\n999.99")
    facts = origin.provenance("cuda")
    assert origin.problems(facts) == []
    assert (facts["hardware"], facts["driver"], facts["cuda"]) == (GPU["hardware"], "999.99", "99.9")
    monkeypatch.setattr(origin, "_said", lambda *command: "")
    assert origin.provenance("cuda")["driver"] == "for CUDA 13.2"


def test_names_and_titles():
    assert origin.slug(GPU) == "nvidia-imaginary-9000-80gb"
    assert origin.title(GPU) == "recorded on NVIDIA Imaginary 9000 (80GB), torch 9.9.9+cu999, 2001-02-03"
    with pytest.raises(ValueError, match="no device 'tpu'; there are cpu, cuda, mps"):
        origin.provenance("tpu")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"date": "3.2.2001"}, "is no day"),
        ({"device": "tpu"}, "no device 'tpu'"),
        ({"driver": ""}, "lacks driver"),
        ({"torch": None}, "lacks torch"),
        ({"hardware": 9000}, "hardware is no text"),
        ({"system": "Linux \u00b5"}, "not ASCII"),
    ],
)
def test_incomplete_provenance_is_named(change, said):
    assert origin.problems(GPU) == []
    found = origin.problems({**GPU, **change})
    assert len(found) >= 1
    assert said in " ".join(found)


def test_the_repositorys_records_are_in_order():
    assert recorded.problems() == []
    for kind in recorded.KINDS:
        for one in recorded.read(kind):
            assert one.title.startswith("recorded on ")


def test_the_readme_says_so_while_there_is_nothing():
    text = (recorded.HERE / "README.md").read_text(encoding="ascii")
    nothing = not any(recorded.read(kind) for kind in recorded.KINDS)
    assert (recorded.NONE in " ".join(text.split())) == nothing


def test_what_is_written_is_read_back_and_is_in_order(folder):
    assert recorded.read("timing") == []
    assert recorded.problems() == []
    file = recorded.write("timing", DATA, GPU)
    assert file.relative_to(folder).as_posix() == "timing/cuda-nvidia-imaginary-9000-80gb.json"
    (one,) = recorded.read("timing")
    assert (one.kind, one.name, one.data, one.provenance) == ("timing", file.stem, DATA, GPU)
    assert one.title == origin.title(GPU)
    assert recorded.problems() == []
    assert recorded.read("training") == []
    assert recorded.NONE not in " ".join((folder / "README.md").read_text(encoding="ascii").split())
    before = file.read_bytes()
    assert recorded.write("timing", DATA, GPU) == file
    assert file.read_bytes() == before


def test_the_latest_comes_first(folder):
    recorded.write("training", DATA, {**GPU, "hardware": "A", "date": "2001-01-01"})
    recorded.write("training", DATA, {**GPU, "hardware": "B", "date": "2003-01-01"})
    recorded.write("training", DATA, {**GPU, "hardware": "C", "date": "2002-01-01"})
    assert [one.provenance["hardware"] for one in recorded.read("training")] == ["B", "C", "A"]


def test_nothing_that_was_not_measured_on_a_gpu_is_kept(folder):
    for facts, said in (
        ({**GPU, "device": "cpu"}, "only what was measured on a GPU"),
        ({**GPU, "driver": ""}, "lacks driver"),
    ):
        with pytest.raises(ValueError, match=said):
            recorded.write("timing", DATA, facts)
    with pytest.raises(ValueError, match="no data"):
        recorded.write("timing", {}, GPU)
    with pytest.raises(ValueError, match="recorded on cuda, and no column was measured there"):
        recorded.write("timing", ELSEWHERE, GPU)
    with pytest.raises(ValueError, match="nothing is recorded as 'songs'"):
        recorded.write("songs", DATA, GPU)
    with pytest.raises(ValueError, match=r"[Oo]ut of range float|not JSON compliant"):
        recorded.write("timing", {"x": float("nan")}, GPU)
    assert list(folder.rglob("*.json")) == []


def test_every_way_in_which_a_file_can_be_wrong_is_named(folder):
    file = recorded.write("timing", DATA, GPU)
    right = json.loads(file.read_text())

    def said(text, name=file.name):
        (folder / "timing" / name).write_text(text)
        found = recorded.problems()
        (folder / "timing" / name).unlink()
        return " ".join(found)

    assert "was it edited by hand" in said(json.dumps(right))
    assert "cannot be read" in said("{")
    assert "provenance and data, and nothing else" in said(json.dumps({"data": {}}))
    assert "lacks hardware" in said(json.dumps({**right, "provenance": {**GPU, "hardware": ""}}))
    assert "only what was measured on a GPU" in said(json.dumps({**right, "provenance": {**GPU, "device": "cpu"}}))
    assert "no data" in said(json.dumps({**right, "data": {}}))
    assert "no column was measured there" in said(json.dumps({**right, "data": ELSEWHERE}))
    recorded.write("timing", DATA, GPU)
    assert "asks for the name" in said(json.dumps(right), "cuda-another.json")
    assert "only records" in said("", "notes.txt")
    assert recorded.problems() == []
    file.unlink()
    assert recorded.problems() == ["README.md says that there is something, which is not so"]
