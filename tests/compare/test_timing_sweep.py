"""The sweep: what is timed, what is not, and that nothing is left changed. No duration is looked at."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pytest
import torch

import course.nptorch as nptorch
from course.compare import backends, recorded, timing
from course.compare.backends import Backend, backend, on_device
from course.compare.timing import limits, measuring, settings
from course.compare.timing.checking import objection
from course.compare.timing.engines import Bare, Tensors
from course.compare.timing.measuring import engines, measure, series
from course.compare.timing.operations import OPERATIONS
from course.models.pretend import Device
from course.parts import reference
from tests.compare.test_timing import Events, watch_of

CHAIN, SUM, MATMUL = OPERATIONS
SMALL = (2**4, 2**6)


@pytest.fixture
def whole() -> None:
    """The engine with all of its parts."""
    nptorch.use(**reference())


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits from little data: they are not what is tested here."""
    monkeypatch.setattr("course.compare.timing.limits.COPIES", (2**12,))
    monkeypatch.setattr("course.compare.timing.limits.MORE_COPIES", (2**12, 2**13))
    monkeypatch.setattr("course.compare.timing.limits.SIDES", (16,))
    monkeypatch.setattr("course.compare.timing.wrong.SIDE", 8)


class Pretender:
    """torch that says it has a CUDA device: its tensors are on the CPU, and every batch takes a pretend second."""

    def __init__(self) -> None:
        device = Device()
        events = Events(device)

        class Event(events.Event):
            def record(self) -> None:
                super().record()
                device.run(1.0)

        self.cuda = SimpleNamespace(
            is_available=lambda: True,
            mem_get_info=lambda: (2**40, 2**40),
            synchronize=events.synchronize,
            Event=Event,
        )
        self.asked: set[str] = set()

    def __getattr__(self, name: str) -> object:
        return getattr(torch, name)

    def tensor(self, array: np.ndarray, requires_grad: bool = False, device: str = "cpu") -> torch.Tensor:
        self.asked.add(device)
        return torch.tensor(array, requires_grad=requires_grad)


def test_all_engines_compute_the_same(whole: None) -> None:
    found = engines([backend("torch-cpu"), backend("nptorch")], "cpu")
    assert [one.name for one in found] == ["numpy", "nptorch", "torch-cpu"]
    assert [objection(one, operation) for one in found for operation in OPERATIONS] == [""] * 9


