"""Lesson 9: its programs do what its text says, on torch and on the engine, and its numbers are torch's."""

from __future__ import annotations

import ast
import re
import time
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

import course.nptorch as nptorch
from autograder import grade
from autograder.exercises import get
from course.parts.l09_function import Function, SlidingConv2d
from course.widgets import theatre
from tests.lessons.cells import cell, parts, run, said, student_machine, torch

LESSON = "l09_function"
LEGACY = "Legacy autograd function with non-static forward method is deprecated."
ENGINES = pytest.mark.parametrize("engine", ["torch", "nptorch"])


def engine_of(name: str) -> Any:
    return torch() if name == "torch" else nptorch


def opened(T: Any) -> str:
    """Run the opening program; return what it prints."""
    with warnings.catch_warnings():
        return run(cell(LESSON, "class OldReLU"), T, warnings=warnings)[0]


# --- the opening program --------------------------------------------------------------------------


def test_without_lesson_9_the_old_call_raises_and_the_new_one_names_the_missing_part() -> None:
    with parts(8):
        first, second = opened(nptorch).splitlines()
    assert first.startswith(f"RuntimeError: {LEGACY}")
    assert second.startswith("MissingPart: Function is built in lesson 9")


def test_with_lesson_9_it_prints_what_torch_prints_and_the_message_of_the_text() -> None:
    """Also: `apply` takes the old class as it stands, which a folded answer says."""
    theirs = opened(torch())
    with parts(9):
        ours = opened(nptorch)
    assert ours == theirs
    message, result = ours.splitlines()
    assert result == "tensor([0., 2.], grad_fn=<OldReLUBackward>)"
    quoted = said(LESSON, "You clone the code of a paper").replace("> ", "").split("RuntimeError: ")[1]
    quoted = quoted.split(' "Download')[0]
    assert message.startswith(f"RuntimeError: {quoted}")


# --- worked cases and predictions -----------------------------------------------------------------


@ENGINES
def test_the_worked_case_of_a_function(engine: str) -> None:
    T = engine_of(engine)
    first, second = (
        block.split("```")[0] for block in cell(LESSON, "class Triple(Function)", "markdown").split("```python\n")[1:3]
    )
    with parts(9):
        names = run(first, T, Function=T.autograd.Function)[1]
        assert names["x"].grad.tolist() == [300.0]
        assert str(names["y"]) == "tensor([3.], grad_fn=<TripleBackward>)"
        with T.no_grad():
            assert names["Triple"].apply(names["x"], 3).grad_fn is None
        assert names["Triple"].apply(T.tensor([1.0]), 3).grad_fn is None
        assert names["Triple"].apply(x=names["x"], factor=3).requires_grad

        backward = "\n    @staticmethod\n    def backward(ctx, g):\n        return g * ctx.factor * 100, None\n"
        newer = run(second.replace("    ...", backward + "    #"), T, Function=T.autograd.Function)[1]["Triple"]
        x = T.tensor([1.0], requires_grad=True)
        newer.apply(x, 3).backward()
    assert x.grad.tolist() == [300.0]


def test_the_words_of_the_base_class_are_torchs() -> None:
    text = said(LESSON, "are there for those who forget")
    for method in ("forward", "backward"):
        with pytest.raises(NotImplementedError) as caught:
            getattr(torch().autograd.Function, method)(None)
        assert str(caught.value) in text


@ENGINES
def test_the_four_predictions(engine: str) -> None:
    with parts(9):
        printed, _ = run(cell(LESSON, "def writes(ctx, g)"), engine_of(engine), my_guesses=["..."] * 4)
    found = [line.split(": ", 1)[1] for line in printed.splitlines()]
    assert found[0] == "function CustomBackward returned an incorrect number of gradients (expected 2, got 1)"
    assert found[1].startswith("x.grad [2.0, 2.0, 2.0]")
    assert found[2].startswith("x.grad [123.0, 123.0, 123.0]")
    assert found[3] == "x.grad [-1.0, -1.0, -1.0], y is x: False"


