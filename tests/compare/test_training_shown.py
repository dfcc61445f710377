"""The step-for-step table and its plot: what they say, of what was measured here and of what was recorded."""

from __future__ import annotations

import copy
import importlib.util
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import course.nptorch as nptorch
from course.compare import recorded, training
from course.compare.training import showing
from course.compare.training.columns import COLUMNS, JUDGE, RUNS_ON_GPU, TIMES
from course.compare.training.lines import HERE
from course.compare.training.plot import FLOOR, draw, heights
from course.compare.training.plot import name as label
from course.compare.training.programs import PROGRAMS
from course.compare.training.words import difference
from course.parts.l07_optim import adam_step
from tests.lessons.cells import parts

STEPS = 12
H100 = {
    "date": "2026-01-02",
    "device": "cuda",
    "hardware": "Planted GPU 1",
    "system": "Linux x86_64",
    "python": "3.11.1",
    "numpy": "2.4.0",
    "torch": "2.13.0",
    "driver": "1",
    "cuda": "13.0",
}


@pytest.fixture(autouse=True)
def engine() -> Iterator[None]:
    with parts(11):
        yield


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    """All columns of a CPU, twelve steps."""
    with parts(11):
        return training.measure("cpu", steps=STEPS)


@pytest.fixture(scope="module")
def planted(measured: dict[str, Any]) -> dict[str, Any]:
    """The form of a GPU's record, with numbers of a CPU in it: for these tests only."""
    columns = {JUDGE.name: measured["columns"][JUDGE.name]}
    for name, source in {
        "torch CUDA float32, TF32 off": "torch CPU float32",
        "torch CUDA float32, TF32 on": "torch CPU float32",
        "torch CUDA bfloat16 autocast": "torch CPU bfloat16 autocast",
    }.items():
        losses = measured["columns"][source]["losses"]
        spread = {program: {goal: [0.0] * STEPS for goal in goals} for program, goals in losses.items()}
        columns[name] = COLUMNS[name].facts | {"runs": RUNS_ON_GPU, "losses": losses, "spread": spread}
    copied: dict[str, Any] = json.loads(json.dumps({**measured, "columns": columns}))
    return copied


@pytest.fixture
def nobody_recorded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(recorded, "HERE", tmp_path)
    return tmp_path


@pytest.fixture
def somebody_recorded(nobody_recorded: Path, planted: dict[str, Any]) -> Path:
    return recorded.write("training", planted, H100)


# --- live and recorded ----------------------------------------------------------------------------


def test_without_a_gpu_and_a_record_the_table_says_so(nobody_recorded: Path) -> None:
    shown = training.table("mlp", steps=2)
    assert recorded.NONE in str(shown)
    assert recorded.NONE in shown._repr_html_()
    assert not any("CUDA" in line.column.name for line in shown.lines("mlp"))


def test_what_was_recorded_is_labelled_wherever_it_is_shown(somebody_recorded: Path) -> None:
    shown = training.table("mlp", steps=STEPS)
    title = "recorded on Planted GPU 1, torch 2.13.0, 2026-01-02"
    wheres = {line.column.name: line.where for line in shown.lines("mlp")}
    assert {name: where for name, where in wheres.items() if COLUMNS[name].device == "cpu"} == dict.fromkeys(
        [name for name in COLUMNS if COLUMNS[name].device == "cpu" and name != JUDGE.name], HERE
    )
    assert {name: where for name, where in wheres.items() if "CUDA" in name} == dict.fromkeys(
        [name for name in COLUMNS if "CUDA" in name], title
    )
    assert recorded.NONE not in str(shown)
    for text in (str(shown), shown.losses("mlp"), shown._repr_html_()):
        assert text.index("torch CPU bfloat16") < text.index(title) < text.index("torch CUDA")
    labels = [line.get_label() for line in drawn(shown)["mlp"]]
    assert {label.endswith("(recorded)") for label in labels if "CUDA" in label} == {True}
    assert {label.endswith("(recorded)") for label in labels if "CUDA" not in label} == {False}


