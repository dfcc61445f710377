"""Lesson 8: its programs do what its text says, on torch and on the engine, and its answers work."""

from __future__ import annotations

import functools
import re
import time
from typing import Any

import pytest

import course.nptorch as nptorch
from autograder import grade
from autograder.exercises import get
from course.nptorch.parts import MissingPart
from course.parts import l08_hooks
from tests.lessons.cells import cell, claims_linked, claims_there, parts, run, said, student_machine, torch

LESSON = "l08_hooks"
OPENING = "def halved_in_a_loop"
ENGINES = pytest.mark.parametrize("engine", ["torch", "nptorch"])


def engine_of(name: str) -> Any:
    return torch() if name == "torch" else nptorch


def answer(part: str) -> str:
    """Return the program that a folded answer shows."""
    return cell(LESSON, part, "markdown").split("```python\n")[1].split("```")[0]


# --- the opening program --------------------------------------------------------------------------


def test_without_lesson_8_the_opening_program_names_the_missing_part() -> None:
    with parts(7):
        printed, names = run(cell(LESSON, OPENING), nptorch)
        assert "RemovableHandle is built in lesson 8" in printed
        with pytest.raises(MissingPart):
            names["halved_in_a_loop"]()


@ENGINES
def test_the_opening_program_gives_the_numbers_of_the_text(engine: str) -> None:
    with parts(8):
        printed, _ = run(cell(LESSON, OPENING), engine_of(engine))
    assert printed.strip() == "[4.0, 2.0, 1.0, 0.5]"
    assert said(LESSON, "A hook stays until somebody takes it away").count("4, 2, 1, 0.5") == 1
    assert "4, 2, 1, 0.5" in said(LESSON, "Who keeps the hook")


@ENGINES
def test_a_with_block_cures_it(engine: str) -> None:
    T = engine_of(engine)
    with parts(8):
        printed, _ = run(cell(LESSON, "in a with block"), T, halved_in_a_loop=list)
    assert re.findall(r"in a with block: (.*)", printed) == ["4.0"] * 4


def test_a_handle_that_counts_the_hooks_loses_one() -> None:
    """Ann's: four hooks were registered, one was removed, two are left."""

    class Ann:
        def __init__(self, hooks: Any) -> None:
            self.id = len(hooks)

    table: dict[int, str] = {}
    for name in ("first", "second", "third"):
        table[Ann(table).id] = name
    table.pop(0)
    table[Ann(table).id] = "fourth"
    assert list(table.values()) == ["second", "fourth"]


# --- worked cases and predictions -----------------------------------------------------------------


def test_the_worked_case_of_the_handle() -> None:
    block = cell(LESSON, "A worked case", "markdown").split("```python\n")[2].split("```")[0]
    assert "OrderedDict()" in block
    names = run("from collections import OrderedDict\n" + block, nptorch, RemovableHandle=l08_hooks.RemovableHandle)[1]
    assert names["handle"] is names["two"]
    assert list(names["table"].values()) == []


def test_the_worked_case_of_tensor_hooks() -> None:
    run_tensor_hooks: Any = l08_hooks.run_tensor_hooks
    with parts(8):
        one = nptorch.tensor([1.0])
        chain = {0: lambda g: g + 1, 1: lambda g: None, 2: lambda g: g * 10}
        assert run_tensor_hooks(chain, one).tolist() == [20.0]
        assert run_tensor_hooks({0: lambda g: g * 0}, one).tolist() == [0.0]
        with pytest.raises(TypeError, match="expected Variable, but hook returned 'float'"):
            run_tensor_hooks({0: lambda g: 3.0}, one)


def test_the_worked_case_of_node_hooks() -> None:
    block = cell(LESSON, "before = lambda gradients", "markdown").split("```python\n")[2].split("```")[0]
    with parts(8), pytest.raises(RuntimeError, match="can't replace a None gradient with a non-None value"):
        run(block, nptorch, run_pre_hooks=l08_hooks.run_pre_hooks, run_post_hooks=l08_hooks.run_post_hooks)


@ENGINES
def test_the_three_predictions(engine: str) -> None:
    with parts(8):
        printed, _ = run(cell(LESSON, "def ten_times_in_place"), engine_of(engine))
    lines = printed.splitlines()
    assert lines[0].endswith("the hook saw [7.0]")
    assert lines[1].endswith("hook on a: a.grad 10.0, b.grad 1.0")
    assert lines[2].endswith("hook on b: a.grad 10.0, b.grad 10.0")
    assert re.search(r"x.grad is (tensor\()?0\.", lines[3])


# --- what students build with their hooks ---------------------------------------------------------


