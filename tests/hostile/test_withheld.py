"""Who has the engine's own convolution do the work earns nothing for it, here and in the notebook."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import course.nptorch as torch
from autograder import grade
from autograder.exercises import exercises, get
from autograder.sandbox.judge import Judge
from autograder.sandbox.transplant import grade_id, solutions, text_of
from autograder.sandbox.worker import Worker
from course.parts import reference

LESSON = "l09_function"
FOLDER = Path(__file__).resolve().parents[2] / "source" / LESSON
SOURCE: dict[str, Any] = json.loads((FOLDER / f"{LESSON}.ipynb").read_text(encoding="utf-8"))
RIGHT = {grade_id(cell): text_of(cell) for cell in solutions(SOURCE)}

BORROWED = """
{taken}
class Borrowing(SlidingConv2d):
    @staticmethod
    def forward(ctx, x, weight, stride=1):
        ctx.save_for_backward(x, weight)
        ctx.stride = stride
        return {call}
SlidingConv2d = Borrowing
"""
LAYER = """
def layer(x, weight, stride):
    made = torch.nn.Conv2d(1, 1, 1, stride, bias=False)
    made.weight = torch.nn.Parameter(weight.detach())
    return made(x)
"""
WAYS = {
    "by its name": ("", "torch.nn.functional.conv2d(x, weight, stride=stride)"),
    "taken in time": (
        "from course.nptorch.nn.functional import conv2d as slide",
        "slide(x, weight, None, stride)",
    ),
    "by the layer": (LAYER, "layer(x, weight, stride)"),
    "by its kernel": (
        "from course.nptorch.nn.conv_kernels import conv\nfrom course.nptorch.nn.windows import Windows, sliding",
        "torch.tensor(conv(x._data, weight._data, None))",
    ),
    "by its rule": ("from course.nptorch.nn import rules", "rules.conv(x, weight, None)"),
}


def texts(way: str) -> dict[str, str]:
    """Return right solutions, of which the way there is the engine's."""
    taken, call = WAYS[way]
    return RIGHT | {"conv2d": RIGHT["conv2d"] + BORROWED.format(taken=taken, call=call)}


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with Worker(FOLDER / "given") as worker:
        yield Judge(worker, SOURCE)


@pytest.mark.parametrize("way", WAYS)
def test_the_engines_own_convolution_earns_nothing(judge: Judge, way: str) -> None:
    found = judge.judge(get("conv2d"), texts(way), 7)
    assert found.verdict.points == 0
    assert "is out of use while yours is graded" in str(found.verdict)


def test_it_would_earn_all_where_nothing_is_withheld(judge: Judge) -> None:
    assert judge.judge(replace(get("conv2d"), withheld=()), texts("by its name"), 7).verdict.points == 2


def test_neighbours_have_their_points(judge: Judge) -> None:
    assert [judge.judge(one, RIGHT, 7).verdict.points for one in exercises(LESSON)] == [2, 2]


def test_a_notebook_says_it_too_and_has_it_back_afterwards() -> None:
    parts = reference(9)
    taken, call = WAYS["by its name"]
    names: dict[str, Any] = {"torch": torch, "SlidingConv2d": parts["SlidingConv2d"]}
    with torch.use(**parts):
        exec(BORROWED.format(taken=taken, call=call), names)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        points = grade("conv2d", SlidingConv2d=names["SlidingConv2d"], Function=parts["Function"])
    assert points == 0
    assert "is out of use while yours is graded" in said.getvalue()
    one = torch.ones(1, 1, 1, 1)
    assert torch.nn.functional.conv2d(one, one).item() == 1