def test_where_a_gpu_is_at_hand_nothing_recorded_is_shown(
    somebody_recorded: Path, monkeypatch: pytest.MonkeyPatch, planted: dict[str, Any]
) -> None:
    """A machine that says it has a GPU: what it measures is its own, and no record stands beside it."""
    ran = []

    def pretended(column: Any, steps: int, programs: Any, runs: int | None = None) -> dict[str, Any]:
        ran.append((column.name, runs))
        return planted["columns"].get(column.name) or planted["columns"][JUDGE.name]

    names = ("torch-cpu", "torch-cuda", "nptorch")
    monkeypatch.setattr(showing, "at_hand", lambda dtype: ([SimpleNamespace(name=one) for one in names], ""))
    monkeypatch.setattr(showing, "run", pretended)
    shown = training.table(steps=STEPS)
    assert shown.record is None
    assert {line.where for line in shown.lines("conv")} == {HERE}
    assert "recorded" not in str(shown) + shown._repr_html_()
    assert dict(ran) == {
        name: None if one.device == "cpu" else showing.RUNS_ON_GPU_HERE
        for name, one in COLUMNS.items()
        if one.device != "mps"
    }


def test_a_record_of_another_experiment_is_left_out(somebody_recorded: Path) -> None:
    shown = training.table("mlp", steps=2, lr=0.05)
    assert {line.where for line in shown.lines("mlp")} == {HERE}
    assert "Planted GPU 1" in " ".join(shown.notes)
    assert "had other settings, and is left out" in str(shown)


def test_a_record_is_held_against_its_own_judge(nobody_recorded: Path, planted: dict[str, Any]) -> None:
    """Another machine's float64 may differ in its last bits; here the planted one is off as a whole."""
    off = copy.deepcopy(planted)
    for column in off["columns"].values():
        column["losses"]["mlp"]["loss"] = [1.01 * one for one in column["losses"]["mlp"]["loss"]]
    recorded.write("training", off, H100)
    shown = training.table("mlp", steps=STEPS)
    here = {line.column.format: line.errors for line in shown.lines("mlp") if line.column.name == "torch CPU float32"}
    there = {line.column.format: line.errors for line in shown.lines("mlp") if line.recorded}
    assert there["float32"] == pytest.approx(here["float32"], abs=1e-12)


def test_a_shorter_table_shows_as_much_of_the_record(somebody_recorded: Path) -> None:
    shown = training.table("mlp", steps=3)
    assert {len(line.errors) for line in shown.lines("mlp")} == {3}
    assert "20 runs gave the same numbers" in str(shown)


# --- without torch --------------------------------------------------------------------------------


def test_without_torch_the_engine_is_its_own_judge_and_says_so(
    nobody_recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "torch" else found(name, *a))
    shown = training.table("mlp", steps=2)
    assert [line.column.name for line in shown.lines("mlp")] == ["nptorch float32"]
    assert "torch is not installed here" in str(shown)
    assert "nptorch float64 stands in for the judge" in str(shown)
    data = training.measure("cpu", steps=1, programs=[PROGRAMS["mlp"]])
    assert list(data["columns"]) == ["nptorch float64", "nptorch float32"]


# --- an engine with mistakes ----------------------------------------------------------------------


def test_a_mistake_in_the_engine_is_not_called_rounding(nobody_recorded: Path) -> None:
    def hasty(*args: Any, **kwargs: Any) -> Any:
        """Forget faster than was asked for."""
        return adam_step(*args, **{**kwargs, "betas": (0.9, 0.99)})

    right = training.table("conv", steps=5)
    assert "not rounding" not in str(right)
    with nptorch.use(adam_step=hasty):
        wrong = training.table("conv", steps=5)
    why = {line.column.name: line.why for line in wrong.lines("conv")}
    for name in ("nptorch float64", "nptorch float32"):
        assert why[name].startswith("This is not rounding: at step 3 ")
    assert "not rounding" not in why["torch CPU float32"]


@pytest.mark.parametrize(("step", "blamed"), [(1, True), (6, False)])
def test_in_float32_only_the_first_step_convicts(measured: dict[str, Any], step: int, blamed: bool) -> None:
    """Later a number may have fallen on the other side of a kink."""
    changed = copy.deepcopy(measured)
    changed["columns"]["nptorch float32"]["losses"]["mlp"]["loss"][step - 1] *= 1.001
    shown = str(training.Training(changed))
    assert ("This is not rounding: at step 1 nptorch float32" in " ".join(shown.split())) is blamed
    assert ("not rounding" in shown) is blamed


