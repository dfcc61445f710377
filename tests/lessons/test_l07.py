"""Lesson 7: its programs do what its text says, on torch and on the engine."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import course.nptorch as nptorch
from autograder import grade
from course.parts.l07_optim import adam_step, sgd_step
from course.scenarios import attempt
from tests.lessons.cells import cell, claims_linked, claims_there, parts, run, said, student_machine, torch

LESSON = "l07_optim"
ENGINES = ["torch", "nptorch"]


def on(engine: str, part: str, lesson: int = 7, **names: Any) -> tuple[str, dict[str, Any]]:
    """Run a cell on torch, or on the engine with the parts of the lessons up to one."""
    with parts(lesson):
        return run(cell(LESSON, part), torch() if engine == "torch" else nptorch, **names)


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+\.\d*", text)]


# --- the opening program, and steps by hand ---------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_the_frozen_weight_of_the_opening_moves_in_every_step(engine: str) -> None:
    printed, _ = on(engine, "buffers = {", lesson=6)
    lines = printed.splitlines()
    assert ["True" in line for line in lines] == [True, False, False, False]
    moved = [numbers(line.split("moved by")[1])[0] for line in lines]
    assert all(step < 0 for step in moved)
    np.testing.assert_allclose(np.divide(moved[1:], moved[:-1]), 0.9, rtol=1e-3)
    text = said(LESSON, "It moves in all four")
    assert "0.9, 0.81, ... of the first" in text


@pytest.mark.parametrize("engine", ENGINES)
def test_four_ways_to_write_a_step(engine: str) -> None:
    printed, _ = on(engine, "def past_the_counter", lesson=6)
    a, b, c, d = printed.splitlines()
    assert a == "A: a leaf Variable that requires grad is being used in an in-place operation."
    assert b == "B: w 0.8, the model's weight 1.0, a leaf: False, version 0"
    assert c == "C: w 0.8, the model's weight 0.8, a leaf: True, version 0"
    assert d == "D: w 0.8, the model's weight 0.8, a leaf: True, version 1"


# --- SGD ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_the_worked_table_of_momentum(engine: str) -> None:
    printed, _ = on(engine, 'optimizer.state[w]["momentum_buffer"]')
    table = cell(LESSON, "| after step 1 |", "markdown")
    for step, line in enumerate(printed.splitlines(), start=1):
        weight, buffer = numbers(line)
        row = next(row for row in table.splitlines() if row.startswith(f"| after step {step} "))
        assert row.endswith(f"| {weight:g} |")
        assert re.search(rf"\b{buffer:g} \|", row)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_gradient_of_one_for_ever_ends_in_steps_of_lr_over_one_minus_momentum(engine: str) -> None:
    T: Any = torch() if engine == "torch" else nptorch
    with parts(7):
        w = T.tensor([0.0], requires_grad=True)
        optimizer = T.optim.SGD([w], lr=0.1, momentum=0.5)
        for _ in range(40):
            before = w.item()
            w.grad = T.ones(1)
            optimizer.step()
    assert before - w.item() == pytest.approx(0.1 / (1 - 0.5), rel=1e-4)


@pytest.mark.parametrize("engine", ENGINES)
def test_five_of_the_nine_frozen_weights_move(engine: str) -> None:
    printed, _ = on(engine, 'options = {"plain"')
    moved = re.findall(r"moved: (\w+)", printed)
    assert len(moved) == 9
    assert moved.count("True") == 5
    assert "Five." in said(LESSON, "Five. A step asks one thing only")


@pytest.mark.parametrize("engine", ENGINES)
def test_statistics_of_batchnorm_move_though_it_is_frozen_and_rest_in_eval(engine: str) -> None:
    T: Any = torch() if engine == "torch" else nptorch
    with parts(7):
        layer = T.nn.BatchNorm1d(2).requires_grad_(False)
        start = layer.running_mean.clone()
        layer(T.tensor([[1.0, 2.0], [3.0, 4.0]]))
        frozen = layer.running_mean.clone()
        layer.eval()
        layer(T.tensor([[10.0, 20.0], [30.0, 40.0]]))
        assert bool((frozen != start).any())
        assert bool((layer.running_mean == frozen).all())


@pytest.mark.parametrize("engine", ENGINES)
def test_groups_take_what_they_do_not_say_from_the_optimizer(engine: str) -> None:
    printed, _ = on(engine, "weights = [p for p")
    assert printed.splitlines() == [
        "2 parameters: {'lr': 0.1, 'momentum': 0.9, 'weight_decay': 0.01}",
        "2 parameters: {'lr': 0.2, 'momentum': 0.9, 'weight_decay': 0}",
    ]


# --- accumulation -------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_the_mean_of_means_is_too_long_and_the_sum_is_right(engine: str) -> None:
    printed, _ = on(engine, "pieces = [data[:3]")
    whole, means, sums = (numbers(line)[-1] for line in printed.splitlines())
    assert abs(means) > abs(whole)
    assert sums == whole


@pytest.mark.parametrize("engine", ENGINES)
def test_pieces_of_one_size_agree(engine: str) -> None:
    printed, _ = run_with(engine, cell(LESSON, "pieces = [data[:3]").replace("[:3]", "[:2]").replace("[3:]", "[2:]"))
    whole, means, sums = (numbers(line)[-1] for line in printed.splitlines())
    assert whole == means == sums


def run_with(engine: str, source: str) -> tuple[str, dict[str, Any]]:
    with parts(7):
        return run(source, torch() if engine == "torch" else nptorch)


@pytest.mark.parametrize("engine", ENGINES)
def test_three_orders_of_the_three_calls(engine: str) -> None:
    printed, _ = on(engine, "orders = [", my_guesses=["..."] * 3)
    ends = [float(number) for number in re.findall(r"it is (-?[\d.]+)", printed)]
    # one step along 3 is 0.3: of 3 and 3 + 3, of nothing, of four times 3
    assert ends == pytest.approx([1 - 0.3 - 0.6, 1, 1 - 4 * 0.3])


# --- Adam ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_the_means_after_one_step_are_those_of_the_table(engine: str) -> None:
    T: Any = torch() if engine == "torch" else nptorch
    with parts(7):
        w = T.tensor([0.0], requires_grad=True)
        w.grad = T.tensor([2.0])
        optimizer = T.optim.Adam([w], betas=(0.9, 0.999))
        optimizer.step()
        state = optimizer.state[w]
        row = f"| {state['exp_avg'].item():.3g} | {state['exp_avg_sq'].item():.3g} |"
    assert row in cell(LESSON, "the running mean after one step", "markdown")


@pytest.mark.parametrize("engine", ENGINES)
def test_the_first_step_of_adam_is_lr_whatever_the_gradient(engine: str) -> None:
    printed, _ = on(engine, "torch.tensor([0.001, 1.0, -1000.0])", my_guess="")
    assert numbers(printed) == pytest.approx([-0.1, -0.1, 0.1], rel=1e-4)


@pytest.mark.parametrize("engine", ENGINES)
def test_adam_pulls_by_lr_and_adamw_by_the_decay(engine: str) -> None:
    printed, _ = on(engine, "for decay in (0.001, 1.0)")
    ends = [float(number) for number in re.findall(r"-> ([\d.]+)", printed)]
    assert ends == [9.9, 9.999, 9.9, 9.0]


def test_the_valley_is_walked_as_torch_walks_it_and_as_the_text_says() -> None:
    source = cell(LESSON, "def valley").split("across, along =")[0]
    ends: dict[str, dict[str, Any]] = {}
    for engine in ENGINES:
        _, names = run_with(engine, f"import numpy as np\n{source}")
        with parts(7):
            ends[engine] = {name: names["path"](make) for name, make in names["walks"].items()}
    heights = {}
    for name, places in ends["torch"].items():
        np.testing.assert_allclose(ends["nptorch"][name], places, atol=1e-4)
        heights[name] = float(places[-1][0] ** 2 / 2 + 15 * places[-1][1] ** 2)
    plain, momentum, adam = ends["torch"].values()
    assert heights["momentum 0.8, lr=0.02"] == min(heights.values())
    assert plain[:, 0].max() < 0  # it crawls
    first = adam[1] - adam[0]
    assert abs(first[0]) == pytest.approx(abs(first[1]), rel=1e-4)  # diagonally
    arrived = [next(step for step, place in enumerate(walk) if place[0] > 0) for walk in (adam, momentum)]
    assert arrived[0] < arrived[1]
    assert adam[:, 0].max() > 0.5  # runs past


def test_above_two_thirtieths_plain_sgd_diverges() -> None:
    source = cell(LESSON, "def valley").split("walks = {")[0]
    with parts(7):
        _, names = run(f"import numpy as np\n{source}", nptorch)
        calm, wild = (names["path"](lambda p, lr=lr: nptorch.optim.SGD(p, lr=lr)) for lr in (1.98 / 30, 2.02 / 30))
    assert abs(calm[-1][1]) < 1 < abs(wild[-1][1])


def test_on_a_students_machine_what_needs_adam_waits_for_it(capsys: Any) -> None:
    with student_machine(7):
        nptorch.use(sgd_step=sgd_step)
        assert 3 < grade("sgd-step", sgd_step=sgd_step) < 4
        assert "checks wait for adam_step" in capsys.readouterr().out
        nptorch.use(adam_step=adam_step)
        assert grade("sgd-step", sgd_step=sgd_step) == 4
        assert grade("adam-step", adam_step=adam_step) == 4


# --- cost, links --------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_remembered_is_as_large_as_the_weights_up_to_three_times(engine: str) -> None:
    printed, _ = on(engine, "million = torch.zeros")
    assert [numbers(line)[-1] for line in printed.splitlines()] == [0.0, 4.0, 8.0, 12.0]


def test_zero_grad_leaves_none() -> None:
    w = torch().tensor([1.0], requires_grad=True)
    (w * 2).sum().backward()
    torch().optim.SGD([w], lr=0.1).zero_grad()
    assert w.grad is None
    assert attempt(lambda: w.grad.zero_()).type == "AttributeError"


def test_claims_that_it_links_to_are_there() -> None:
    assert claims_linked(LESSON) >= {"b17"}
    assert claims_linked(LESSON) <= claims_there()