@pytest.mark.parametrize("n", SMALL)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_torch_agrees_with_the_gradients_by_hand(operation: timing.operations.Operation, n: int) -> None:
    judge = Tensors(backend("torch-cpu")).results(operation, n)
    for got, expected in zip(Bare().results(operation, n), judge, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


def test_a_second_call_does_not_add_to_the_gradients(whole: None) -> None:
    for name in ("nptorch", "torch-cpu"):
        engine = Tensors(backend(name))
        inputs = engine._inputs(CHAIN, 16)
        work = engine._work(CHAIN, inputs)
        work()
        first = engine._read(inputs[0].grad)
        work()
        np.testing.assert_array_equal(engine._read(inputs[0].grad), first)


def test_a_missing_part_is_named_and_the_rest_is_timed(quick: None) -> None:
    data = measure("cpu", budget=0.0, sizes=SMALL)
    assert timing.problems(data) == []
    mine = data["columns"]["nptorch"]
    assert mine["points"]["chain"] == []
    assert "MissingPart" in mine["stopped"]["chain"]
    assert "lesson 2" in mine["stopped"]["chain"]
    assert mine["points"]["sum"]


def test_a_wrong_engine_is_not_timed(whole: None) -> None:
    nptorch.use(mul_self=lambda g, other: g * other * 1.001)
    assert "differs from that of NumPy by" in objection(Tensors(backend("nptorch")), CHAIN)
    nptorch.use(mul_self=lambda g, other: g * float("nan"))
    assert "differs from that of NumPy by nan" in objection(Tensors(backend("nptorch")), CHAIN)
    nptorch.use(mul_self=lambda g, other: 1 / 0)
    assert objection(Tensors(backend("nptorch")), CHAIN) == "it raises ZeroDivisionError: division by zero"


def test_what_does_not_compute_is_left_out(quick: None) -> None:
    meta = Tensors(on_device(torch, "meta", "nothing"))
    columns, absent = measuring.sweep([Bare(), meta], 0.0, SMALL, lambda line: None, lambda device: 1e12)
    assert list(columns) == ["numpy"]
    assert "differs from that of NumPy" in absent["torch-meta"]


def test_the_device_path_runs_with_the_cpu_as_the_device(quick: None) -> None:
    there = Tensors(on_device(torch, "cpu", "a CPU"))
    columns, absent = measuring.sweep([Bare(), there], 0.0, SMALL, lambda line: None, lambda device: 1e12)
    assert absent == {}
    assert columns["torch-cpu"]["describe"].endswith("a CPU")
    assert all(columns["torch-cpu"]["points"].values())


def test_a_gpu_is_measured_beside_its_host(whole: None, quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = Pretender()
    cpu, read = backend("torch-cpu"), backends._read_torch
    gpu = Backend("torch-cuda", fake, "cuda", "a pretend GPU", cpu._scope, read)
    host = Backend("torch-cpu", fake, "cpu", "a CPU", cpu._scope, read)
    monkeypatch.setattr(backends, "at_hand", lambda dtype: ([host, gpu, backend("nptorch")], ""))
    monkeypatch.setattr("course.compare.timing.wrong.measured", lambda *asked: {**_ways(), "on": repr(asked[1:])})
    lines: list[str] = []
    data = measure("cuda", budget=0.0, sizes=SMALL, say=lines.append)
    assert timing.problems(json.loads(json.dumps(data))) == []
    assert list(data["columns"]) == ["numpy", "nptorch", "torch-cpu", "torch-cuda"]
    assert [one["watch"] for one in data["columns"].values()][-1] == "CUDA events"
    assert data["columns"]["torch-cuda"]["describe"] == "a pretend GPU"
    assert "cuda" in fake.asked
    assert data["wrong"]["on"] == "('cuda', 'a pretend GPU')"
    assert "sum on torch-cuda" in lines
    assert [held for held, _ in data["columns"]["torch-cuda"]["limits"]["copies"]] == [2 * 2**13]  # the largest first
    assert data["columns"]["torch-cuda"]["limits"]["bus"] == pytest.approx(2**12, rel=1e-3)
    assert "bus" not in data["columns"]["torch-cpu"]["limits"]
    assert data["columns"]["torch-cuda"]["points"]["sum"][0]["median"] == pytest.approx(1.0, rel=1e-3)


def _ways() -> dict:
    return {"pretend": False, "ways": {"honest": 1.0, "no waiting": 1.0, "no warm-up": 1.0}}


def test_a_series_stops_before_it_takes_too_long_and_says_where() -> None:
    device = Device(launch=0.0)
    slow = SimpleNamespace(device="cpu", watch=watch_of(device), work=lambda operation, n: device.job(n / 16))
    points, stopped = series(slow, SUM, (16, 64, 256, 1024), 100.0, 1e12, device.clock)
    # 16 elements take 1 s, and 5 to 17 calls of each size are made
    assert [one["n"] for one in points] == [16, 64]
    assert [one["median"] for one in points] == [1.0, 4.0]
    assert stopped == "2^8 elements would have taken about 80 s, more than is left of the budget"
    assert points[1]["repeats"] < points[0]["repeats"] <= 15


def test_a_series_always_has_its_first_size() -> None:
    device = Device(launch=0.0)
    slow = SimpleNamespace(device="cpu", watch=watch_of(device), work=lambda operation, n: device.job(1.0))
    points, stopped = series(slow, SUM, (16, 64), 0.0, 1e12, device.clock)
    assert [one["n"] for one in points] == [16]
    assert stopped


def test_a_series_does_not_fill_the_memory() -> None:
    device = Device(launch=0.0)
    engine = SimpleNamespace(device="cpu", watch=watch_of(device), work=lambda operation, n: device.job(1.0))
    points, stopped = series(engine, CHAIN, (16, 2**20), 1e9, 40 * 2**20, device.clock)
    assert [one["n"] for one in points] == [16]
    assert stopped == "2^20 elements need 40 MiB of memory"


def test_a_gpu_that_is_not_there_is_not_measured() -> None:
    if not torch.cuda.is_available():
        with pytest.raises(RuntimeError, match="there is no CUDA device here"):
            measure("cuda")
    with pytest.raises(ValueError, match="no device 'tpu'"):
        measure("tpu")


def test_nothing_is_left_changed(whole: None, quick: None) -> None:
    matmul = torch.backends.cuda.matmul
    matmul.allow_tf32 = True
    torch.set_grad_enabled(False)
    state = torch.get_rng_state()

    def facts() -> tuple[object, ...]:
        blas = settings.blas_threads()
        return (torch.get_num_threads(), torch.get_float32_matmul_precision(), matmul.allow_tf32, blas)

    before, drawn, params = facts(), np.random.get_state()[1].tolist(), dict(mpl.rcParams)  # noqa: NPY002
    try:
        found = timing.Sweep(measure("cpu", budget=0.0, sizes=SMALL))
        found.plot()._repr_html_()
        assert facts() == before
        assert not torch.is_grad_enabled()
        assert torch.equal(torch.get_rng_state(), state)
        assert np.random.get_state()[1].tolist() == drawn  # noqa: NPY002
        assert dict(mpl.rcParams) == params
        assert all(column["points"]["chain"] for column in found.columns.values())  # recorded, although it was off
    finally:
        torch.set_grad_enabled(True)
        matmul.allow_tf32 = False


def test_while_it_is_measured_float32_is_float32() -> None:
    switches = (torch.backends.cuda.matmul, torch.backends.mkldnn.matmul)
    with settings.exact(torch):
        assert [one.fp32_precision for one in switches] == ["ieee", "ieee"]
    old = SimpleNamespace(allow_tf32=True)
    earlier = SimpleNamespace(cuda=SimpleNamespace(matmul=old), mkldnn=SimpleNamespace())  # torch 2.6
    seen = []

    def fails() -> None:
        with settings.exact(SimpleNamespace(backends=earlier)):
            seen.append(old.allow_tf32)
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert seen == [False]
    assert old.allow_tf32 is True


def test_without_torch_there_are_two_columns(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    found = backends.importlib.util.find_spec
    monkeypatch.setattr(backends.importlib.util, "find_spec", lambda name: None if name == "torch" else found(name))
    shown = timing.sweep(budget=0.0, sizes=SMALL)
    assert list(shown.columns)[:2] == ["numpy", "nptorch"]
    assert "torch-cpu" not in shown.columns
    assert "torch-cpu is not here: torch is not installed here" in str(shown)


def test_while_nbgrader_grades_torch_is_not_imported() -> None:
    code = (
        "import os, sys; os.environ['NBGRADER_EXECUTION'] = 'autograde'\n"
        "from course.compare import timing\n"
        "shown = timing.sweep(sizes=(16, 64))\n"
        "text = str(shown) + shown._repr_html_() + shown.plot()._repr_html_()\n"
        "assert 'torch is not run while nbgrader grades.' in text\n"
        "assert shown.data['settings']['budget'] < 1\n"
        "sys.exit('torch' in sys.modules or 'course.parts' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_real_sweep_passes_its_own_check(whole: None, quick: None) -> None:
    shown = timing.sweep(budget=0.0, sizes=SMALL)
    assert timing.problems(json.loads(json.dumps(shown.data))) == []
    assert {"numpy", "nptorch", "torch-cpu"} <= set(shown.columns)
    if shown.data["device"] == "cpu":
        assert shown.note == recorded.NONE or shown.records


def test_free_memory_is_that_of_the_container_where_it_is_less(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    alone = settings.memory()
    assert alone > 0
    (tmp_path / "memory.max").write_text("5000\n", encoding="ascii")
    (tmp_path / "memory.current").write_text("2000\n", encoding="ascii")
    monkeypatch.setattr(settings, "_CGROUP", tmp_path)
    assert settings.memory() == 3000
    (tmp_path / "memory.max").write_text("max\n", encoding="ascii")
    assert settings.memory() > 3000
    assert settings.memory(SimpleNamespace(cuda=SimpleNamespace(mem_get_info=lambda: (7, 9))), "cuda") == 7


def test_a_short_budget_for_limits_still_spans_memory_and_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device(launch=0.0)
    asked = []

    def copy(size: int):
        asked.append(size)
        return device.job(1.0)

    one = SimpleNamespace(
        device="cpu",
        watch=watch_of(device),
        copy=copy,
        product=lambda side: device.job(1.0),
        smallest=lambda: device.job(0.25),
    )
    found = limits.measure(
        one, 40.0, device.clock
    )  # a copy takes 9 runs of a second, or fewer if there is less patience
    assert asked == [2**26, 2**20, 2**14]
    assert found["copies"] == [[2 * size, 2.0 * size] for size in (2**14, 2**20, 2**26)]
    assert found["flops"] == 2 * limits.SIDES[0] ** 3
    assert found["side"] == limits.SIDES[0]
    assert found["call"] == 0.25
    assert "bus" not in found
    asked.clear()
    monkeypatch.setattr(limits, "LONG", 1.0)
    found = limits.measure(one, 1e9, device.clock)
    assert sorted(asked) == list(limits.COPIES)
    assert found["side"] == limits.SIDES[-1]  # of equal seconds the largest product is the best speed


def test_threads_are_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = settings.facts(torch)
    assert facts["torch threads"] == str(torch.get_num_threads())
    assert re.fullmatch(r"1, and (\d+|an unknown number) for products of matrices", facts["numpy threads"])
    assert "cores at hand" in facts["host"]
    assert facts["torch"] == torch.__version__
    monkeypatch.setattr(settings.importlib.util, "find_spec", lambda name: None)
    assert settings.blas_threads() == "1, and an unknown number for products of matrices"
    assert settings.facts(None)["torch"] == "is not run"
