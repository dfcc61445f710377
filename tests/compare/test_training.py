"""The three trainings: the same on every engine, each in its own number format, and nothing of torch's left changed."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import course.nptorch as nptorch
from course.compare import training
from course.compare.training import running
from course.compare.training import undisturbed as settings
from course.compare.training.columns import BITS, COLUMNS, JUDGE, Column, columns_of
from course.compare.training.lines import growth_of, relative
from course.compare.training.programs import PROGRAMS, train
from course.compare.training.running import run
from tests.lessons.cells import parts, torch

ALL = list(PROGRAMS.values())
ONE = [PROGRAMS["mlp"]]


@pytest.fixture(autouse=True)
def engine() -> Iterator[None]:
    with parts(11):
        yield


def losses(name: str, program: str, steps: int, **changed: Any) -> list[float]:
    """All losses of a column, one program, in the order in which they come."""
    column = dataclasses.replace(COLUMNS[name], **changed)
    found = run(column, steps, [PROGRAMS[program]])["losses"][program]
    return [one for at_step in zip(*found.values(), strict=True) for one in at_step]


# --- the same programs everywhere -----------------------------------------------------------------


@pytest.mark.parametrize(("program", "steps", "most"), [("mlp", 50, 1e-14), ("conv", 50, 1e-13), ("srgan", 5, 1e-12)])
def test_in_float64_the_engine_is_torch(program: str, steps: int, most: float) -> None:
    ours, theirs = (losses(name, program, steps) for name in ("nptorch float64", JUDGE.name))
    assert max(relative(ours, theirs)) < most
    assert ours[0] != ours[-1]


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_first_loss_is_off_by_the_roundoff_of_its_format(program: str) -> None:
    judge = losses(JUDGE.name, program, 1)[:1]
    for name in ("nptorch float32", "torch CPU float32"):
        (error,) = relative(losses(name, program, 1)[:1], judge)
        assert 0 < error < 4 * COLUMNS[name].roundoff
    (error,) = relative(losses("torch CPU bfloat16 autocast", program, 1)[:1], judge)
    assert 100 * COLUMNS["torch CPU float32"].roundoff < error < COLUMNS["torch CPU bfloat16 autocast"].roundoff


def float64_made(program: str, dtype: Any) -> set[str]:
    """Train for a step, and return the engine's functions that have returned an array of float64."""
    found = set()

    def watch(frame: Any, event: str, value: Any) -> None:
        if event == "return" and "nptorch" in frame.f_code.co_filename and getattr(value, "dtype", None) == np.float64:
            found.add(frame.f_code.co_name)

    running = train(PROGRAMS[program], nptorch, dtype, steps=2)
    for _ in PROGRAMS[program].goals:
        next(running)  # nets are built and filled in the first step, from NumPy's float64
    sys.setprofile(watch)
    try:
        next(running)
    finally:
        sys.setprofile(None)
    return found


@pytest.mark.parametrize("program", PROGRAMS)
def test_in_float32_the_engine_never_turns_to_float64(program: str) -> None:
    assert float64_made(program, nptorch.float32) == set()
    assert float64_made(program, nptorch.float64) != set()  # the watch can see


def test_every_run_begins_with_the_same_float32_numbers() -> None:
    T = torch()
    for program in ALL:
        ours = [one.weights for one in program.build(nptorch, nptorch.float64, "cpu", program.settings)]
        theirs = [one.weights for one in program.build(T, T.float32, "cpu", program.settings)]
        for weights, others in zip(ours, theirs, strict=True):
            for weight, other in zip(weights, others, strict=True):
                assert weight.dtype is nptorch.float64
                assert weight.tolist() == other.double().tolist()


def test_a_learning_rate_can_be_chosen() -> None:
    rash = PROGRAMS["mlp"].at(2.0)
    (goal,) = rash.build(nptorch, nptorch.float64, "cpu", rash.settings)
    assert goal.optimizer.param_groups[0]["lr"] == rash.experiment["lr"] == 2.0
    assert PROGRAMS["mlp"].experiment["lr"] != 2.0


# --- numbers --------------------------------------------------------------------------------------


def test_formats_have_the_roundoff_that_torch_says() -> None:
    T = torch()
    for format in set(BITS) - {"tf32"}:
        (column, *_) = (one for one in COLUMNS.values() if one.format == format)
        assert column.roundoff == T.finfo(getattr(T, format)).eps / 2
    tf32 = COLUMNS["torch CUDA float32, TF32 on"]
    assert (tf32.roundoff, tf32.dtype, tf32.autocast) == (2.0**-11, "float32", None)