@ENGINES
@pytest.mark.parametrize(("task", "shown"), [("def clip", "return g / max"), ("def turned", "copy = h.view_as(h)")])
def test_the_checks_of_clip_and_turned_tell_right_from_unwritten(engine: str, task: str, shown: str) -> None:
    source = cell(LESSON, f"{task}(", "code")
    stub = source[source.index(task) : source.index("\n\n\n")]
    with parts(8):
        before, _ = run(source, engine_of(engine))
        after, _ = run(source.replace(stub, answer(shown)), engine_of(engine))
    assert "works: False" in before
    assert "works: False" not in after
    assert "works: True" in after


@ENGINES
def test_a_hook_on_the_features_themselves_turns_both_around(engine: str) -> None:
    source = cell(LESSON, "def turned(").replace(
        "    return h  # yours", "    h.register_hook(lambda g: -g)\n    return h"
    )
    with parts(8):
        printed, _ = run(source, engine_of(engine))
    assert "works: False [-8.0, -8.0]" in printed
    assert "gives -8" in said(LESSON, "copy = h.view_as(h)")


@ENGINES
def test_a_clipping_hook_clips_each_of_two_batches(engine: str) -> None:
    T = engine_of(engine)
    with parts(8):
        clip = run(answer("return g / max"), T)[1]["clip"]
        w = T.tensor([0.0, 0.0], requires_grad=True)
        w.register_hook(clip)
        for _ in range(2):
            (w * T.tensor([3.0, 4.0])).sum().backward()
        assert w.grad.norm().item() == pytest.approx(2)
        T.nn.utils.clip_grad_norm_([w], 1.0)
        assert w.grad.norm().item() == pytest.approx(1, abs=1e-5)


@ENGINES
def test_the_nan_trap(engine: str) -> None:
    T = engine_of(engine)
    with parts(8):
        printed, names = run(cell(LESSON, "def mean_root"), T)
        assert "loss: 1.0" in printed
        assert "nan" in printed
        source, given = cell(LESSON, "def set_trap"), {"functools": functools, **names}
        del given["torch"]
        before, _ = run(source, T, **given)
        written = source.replace("made_here = False", "made_here = has_nan(passed_on) and not has_nan(given)")
        after, _ = run(written, T, **given)
    assert before.strip() == "nothing was caught"
    assert after.strip() == "caught: SqrtBackward0 made a nan"
    assert "made_here = has_nan(passed_on) and not has_nan(given)" in said(LESSON, "why there is a nan")


@ENGINES
def test_the_cure_of_the_nan(engine: str) -> None:
    T = engine_of(engine)
    cure = re.search(r"`(torch\.where\(x > 0, x, .*?\.sqrt\(\))`", said(LESSON, "why there is a nan"))
    assert cure
    source = f"x = torch.tensor([0.0, 4.0], requires_grad=True)\nroot = {cure.group(1)}\n"
    with parts(8):
        _, names = run(source + "torch.where(x > 0, root, torch.zeros_like(x)).mean().backward()\n", T)
    assert names["x"].grad.tolist() == [0.0, 0.125]


# --- order, cost ----------------------------------------------------------------------------------


@ENGINES
def test_hooks_of_a_layer_are_not_called_by_its_forward(engine: str) -> None:
    T = engine_of(engine)
    with parts(8):
        layer, seen = T.nn.Linear(1, 1), []
        layer.register_forward_hook(lambda *a: seen.append(1))
        layer.forward(T.ones(1, 1))
        assert seen == []
        layer(T.ones(1, 1))
    assert seen == [1]


@ENGINES
def test_steps_in_backward_keep_one_gradient_at_a_time(engine: str) -> None:
    with parts(8):
        printed, _ = run(cell(LESSON, "def highest"), engine_of(engine))
    assert re.findall(r"(\d+) MB", printed) == ["8", "1"]


def test_the_timer_times_both_ways() -> None:
    with parts(8):
        printed, _ = run(cell(LESSON, "hooked: {hooked"), nptorch, time=time)
    assert [float(one) > 0 for one in re.findall(r"([\d.]+) ms", printed)] == [True, True]


# --- the order in which a student works, links ----------------------------------------------------


def test_the_exercises_in_order_on_a_students_machine(capsys: Any) -> None:
    steps = [
        ("handle", ["RemovableHandle"]),
        ("tensor-hooks", ["run_tensor_hooks"]),
        ("node-hooks", ["run_pre_hooks", "run_post_hooks"]),
        ("kept-gradients", ["run_post_accumulate_hooks", "store_retained_grad"]),
    ]
    with student_machine(8):
        for exercise, names in steps:
            handed = {name: getattr(l08_hooks, name) for name in names}
            nptorch.use(**handed)
            assert grade(exercise, **handed) == get(exercise).points
    assert "wait for" not in capsys.readouterr().out


def test_claims_that_it_links_to_are_there() -> None:
    assert claims_linked(LESSON) >= {"a19", "a27"}
    assert claims_linked(LESSON) <= claims_there()