def test_an_engine_that_raises_leaves_the_other_columns_standing(nobody_recorded: Path) -> None:
    def unfinished(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("to be written\nby me")

    with nptorch.use(adam_step=unfinished):
        shown = training.table("conv", steps=1)
    assert {line.column.engine for line in shown.lines("conv")} == {"torch"}
    assert "nptorch float32 raised NotImplementedError: to be written" in str(shown)


# --- table and plot -------------------------------------------------------------------------------


def drawn(shown: training.Training) -> dict[str, list[Any]]:
    """The lines of each panel."""
    figure = shown.plot().figure
    return {
        program: [line for line in axes.get_lines() if len(line.get_xdata()) == shown.here["steps"]]
        for program, axes in zip(shown.programs, figure.axes, strict=True)
    }


def test_the_plot_shows_the_numbers_of_the_table(measured: dict[str, Any]) -> None:
    shown = training.Training(measured)
    for program, plotted in drawn(shown).items():
        lines = shown.lines(program)
        assert [line.get_label() for line in plotted] == [label(line) for line in lines]
        for line, curve in zip(lines, plotted, strict=True):
            assert list(curve.get_xdata()) == list(range(1, STEPS + 1))
            assert list(curve.get_ydata()) == heights(line)
            assert [0.0 if one == FLOOR else one for one in curve.get_ydata()] == list(line.errors)
            assert f">{difference(line.errors[-1])}<" in shown._repr_html_()
            assert f" {difference(line.errors[-1])} " in str(shown)


def test_every_line_has_its_name_beside_it_and_a_look_of_its_own(
    measured: dict[str, Any], planted: dict[str, Any]
) -> None:
    shown = training.Training(measured, recorded.Record("training", "cuda-planted", H100, planted))
    for axes, lines in zip(shown.plot().figure.axes, drawn(shown).values(), strict=True):
        looks = [(line.get_color(), line.get_linestyle()) for line in lines]
        assert len(set(looks)) == len(lines) == 7
        written = [text for text in axes.texts if text.get_text()]
        assert [text.get_text() for text in written] == [line.get_label() for line in lines]
        places = sorted(text.xyann[1] for text in written)
        assert all(above - below > 0.08 for below, above in itertools.pairwise(places))
        assert 0 <= places[0] <= places[-1] <= 1


def test_the_plot_takes_the_ink_of_the_page(measured: dict[str, Any]) -> None:
    svg = training.Training(measured).plot()._repr_html_()
    assert svg.startswith("<svg")
    assert "currentColor" in svg
    assert "#ffffff" not in svg


def test_the_plot_of_an_engine_alone_is_drawn(measured: dict[str, Any]) -> None:
    only = {**measured, "columns": {"nptorch float64": measured["columns"]["nptorch float64"]}}
    shown = training.Training(only)
    assert shown.lines("mlp") == []
    assert len(draw({"mlp": []}, STEPS).axes) == 1
    assert "MLP" in shown._repr_html_()


def test_a_column_has_parted_where_its_tolerance_says(measured: dict[str, Any]) -> None:
    changed = copy.deepcopy(measured)
    judge = changed["columns"][JUDGE.name]["losses"]["mlp"]["loss"]
    ours = changed["columns"]["nptorch float64"]["losses"]["mlp"]["loss"]
    ours[:] = judge
    ours[3] *= 1 + 0.5 * TIMES * 2.0**-53
    ours[5] *= 1 + 2 * TIMES * 2.0**-53
    (line, *_) = training.Training(changed).lines("mlp")
    assert line.parted == 6
    assert line.at(1) == 0.0
    assert line.at(STEPS + 1) is None
    assert "equal to the last bit" in line.why


def test_the_worse_of_two_losses_counts(measured: dict[str, Any]) -> None:
    changed = copy.deepcopy(measured)
    changed["columns"]["nptorch float64"]["losses"]["srgan"]["G"][2] *= 2
    (line, *_) = training.Training(changed).lines("srgan")
    assert line.errors[2] == pytest.approx(0.5)


def test_all_text_is_ascii_and_every_step_is_listed(measured: dict[str, Any]) -> None:
    shown = training.Training(measured, notes=["a note"])
    assert str(shown).isascii()
    assert max(len(line) for line in str(shown).splitlines()) <= 120
    listed = shown.losses("srgan")
    assert listed.isascii()
    rows = [line for line in listed.splitlines() if line[:1].isdigit()]
    assert len(rows) == 2 * STEPS
    loss = measured["columns"][JUDGE.name]["losses"]["srgan"]["D"][0]
    assert rows[0].split()[2] == f"{loss:.12f}"
    assert f"{loss:.12f}" in shown._repr_html_()


def test_digits_that_differ_are_underlined(measured: dict[str, Any]) -> None:
    changed = copy.deepcopy(measured)
    changed["columns"][JUDGE.name]["losses"]["mlp"]["loss"][0] = 2.125
    changed["columns"]["nptorch float64"]["losses"]["mlp"]["loss"][0] = 2.127
    assert "<code>2.12<u>7000000000</u></code>" in training.Training(changed)._repr_html_()


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="no program 'gan'; there are mlp, conv, srgan"):
        training.table("gan")
    with pytest.raises(ValueError, match="steps must be at least 1"):
        training.table("mlp", steps=0)


