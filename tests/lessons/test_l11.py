"""Lesson 11: its patients fail on torch as on the engine, its cures cure, and its SRGAN is torch's to 1e-6."""

from __future__ import annotations

import re
import warnings
from time import perf_counter
from typing import Any

import pytest

import course.nptorch as nptorch
from autograder import grade
from autograder.exercises import get
from course.models import cures, srgan
from course.nptorch.parts import plugged
from course.parts.l11_srgan import carry_state, reinforce_loss, srgan_step, task_pulls
from tests.lessons.cells import cell, claims_linked, claims_there, parts, run, said, student_machine, torch

LESSON = "l11_srgan"
ENGINES = pytest.mark.parametrize("engine", ["torch", "nptorch"])
IN_PLACE = "one of the variables needed for gradient computation has been modified by an inplace operation"


def engine_of(name: str) -> Any:
    return torch() if name == "torch" else nptorch


# --- the patients ---------------------------------------------------------------------------------


@ENGINES
def test_the_opening_program_raises_the_message_of_the_text(engine: str) -> None:
    with parts(11):
        printed, _ = run(cell(LESSON, "d_loss.backward(retain_graph=True)"), engine_of(engine), srgan=srgan)
    assert printed.startswith(f"RuntimeError: {IN_PLACE}")
    assert IN_PLACE in said(LESSON, "A clinic: six broken programs")


@ENGINES
def test_the_maker_that_is_cut_off_gets_nothing(engine: str) -> None:
    T = engine_of(engine)
    low, real = srgan.digits(T)
    with parts(11):
        printed, _ = run(cell(LESSON, "fake = maker(low[:16]).detach()"), T, srgan=srgan, low=low, real=real)
    maker, judge = printed.splitlines()
    assert set(re.findall(r"\w+", maker)) == {"maker", "None"}
    assert "None" not in judge


@ENGINES
def test_the_carried_state_fails_in_two_ways(engine: str) -> None:
    with parts(11):
        printed, _ = run(cell(LESSON, "def reads_on("), engine_of(engine))
    first, second = printed.splitlines()
    assert "Trying to backward through the graph a second time" in first
    assert IN_PLACE[:80] in second


def test_two_losses_that_share_nothing_keep_nothing_without_a_flag() -> None:
    with parts(11):
        printed, _ = run(cell(LESSON, "def kept(*retain)"), nptorch, plugged=plugged)
    none, first, both = (int(one) for one in re.findall(r"(\d+) bytes", printed))
    assert none == 0 < first < both
    assert f"(With both, {both} and not {2 * first} bytes" in said(LESSON, "The two graphs meet in leaves at most")


def test_only_the_total_of_losses_grows() -> None:
    low, real = srgan.digits(nptorch)
    with parts(11):
        given = {"maker": srgan.fresh(nptorch)[0], "small": low, "large": real, "plugged": plugged}
        printed, _ = run(cell(LESSON, "def validate(kind)"), nptorch, **given)
    grows, item, no_grad = ([int(n) for n in re.findall(r"\d+", line)] for line in printed.splitlines())
    assert 0 < grows[0] < grows[1] < grows[4]
    assert item == no_grad == [0] * 5


def test_the_script_of_2017_says_on_torch_what_it_says_here() -> None:
    source = cell(LESSON, "idioms = {")
    theirs, _ = run(source, torch(), warnings=warnings)
    with parts(11):
        ours, _ = run(source, nptorch, warnings=warnings)
    assert ours == theirs
    assert "nothing" not in ours


def test_its_claims_are_on_the_page() -> None:
    assert {"a1c", "a5", "a8", "a11", "a13", "a23", "a28"} <= claims_linked(LESSON) <= claims_there()


# --- worked cases ---------------------------------------------------------------------------------