@ENGINES
def test_the_repaired_class(engine: str) -> None:
    T = engine_of(engine)
    source = cell(LESSON, "class NewReLU").replace("with theatre.record", "with story_of")
    with parts(9):
        if engine == "torch":
            printed, _ = run(source, T, story_of=lambda title: warnings.catch_warnings(), theatre=Shows)
        else:
            printed, names = run(cell(LESSON, "class NewReLU"), T, theatre=theatre)
            assert "NewReLUBackward (y) lets go of" in str(theatre.show(names["story"]))
    assert printed.strip() == "tensor([0., 2.], grad_fn=<NewReLUBackward>) tensor([0., 1.])"


class Shows:
    """A theatre without a stage."""

    show = staticmethod(lambda story: None)


# --- the convolution ------------------------------------------------------------------------------


def test_the_case_by_hand_has_torchs_numbers() -> None:
    t = torch()
    x = t.arange(1.0, 10.0).reshape(1, 1, 3, 3).requires_grad_()
    w = t.tensor([[[[1.0, 0.0], [0.0, 10.0]]]], requires_grad=True)
    y = t.nn.functional.conv2d(x, w)
    y.sum().backward()
    text = said(LESSON, "The numbers, once you have yours")
    for name, value in {"y": y, "w.grad": w.grad, "x.grad": x.grad}.items():
        shown = re.search(rf"`{re.escape(name)}` is `(.*?)`", text)
        assert shown
        assert ast.literal_eval(shown.group(1)) == value[0, 0].tolist()


def test_the_cell_after_the_exercise() -> None:
    blank = {"my_y": "", "my_w_grad": "", "my_x_grad": ""}
    with parts(9):
        printed, _ = run(cell(LESSON, 'print("gradcheck:"'), nptorch, SlidingConv2d=SlidingConv2d, **blank)
    assert "y: [[51.0, 62.0], [84.0, 95.0]]" in printed
    assert "gradcheck: True" in printed


def test_it_learns() -> None:
    given = {"SlidingConv2d": SlidingConv2d, "load_digits": load_digits, "np": np}
    with parts(9):
        printed, _ = run(cell(LESSON, "class Net("), nptorch, **given)
    right = [float(one) for one in re.findall(r"([\d.]+) % right", printed)]
    assert right[0] < 60
    assert right[-1] > 95


def test_one_node_in_the_place_of_thousands() -> None:
    with parts(9):
        printed, _ = run(cell(LESSON, "def recorded("), nptorch, SlidingConv2d=SlidingConv2d, time=time)
    recorded, yours, engine = (int(one) for one in re.findall(r"(\d+) nodes", printed))
    assert recorded > 2000
    assert yours == engine == 3


def test_what_a_function_keeps_is_what_the_engines_convolution_keeps() -> None:
    from course.nptorch.parts import plugged

    with parts(9):
        x, w = nptorch.rand(1, 1, 8, 8, requires_grad=True), nptorch.rand(1, 1, 3, 3, requires_grad=True)
        mine, engine = SlidingConv2d.apply(x, w), nptorch.nn.functional.conv2d(x, w)
        assert plugged.saved_bytes(mine) == plugged.saved_bytes(engine) == 4 * (64 + 9)


# --- the order in which a student works -----------------------------------------------------------


def test_the_exercises_in_order_on_a_students_machine(capsys: Any) -> None:
    with student_machine(9):
        assert grade("conv2d", SlidingConv2d=SlidingConv2d) == 0
        assert "Function" in capsys.readouterr().out
        for name, part, handed in (
            ("function", Function, {"Function": Function}),
            ("conv2d", SlidingConv2d, {"SlidingConv2d": SlidingConv2d}),
        ):
            nptorch.use(**{part.__name__: part})
            assert grade(name, **handed) == get(name).points


def test_a_broken_function_costs_no_points_of_the_convolution_where_the_reference_is() -> None:
    class Broken(Function):
        @classmethod
        def apply(cls, *args: Any, **kwargs: Any) -> Any:
            raise RuntimeError("broken")

    class OnBroken(Broken):
        forward = staticmethod(SlidingConv2d.forward)
        backward = staticmethod(SlidingConv2d.backward)

    with parts(8, Function=Broken, SlidingConv2d=OnBroken):
        assert grade("conv2d", SlidingConv2d=OnBroken, Function=Broken) == get("conv2d").points