def test_a_difference_is_relative_and_never_nan() -> None:
    found = relative([1.0, 0.0, None, 2.0, 0.0, -1.0], [1.0, 0.0, 1.0, 1.0, 5.0, 1.0])
    assert found.tolist() == [0.0, 0.0, 1.0, 0.5, 1.0, 2.0]


def test_growth_is_found_where_errors_are_small() -> None:
    errors = 1e-16 * 1.3 ** np.arange(50)
    errors[[3, 7]] = 0.0  # by chance equal
    errors[-5:] = 0.9  # too large to tell
    assert growth_of(errors) == pytest.approx(1.3)
    assert growth_of(errors[:3]) is not None
    assert growth_of(np.array([0.0, 0.0, 1e-16, 1e-16])) is None


# --- what a device gives --------------------------------------------------------------------------


def test_measuring_the_cpu_gives_data_that_json_can_carry() -> None:
    said: list[str] = []
    data = training.measure("cpu", steps=3, say=said.append)
    assert training.problems(data) == []
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert [one.removeprefix("training: ") for one in said] == list(data["columns"])
    assert list(data["columns"]) == [one.name for one in columns_of("cpu")]
    assert set(data["programs"]) == set(PROGRAMS)


def test_a_loss_that_is_no_number_becomes_none() -> None:
    with np.errstate(all="ignore"):
        data = training.measure("cpu", steps=12, programs=[PROGRAMS["mlp"].at(3e38)])
    assert None in data["columns"]["nptorch float32"]["losses"]["mlp"]["loss"]
    assert training.problems(json.loads(json.dumps(data, allow_nan=False))) == []


def test_a_device_that_is_missing_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch().cuda, "is_available", lambda: False)
    with pytest.raises(RuntimeError, match="no CUDA device here"):
        training.measure("cuda")
    with pytest.raises(ValueError, match="no device 'tpu'"):
        training.measure("tpu")


def test_what_runs_on_a_gpu_runs_on_the_cpu_in_its_place() -> None:
    """The columns of a GPU, told to compute on the CPU: there TF32 changes nothing, and autocast is autocast."""
    plain = losses("torch CPU float32", "srgan", 2)
    assert losses("torch CUDA float32, TF32 off", "srgan", 2, device="cpu") == plain
    assert losses("torch CUDA float32, TF32 on", "srgan", 2, device="cpu") == plain
    narrow = losses("torch CUDA bfloat16 autocast", "srgan", 2, device="cpu")
    assert narrow == losses("torch CPU bfloat16 autocast", "srgan", 2) != plain


def test_several_runs_say_how_far_they_are_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    column = dataclasses.replace(COLUMNS["torch CUDA float32, TF32 off"], device="cpu")
    data = run(column, 3, ONE, runs=3)
    assert data["runs"] == 3
    assert data["spread"] == {"mlp": {"loss": [0.0, 0.0, 0.0]}}

    noise = iter(range(9))
    monkeypatch.setattr(running, "train", lambda *_: [("loss", 1.0 + next(noise))] * 2)
    data = run(column, 2, ONE, runs=3)
    assert data["losses"] == {"mlp": {"loss": [1.0, 1.0]}}
    assert data["spread"] == {"mlp": {"loss": [2.0, 2.0]}}


# --- nothing is left changed ----------------------------------------------------------------------


def state(T: Any) -> dict[str, Any]:
    """Everything global of torch's that a column could touch."""
    backends = T.backends
    found = {
        "threads": T.get_num_threads(),
        "rng": T.get_rng_state().tolist(),
        "device": T.get_default_device(),
        "dtype": T.get_default_dtype(),
        "grad": T.is_grad_enabled(),
        "autocast": [T.is_autocast_enabled(one) for one in ("cpu", "cuda")],
        "autocast dtype": T.get_autocast_dtype("cpu"),
        "allow_tf32": (backends.cuda.matmul.allow_tf32, backends.cudnn.allow_tf32),
        "precision": T.get_float32_matmul_precision(),
        "deterministic": T.are_deterministic_algorithms_enabled(),
    }
    for one in (backends.cuda.matmul, backends.cudnn.conv, backends.cudnn.rnn, backends.mkldnn.matmul, backends.mkldnn):
        found[str(one)] = one.fp32_precision
    return found


