"""What lesson 3 says: its opening, its worked cases and its numbers, held against torch."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jupytext
import numpy as np
import pytest

import course.nptorch as nptorch
from autograder.exercises import exercises
from autograder.sandbox.judge import Judge
from autograder.sandbox.transplant import grade_id, solutions, text_of
from autograder.sandbox.worker import Worker
from course.parts import reference

torch = pytest.importorskip("torch")

LESSON = Path(__file__).resolve().parents[2] / "course" / "lessons" / "l03_shapes.py"
TEXT = LESSON.read_text(encoding="utf-8")
CELLS = [cell.source for cell in jupytext.reads(TEXT, fmt="py:percent").cells if cell.cell_type == "code"]


def cell(holds: str) -> str:
    """Return the one code cell that holds a text."""
    (found,) = [source for source in CELLS if holds in source]
    return found


@pytest.fixture(params=["torch", "nptorch"])
def T(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "torch":
        yield torch
        return
    with nptorch.use(**reference(3)):
        yield nptorch


# --- the opening ------------------------------------------------------------------------------------


def opening(T: Any) -> dict[str, Any]:
    names: dict[str, Any] = {"torch": T}
    exec(cell("# a model's output: one column"), names)
    return names


def test_a_perfect_prediction_has_the_loss_of_the_issue(T: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the formula, written out, warns of nothing
        names = opening(T)
    assert names["loss"].item() == pytest.approx(4 / 3)
    assert f"tensor({names['loss'].item():.4f})" in TEXT
    assert tuple(names["difference"].shape) == (3, 3)
    assert "loss: 1.333" in capsys.readouterr().out


def test_the_loss_function_of_torch_warns_and_gives_the_same() -> None:
    a, b = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([[1.0], [2.0], [3.0]])
    with pytest.warns(UserWarning, match="likely lead to incorrect results due to broadcasting"):
        loss = torch.nn.MSELoss()(a, b)
    assert f"tensor({loss.item():.4f})" in TEXT


def test_its_gradient_pushes_towards_the_mean(T: Any) -> None:
    names = opening(T)
    names["loss"].backward()
    pushed = -names["prediction"].grad.numpy()[:, 0]  # a step goes against the gradient
    to_the_mean = names["target"].numpy().mean() - names["prediction"].data.numpy()[:, 0]
    np.testing.assert_array_equal(np.sign(pushed), np.sign(to_the_mean))
    assert pushed[0] > 0 > pushed[2]


def test_without_the_parts_the_engine_names_the_one_that_is_missing() -> None:
    with (
        nptorch.use(**reference(2), **dict.fromkeys(set(reference(3)) - set(reference(2)))),
        pytest.raises(NotImplementedError, match=r"mean_self is built in lesson 3"),
    ):
        opening(nptorch)["loss"].backward()


# --- worked cases ---------------------------------------------------------------------------------


def sent_back(f: Any, shape: Any, g: Any) -> Any:
    """The gradient of ``f(x)`` for x, by torch."""
    x = torch.zeros(tuple(shape), dtype=torch.float64, requires_grad=True)
    f(x).backward(torch.tensor(g))
    return x.grad.numpy()


BY_TORCH = {
    "sum_to_size": lambda g, shape: torch.tensor(g).sum_to_size(shape).numpy(),
    "sum_self": lambda g, shape, dim, keepdim: sent_back(lambda x: x.sum(dim, keepdim=keepdim), shape, g),
    "mean_self": lambda g, shape, dim, keepdim: sent_back(lambda x: x.mean(dim, keepdim=keepdim), shape, g),
    "permute_self": lambda g, dims: sent_back(
        lambda x: x.permute(dims), [g.shape[dims.index(axis)] for axis in range(len(dims))], g
    ),
    "index_self": lambda g, shape, indices: sent_back(
        lambda x: x[tuple(torch.tensor(one) for one in indices)], shape, g
    ),
}
BY_PARTS = {name: reference(3)[name] for name in BY_TORCH}
CASE = re.compile(r"^# (\w+_(?:self|to_size)\(.*?\)(?:\.shape)?) +# (\S.*)$", re.M)
FIRST = {"np": np, "g": np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), "arrived": np.array([1.0, 10.0])}


def cases() -> list[tuple[str, str]]:
    return CASE.findall(TEXT)


def test_there_are_worked_cases_of_every_kind() -> None:
    assert {call.split("(")[0] for call, _ in cases()} == set(BY_TORCH)
    assert len(cases()) == 10


@pytest.mark.parametrize("functions", [BY_TORCH, BY_PARTS], ids=["torch", "parts"])
@pytest.mark.parametrize(("call", "said"), cases(), ids=[call for call, _ in cases()])
def test_worked_cases_are_right(call: str, said: str, functions: dict[str, Any]) -> None:
    names = {**FIRST, **functions}
    if call.startswith("permute_self"):
        names["g"] = np.arange(24.0).reshape(3, 4, 2)
        got = eval(call.removesuffix(".shape"), dict(names))
        assert got.shape == ast.literal_eval(said.split(", and")[0])
        g = names["g"]
        assert all(got[i, j, k] == g[j, k, i] for i in range(2) for j in range(3) for k in range(4))
        return
    sums = eval(call.replace("mean_self", "sum_self"), dict(names))
    expected = {
        "g": FIRST["g"],
        "the same: with keepdim=True the axis is still there": [[1.0] * 3, [10.0] * 3],
        "a third of it": np.asarray(sums) / 3,
    }.get(said)
    np.testing.assert_allclose(eval(call, dict(names)), ast.literal_eval(said) if expected is None else expected)


def test_the_guessing_table_has_the_right_answers() -> None:
    """Which axes of the result are summed: where the operand, aligned at the right, is shorter."""
    rows = re.findall(r"^# \| (\w) \| (\(.*?\)) \| (\(.*?\)) \|$", TEXT, re.M)
    assert [name for name, _, _ in rows] == list("abcde")
    answers = {
        "a": "axis 0, which goes",
        "b": "axis 1, which stays",
        "c": "both, and both go",
        "d": "axis 0 goes, axis 2 stays",
        "e": "none",
    }
    for name, operand, result in rows:
        shape, whole = ast.literal_eval(operand), ast.literal_eval(result)
        torch.zeros(shape).expand(whole)  # torch would stretch it so
        front = len(whole) - len(shape)
        goes = list(range(front))
        stays = [axis + front for axis, n in enumerate(shape) if n == 1 and whole[axis + front] != 1]
        said = {
            ((0,), ()): answers["a"],
            ((), (1,)): answers["b"],
            ((0, 1), ()): answers["c"],
            ((0,), (2,)): answers["d"],
            ((), ()): answers["e"],
        }[tuple(goes), tuple(stays)]
        assert said == answers[name]
        assert f"- {name}: {said}" in TEXT


def test_the_tempting_gradient_of_a_square_is_that_of_the_other_sum() -> None:
    arrived = np.array([1.0, 10.0, 100.0])
    tempting = np.broadcast_to(arrived, (3, 3))
    np.testing.assert_array_equal(tempting, sent_back(lambda x: x.sum(0), (3, 3), arrived))
    assert not np.array_equal(tempting, sent_back(lambda x: x.sum(1), (3, 3), arrived))
    with pytest.raises(ValueError, match="could not be broadcast"):
        np.broadcast_to(arrived[:2], (2, 3))


def test_a_permutation_of_three_axes_is_not_undone_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    exec(cell("there = np.transpose"), {"np": np})
    shapes = re.findall(r"\(.*?\)", capsys.readouterr().out)
    assert len(shapes) == 3
    assert shapes[2] != shapes[0]


def test_numpy_counts_a_repeated_index_once() -> None:
    names: dict[str, Any] = {"np": np}
    exec(cell("counts[[0, 0, 2]]"), names)
    right = sent_back(lambda x: x[[0, 0, 2]], (3,), np.array([1.0, 2.0, 4.0]))
    assert not np.array_equal(names["counts"], right)
    assert (right - names["counts"]).tolist() == [1, 0, 0], "the text says that the 1 is lost"


# --- the model, the costs, and what is said of torch ------------------------------------------------


def test_the_model_with_an_axis_missing_learns_the_mean(T: Any) -> None:
    names: dict[str, Any] = {"torch": T, "np": np}
    exec(cell("def fit("), names)
    right, wrong = names["lines"]["targets (40, 1)"], names["lines"]["targets (40,)"]
    slope, offset = np.polyfit(names["inputs"][:, 0], names["targets"], 1)
    assert right[:2] == pytest.approx((slope, offset), abs=0.01)
    assert wrong[:2] == pytest.approx((0, names["targets"].mean()), abs=0.01)
    assert wrong[2] > 10 * right[2]


def test_the_mistake_costs_n_times_the_memory(capsys: pytest.CaptureFixture[str]) -> None:
    import time

    with nptorch.use(**reference(3)):
        exec(cell("n = 2000"), {"torch": nptorch, "time": time})
    meant, made = (float(size) for size in re.findall(r"(\d+) kB", capsys.readouterr().out))
    assert made == 2000 * meant


def test_the_checker_is_content_with_the_reference_and_not_with_a_mistake() -> None:
    source = cell("gradcheck")
    for name, wrong in (("sum_to_size", lambda g, shape: 2 * reference(3)["sum_to_size"](g, shape)), ("", None)):
        parts = reference(3) | ({name: wrong} if name else {})
        with nptorch.use(**parts):
            if wrong:
                with pytest.raises(RuntimeError, match="Jacobian mismatch"):
                    exec(source, {"torch": nptorch, "np": np})
            else:
                exec(source, {"torch": nptorch, "np": np})


def test_a_node_of_torch_called_by_hand_does_not_sum() -> None:
    x, y = torch.zeros(2, 1, requires_grad=True), torch.ones(2, 3, requires_grad=True)
    z = x * y
    assert [tuple(g.shape) for g in z.grad_fn(torch.ones(2, 3))] == [(2, 3), (2, 3)]
    assert tuple(torch.autograd.grad(z, x, torch.ones(2, 3))[0].shape) == (2, 1)


def test_broadcasting_copies_nothing() -> None:
    shown = torch.zeros(3).expand(2, 3)
    assert shown.stride() == (0, 1)
    assert "stride 0" in TEXT


def test_the_tools_it_names_are_there() -> None:
    from course.nptorch import math

    tools = SimpleNamespace(**vars(math))
    for name in ("reshape", "expand", "transpose", "permute", "index_put"):
        assert f"`{name}(" in TEXT
        assert callable(getattr(tools, name))


# --- grading ----------------------------------------------------------------------------------------


def test_the_reference_earns_everything_in_the_sandbox() -> None:
    """The judge runs the lesson's imports and functions around each solution, in a process without the rest."""
    folder = LESSON.parents[2] / "source" / LESSON.stem
    source = json.loads((folder / f"{LESSON.stem}.ipynb").read_text(encoding="utf-8"))
    right = {grade_id(one): text_of(one) for one in solutions(source)}
    with Worker(folder / "given") as worker:
        judge = Judge(worker, source)
        for exercise in exercises(LESSON.stem):
            verdict = judge.judge(exercise, right, 20_260_101).verdict
            assert verdict.points == exercise.points, str(verdict)
