"""Lesson 6: its programs do what its text says, on torch and on the engine with and without the student's parts."""

from __future__ import annotations

import ast
import re
from typing import Any

import numpy as np
import pytest

import course.nptorch as nptorch
from autograder import grade
from autograder.exercises import get
from course.nptorch.parts import plugged
from course.parts.l06_versions import CopySlices, VersionCounter, check_version, rebase_history, refresh_view
from course.scenarios import attempt
from course.widgets import theatre
from tests.lessons.cells import cell, claims_linked, claims_there, parts, run, said, student_machine, torch

LESSON = "l06_versions"
MODIFIED = "modified by an inplace operation"
OPENING = "def train_once"


def vector(printed: str, label: str) -> list[float]:
    """Read the numbers that follow a label in what a cell printed."""
    found = re.search(re.escape(label) + r"\s*tensor\(\[([^]]*)\]", printed)
    assert found, (label, printed)
    return [float(number) for number in found.group(1).split(",")]


def endings(printed: str) -> list[str]:
    return re.findall(r"it is '(\w+)'", printed)


# --- the opening program --------------------------------------------------------------------------


def test_without_lesson_6_the_opening_program_gives_a_gradient_of_neither_d() -> None:
    with parts(5):
        printed, _ = run(cell(LESSON, OPENING), nptorch)
    mixed, before, after = (vector(printed, label) for label in ("the program:", "D as it was:", "D as it is:"))
    assert not np.allclose(mixed, before, atol=0.01)
    assert not np.allclose(mixed, after, atol=0.01)


def test_the_gradients_for_either_d_are_those_of_torch() -> None:
    source = cell(LESSON, OPENING).split("g_grad, d_after")[0]
    for d in ([1.0, 2.0], [0.8, 2.1]):
        theirs = run(source, torch())[1]["gradient_for"](torch().tensor(d))
        with parts(5):
            ours = run(source, nptorch)[1]["gradient_for"](nptorch.tensor(d))
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6)


def test_torch_refuses_the_opening_program_and_so_does_the_engine_then_word_for_word() -> None:
    messages = []
    for T in (torch(), nptorch):
        with parts(6), pytest.raises(RuntimeError, match=MODIFIED) as caught:
            run(cell(LESSON, OPENING), T)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    assert "[torch.FloatTensor [2]] is at version 1; expected version 0" in messages[0]


def test_writing_torch_mean_for_mean_cures_nothing() -> None:
    source = cell(LESSON, OPENING).replace("(2 * g * d).tanh().sum()", "torch.mean((2 * g * d).tanh())", 1)
    with pytest.raises(RuntimeError, match=MODIFIED):
        run(source, torch())


def test_the_weight_in_the_quoted_message_was_written_to_once_by_its_initialisation() -> None:
    weight = torch().nn.Conv2d(1024, 1, kernel_size=1).weight
    assert (list(weight.shape), weight._version) == ([1, 1024, 1, 1], 1)


# --- counters ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["torch", "nptorch"])
def test_the_worked_case_of_the_counter(engine: str) -> None:
    T: Any = torch() if engine == "torch" else nptorch
    block = cell(LESSON, "k.clone()._version", "markdown").split("```python\n")[1].split("```")[0]
    checked = 0
    with parts(6):
        names: dict[str, Any] = {"torch": T}
        for line in block.strip().splitlines():
            code, _, comment = line.partition("#")
            expected = re.match(r"\s*(\d+|\([\d, ]+\))", comment)
            if expected:
                assert eval(code, names) == ast.literal_eval(expected.group(1)), line
                checked += 1
            else:
                exec(code, names)
    assert checked == 3


@pytest.mark.parametrize("engine", ["torch", "nptorch"])
def test_the_six_predictions_and_the_silent_one(engine: str) -> None:
    T: Any = torch() if engine == "torch" else nptorch
    with parts(6):
        printed, _ = run(cell(LESSON, "y.data.add_(1)"), T, my_guesses=["..."] * 6)
    assert endings(printed) == ["error", "fine", "error", "fine", "error", "fine"]
    silent = vector(printed.splitlines()[5], "x.grad")
    assert not np.allclose(silent, vector(printed, "the gradient of exp:"))


def test_detach_would_have_raised_where_data_was_silent() -> None:
    x = torch().tensor([1.0, 2.0], requires_grad=True)
    y = x.exp()
    y.detach().add_(1)
    assert MODIFIED in attempt(y.sum().backward).message


# --- history ----------------------------------------------------------------------------------------