def test_the_tiny_cases_have_the_numbers_of_the_text() -> None:
    with parts(11):
        printed, _ = run(cell(LESSON, "torch.use(srgan_step=srgan_step)"), nptorch, srgan_step=srgan_step)
        assert printed.splitlines() == ["(0.0, -1.0)", "maker 3.0 judge 2.0"]
        printed, _ = run(cell(LESSON, "torch.use(carry_state=carry_state)"), nptorch, carry_state=carry_state)
        assert printed.startswith("([1.0, 1.5], ")
        assert printed.endswith(" 0.0\n")
        printed, _ = run(cell(LESSON, "torch.use(task_pulls=task_pulls)"), nptorch, task_pulls=task_pulls)
        assert printed.split() == ["[5.0,", "1.4142135623730951]", "tensor([4.,", "5.])"]
        source = cell(LESSON, "torch.use(reinforce_loss=reinforce_loss)")
        printed, _ = run(source, nptorch, reinforce_loss=reinforce_loss)
    assert printed.startswith("4.8520")
    assert printed.endswith(" [[-1.5, 1.5], [2.0, -2.0]]\n")


def test_with_the_old_judge_the_tiny_case_ends_at_2() -> None:
    t = torch()
    maker, judge = (t.nn.Linear(1, 1, bias=False) for _ in range(2))
    for net in (maker, judge):
        t.nn.init.ones_(net.weight)
    steps = [t.optim.SGD(net.parameters(), lr=1.0) for net in (maker, judge)]
    one = t.ones(1, 1)
    cures.step_after_both(maker, judge, one, one * 2, *steps, lambda fake, real, score: 1 - score)
    assert maker.weight.item() == 2.0


# --- the SRGAN ------------------------------------------------------------------------------------


def trained(T: Any, step: Any, steps: int = 20) -> list[tuple[float, float]]:
    """Train in float64; return the two losses of each step."""
    low, real = srgan.digits(T, T.float64)
    maker, judge, of_maker, of_judge = srgan.fresh(T, dtype=T.float64)
    return [
        step(maker, judge, low[pick], real[pick], of_maker, of_judge, srgan.maker_loss)
        for pick in srgan.batches(1500, steps, size=32)
    ]


@pytest.mark.parametrize("step", [srgan_step, cures.step_after_both, cures.separate_graphs])
def test_the_first_20_losses_are_torchs(step: Any) -> None:
    """The steps use no name of the engine, so the same function runs on both."""
    t = torch()
    threads = t.get_num_threads()
    t.set_num_threads(1)
    try:
        theirs = trained(t, step)
    finally:
        t.set_num_threads(threads)
    with parts(11):
        ours = trained(nptorch, step)
    for expected, got in zip(theirs, ours, strict=True):
        assert got == pytest.approx(expected, abs=1e-6)
    assert theirs[0] != theirs[-1]


def test_the_cures_have_the_gradients_that_the_text_says() -> None:
    with parts(11):
        low, real = (one[:64] for one in srgan.digits(nptorch))
        found = {
            step: cures.measured(nptorch, step, low, real)
            for step in (srgan_step, cures.step_after_both, cures.separate_graphs)
        }
    recomputed, last, separate = (gradients for gradients, _, _ in found.values())
    assert (recomputed - separate).abs().max().item() < 1e-7
    assert (recomputed - last).abs().max().item() > 1e-5
    assert all(seconds > 0 and memory > 0 for _, seconds, memory in found.values())


def test_it_learns_to_draw_digits() -> None:
    low, real = srgan.digits(nptorch)
    names = {"srgan": srgan, "srgan_step": srgan_step, "low": low, "real": real}
    with parts(11):
        printed, _ = run(cell(LESSON, "steps=200"), nptorch, perf_counter=perf_counter, **names)
    repeated = float(re.findall(r"pixels repeated: ([\d.]+)", printed)[0])
    errors = [float(one) for one in re.findall(r"test error ([\d.]+)", printed)]
    assert len(errors) == 4
    assert errors[-1] < 0.7 * repeated


def test_the_walker_finds_the_way() -> None:
    with parts(11):
        printed, _ = run(cell(LESSON, "policy = torch.zeros(6, 2"), nptorch, reinforce_loss=reinforce_loss)
    first, last = (
        float(one) for one in re.findall(r"walks: ([\d.]+)|last 20: ([\d.]+)", printed) for one in one if one
    )
    assert last < 8 < first


# --- the order in which a student works -----------------------------------------------------------


def test_every_exercise_stands_alone_on_a_students_machine() -> None:
    with student_machine(11):
        for name, part in {
            "reinforce": reinforce_loss,
            "task-pulls": task_pulls,
            "carry-state": carry_state,
            "srgan-step": srgan_step,
        }.items():
            assert grade(name, **{part.__name__: part}) == get(name).points
