"""Lesson 10: its programs do what its text says, on torch and on the engine."""

from __future__ import annotations

import re
from time import perf_counter
from typing import Any

import pytest

import course.nptorch as nptorch
from course.parts.l10_double import gradient_penalty
from tests.lessons.cells import cell, parts, run, said, torch

LESSON = "l10_double"
ENGINES = pytest.mark.parametrize("engine", ["torch", "nptorch"])


def engine_of(name: str) -> Any:
    return torch() if name == "torch" else nptorch


@ENGINES
def test_the_opening_penalty_trains_nothing(engine: str) -> None:
    with parts(10):
        printed, _ = run(cell(LESSON, "def training_step"), engine_of(engine))
    there, without = re.findall(r"(?:with|without): +(.*)", printed)
    assert there == without
    assert printed.count("requires_grad: False") == 2


@ENGINES
def test_gradcheck_and_gradgradcheck_each_pass_what_the_other_finds(engine: str) -> None:
    """The first derivative has the wrong sign; or it is right, and made of something without a history."""
    T = engine_of(engine)
    text = said(LESSON, "There is a tool that finds such mistakes")
    assert "passes a wrong sign" in text
    backwards = {
        "sign": lambda ctx, g: -2 * g * ctx.saved_tensors[0],
        "history": lambda ctx, g: 2 * g * ctx.saved_tensors[0].detach(),
    }

    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x

    found = {}
    with parts(10):
        for name, backward in backwards.items():
            body = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
            square: Any = type("Square", (T.autograd.Function,), body)
            x = T.tensor([0.5, 1.5], dtype=T.float64, requires_grad=True)
            checks = (T.autograd.gradcheck, T.autograd.gradgradcheck)
            found[name] = [check(square.apply, (x,), raise_exception=False) for check in checks]
    assert found == {"sign": [False, True], "history": [True, False]}


@ENGINES
def test_a_small_number_under_the_root_changes_the_length(engine: str) -> None:
    T = engine_of(engine)
    assert "which would change the length" in said(LESSON, "One trap that real code fell into")
    v = T.zeros(1, 2, dtype=T.float64)
    assert v.norm(dim=1).item() == 0.0
    assert ((v**2).sum(1) + 1e-12).sqrt().item() > 0.0


def test_a_step_with_a_penalty_is_timed_as_the_dearer_one() -> None:
    """One run of each, the first of them cold, once made it the cheaper one."""
    with parts(10):
        nn = nptorch.nn
        given = {
            "critic": nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1)),
            "real": nptorch.randn(64, 2),
            "fake": nptorch.randn(64, 2) + 2,
            "gradient_penalty": gradient_penalty,
        }
        printed, _ = run(cell(LESSON, "def fastest(step)"), nptorch, perf_counter=perf_counter, **given)
    shown = re.search(r"takes ([\d.]+) times", printed)
    assert shown
    assert float(shown.group(1)) > 1