def test_the_case_by_hand_has_the_numbers_of_the_text_on_both_engines() -> None:
    question = cell(LESSON, "Work this one out **by hand**", "markdown")
    block = question.split("```python\n")[2].split("```")[0]
    theirs = run(block, torch())[1]
    with parts(6):
        given = {"theatre": theatre, "CopySlices": CopySlices, "my_x_grad": "", "my_w_grad": ""}
        ours = run(cell(LESSON, '"a view is written to"'), nptorch, **given)[1]
    answer = said(LESSON, "The numbers, once you have yours")
    for name in ("x", "w"):
        assert ours[name].grad.tolist() == theirs[name].grad.tolist()
        assert f"`{name}.grad` is `{[int(number) for number in theirs[name].grad.tolist()]}`" in answer
    assert f"# base is {[int(number) for number in theirs['base'].tolist()]}" in question
    assert isinstance(ours["base"].grad_fn, CopySlices)


@pytest.mark.parametrize("engine", ["torch", "nptorch"])
def test_the_predictions_with_recorded_writes(engine: str) -> None:
    T: Any = torch() if engine == "torch" else nptorch
    with parts(6):
        printed, _ = run(cell(LESSON, "def collect"), T, my_guesses=["..."] * 4)
    assert endings(printed) == ["error", "fine", "error", "error"]
    assert re.findall(r"in (the write|backward):", printed) == ["backward", "backward", "the write"]


def test_rows_in_a_list_cure_the_third() -> None:
    for T in (torch(), nptorch):
        with parts(6):
            x = T.tensor([1.0, 2.0], requires_grad=True)
            first = x.exp()
            T.stack([first, first * x]).sum().backward()
            assert x.grad is not None


def test_a_view_out_of_date_misses_the_write_until_refresh_view_is_there() -> None:
    source = cell(LESSON, "def view_then_write")
    with parts(6, refresh_view=None):
        _, before = run(source, nptorch, my_guess="")
    with parts(6):
        _, after = run(source, nptorch, my_guess="")
    _, theirs = run(source, torch(), my_guess="")
    assert before["x_grad"].tolist() == [1, 0]
    assert after["x_grad"].tolist() == theirs["x_grad"].tolist() == [10, 0]


def test_an_inplace_relu_before_a_skip_is_silent_and_another_network() -> None:
    t = torch()
    grads = []
    for inplace in (False, True):
        leaf = t.tensor([-1.0, 2.0], requires_grad=True)
        x = leaf * 1
        (t.nn.functional.relu(x, inplace=inplace) * 3 + x).sum().backward()
        grads.append(leaf.grad.tolist())
    assert grads == [[1, 4], [0, 4]]


# --- the order in which a student works -------------------------------------------------------------


def test_on_a_students_machine_only_the_part_that_is_not_written_is_named(capsys: Any) -> None:
    def rebase_history(tensor: Any, operation: Any) -> None:
        raise NotImplementedError("write rebase_history")

    with student_machine(6):
        nptorch.use(VersionCounter=VersionCounter, check_version=check_version, rebase_history=rebase_history)
        assert grade("in-place-history", rebase_history=rebase_history) == 0
    said = capsys.readouterr().out
    assert "write rebase_history" in said
    assert "Mend it first" not in said


def test_the_three_exercises_in_order_and_the_first_two_again(capsys: Any) -> None:
    steps = [
        ("version-check", {"VersionCounter": VersionCounter, "check_version": check_version}),
        ("in-place-history", {"rebase_history": rebase_history}),
        ("view-history", {"refresh_view": refresh_view}),
    ]
    with student_machine(6):
        for exercise, handed in steps:
            nptorch.use(**handed)
            assert 0 < grade(exercise, **handed) <= get(exercise).points
        assert capsys.readouterr().out.count("more checks wait for") == 2
        assert [grade(exercise, **handed) for exercise, handed in steps] == [5, 5, 3]


# --- cost, links ------------------------------------------------------------------------------------


def test_copies_cost_about_a_megabyte_per_step() -> None:
    with parts(6):
        printed, _ = run(cell(LESSON, "class Copied"), nptorch, plugged=plugged)
    kept = [float(number) for number in re.findall(r"([\d.]+) MB kept", printed)]
    assert kept[0] < 2
    assert 45 < kept[1] < 55


def test_claims_that_it_links_to_are_there() -> None:
    assert claims_linked(LESSON) >= {"a1b", "a1c", "b20"}
    assert claims_linked(LESSON) <= claims_there()