# --- the format of a record -----------------------------------------------------------------------

TF32 = "torch CUDA float32, TF32 on"
FAULTS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a key too many": (lambda d: d.update(more=1), "has columns, more, programs, steps"),
    "no steps": (lambda d: d.update(steps=0), "no positive whole number"),
    "a program of nobody's": (lambda d: d["programs"].update(vae={}), "no program 'vae'"),
    "no program": (lambda d: d.update(programs={}), "no program was run"),
    "other settings": (lambda d: d["programs"]["mlp"].pop("lr"), "mlp: has the settings"),
    "a column of nobody's": (lambda d: d["columns"].update(tpu={}), "no column 'tpu'"),
    "no judge": (lambda d: d["columns"].pop(JUDGE.name), "which the others are held against"),
    "only the judge": (lambda d: [d["columns"].pop(one) for one in [*d["columns"]][1:]], "columns of 0 devices"),
    "two devices": (
        lambda d: d["columns"].update({"torch CPU float32": d["columns"][JUDGE.name] | {"dtype": "float32"}}),
        "columns of 2 devices",
    ),
    "a fact is missing": (lambda d: d["columns"][TF32].pop("dtype"), "TF32 on: has allow_tf32"),
    "another flag": (lambda d: d["columns"][TF32].update(allow_tf32=False), "allow_tf32 is False, not True"),
    "a flag as number": (lambda d: d["columns"][TF32].update(allow_tf32=1), "allow_tf32 is 1, not True"),
    "another device": (lambda d: d["columns"][TF32].update(device="cpu"), "device is 'cpu', not 'cuda'"),
    "few runs": (lambda d: d["columns"][TF32].update(runs=3), "runs is 3, and at least 20 are needed"),
    "no spread": (lambda d: d["columns"][TF32].pop("spread"), "spread belongs to several runs"),
    "negative spread": (lambda d: d["columns"][TF32]["spread"]["mlp"].update(loss=[-1.0] * STEPS), "is negative"),
    "a step too few": (lambda d: d["columns"][TF32]["losses"]["srgan"]["G"].pop(), "G has 11 steps, not 12"),
    "a loss is missing": (lambda d: d["columns"][TF32]["losses"]["srgan"].pop("G"), "has D; expected D, G"),
    "a program is missing": (lambda d: d["columns"][TF32]["losses"].pop("conv"), "losses of conv: only on one side"),
    "a text": (lambda d: d["columns"][TF32]["losses"]["mlp"]["loss"].__setitem__(4, "1.0"), "neither a finite float"),
    "nan": (lambda d: d["columns"][TF32]["losses"]["mlp"]["loss"].__setitem__(4, float("nan")), "neither a finite"),
    "other weights": (lambda d: d["columns"][TF32]["losses"]["mlp"]["loss"].__setitem__(0, 3.0), "it began elsewhere"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_a_record_is_found(fault: str, planted: dict[str, Any]) -> None:
    changed = copy.deepcopy(planted)
    FAULTS[fault][0](changed)
    (first, *_) = training.problems(changed)
    assert FAULTS[fault][1] in "; ".join(training.problems(changed)), first


def test_what_is_no_record_at_all_is_said_to_be_none(planted: dict[str, Any]) -> None:
    assert training.problems(planted) == []
    assert training.problems(json.loads(json.dumps(planted))) == []
    for data in (None, 7, [], "text", {}, {"steps": 1, "programs": [], "columns": []}, {**planted, "columns": 3}):
        assert len(training.problems(data)) >= 1


def test_a_loss_of_null_is_allowed_save_at_the_beginning(planted: dict[str, Any]) -> None:
    changed = copy.deepcopy(planted)
    losses = changed["columns"][TF32]["losses"]["mlp"]["loss"]
    losses[-1] = None
    assert training.problems(changed) == []
    losses[0] = None
    assert "it began elsewhere" in "; ".join(training.problems(changed))