@contextmanager
def unusual(T: Any) -> Iterator[None]:
    """Settings that nobody's defaults are, put back afterwards."""
    threads, dtype = T.get_num_threads(), T.get_default_dtype()
    matmul, conv = T.backends.cuda.matmul.fp32_precision, T.backends.cudnn.conv.fp32_precision
    try:
        T.set_num_threads(3)
        T.set_default_dtype(T.float64)
        T.set_default_device("meta")
        with T.no_grad(), T.autocast("cpu", dtype=T.bfloat16):
            yield
    finally:
        T.set_default_device(None)
        T.set_num_threads(threads)
        T.set_default_dtype(dtype)
        T.backends.cuda.matmul.fp32_precision, T.backends.cudnn.conv.fp32_precision = matmul, conv


@pytest.mark.parametrize(
    "name", ["torch CPU float64", "torch CPU bfloat16 autocast", "torch CUDA float32, TF32 on", "nptorch float32"]
)
def test_no_setting_is_left_changed_nor_minded(name: str) -> None:
    T = torch()
    expected = losses(name, "conv", 2, device="cpu")
    T.manual_seed(5)
    usual = state(T)
    losses(name, "conv", 2, device="cpu")
    assert state(T) == usual
    with unusual(T):
        before = state(T)
        assert before != usual
        assert losses(name, "conv", 2, device="cpu") == expected
        assert state(T) == before


def test_within_an_open_autocast_weights_are_cast_anew_at_each_step() -> None:
    """torch keeps narrow copies of weights until the outermost autocast ends, whatever an optimizer writes."""
    T = torch()
    weight = T.ones(2, 2, requires_grad=True)
    with T.autocast("cpu", dtype=T.bfloat16):
        before = (weight @ T.ones(2, 2)).sum().item()
        with T.no_grad():
            weight.mul_(2)
        assert (weight @ T.ones(2, 2)).sum().item() == before  # the trap is there
        inside = losses("torch CPU bfloat16 autocast", "mlp", 6)
    threads = T.get_num_threads()
    T.set_num_threads(1)
    try:
        plain = train(PROGRAMS["mlp"], T, T.float32, 6, forward=lambda: T.autocast("cpu", dtype=T.bfloat16))
        assert inside == [loss for _, loss in plain] == losses("torch CPU bfloat16 autocast", "mlp", 6)
    finally:
        T.set_num_threads(threads)


def test_settings_are_put_back_after_an_error_and_are_as_asked_for_before() -> None:
    T = torch()
    before = state(T)
    seen = {}

    def fail_within(column: Column) -> None:
        with settings.undisturbed(T, column):
            seen[column.tf32] = (T.backends.cuda.matmul.fp32_precision, T.backends.cudnn.conv.fp32_precision)
            assert T.get_num_threads() == 1
            raise ZeroDivisionError

    for name in ("torch CUDA float32, TF32 on", "torch CUDA float32, TF32 off"):
        column = dataclasses.replace(COLUMNS[name], device="cpu")
        with pytest.raises(ZeroDivisionError):
            fail_within(column)
    assert seen == {True: ("tf32", "tf32"), False: ("ieee", "ieee")}
    assert state(T) == before


def test_torch_before_2_9_has_other_names_for_the_switches() -> None:
    class Old:
        allow_tf32 = False

    backends = SimpleNamespace(cuda=SimpleNamespace(matmul=Old()), cudnn=Old(), mkldnn=SimpleNamespace(matmul=None))
    found = settings._switches(SimpleNamespace(backends=backends), tf32=True)
    assert found == [(backends.cuda.matmul, "allow_tf32", True), (backends.cudnn, "allow_tf32", True)]


def test_the_engines_random_numbers_go_on_as_if_nothing_had_been() -> None:
    nptorch.manual_seed(3)
    expected = nptorch.rand(4).tolist()
    nptorch.manual_seed(3)
    losses("nptorch float64", "mlp", 1)
    assert nptorch.rand(4).tolist() == expected


def test_neither_torch_nor_solutions_are_imported_to_train_on_the_engine() -> None:
    code = (
        "import os, sys; os.environ['NBGRADER_EXECUTION'] = 'autograde';"
        "from course.compare import training; print(training.table('mlp', steps=1));"
        "sys.exit(any(name in sys.modules for name in ('torch', 'course.parts')))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert "torch is not run while nbgrader grades" in said
    assert "nptorch float64 raised MissingPart" in said  # nothing is plugged in there
