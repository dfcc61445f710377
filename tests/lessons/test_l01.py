"""What lesson 1 says: the message it opens with, its worked cases, its numbers, and what it says of torch."""

from __future__ import annotations

import inspect
import re
import time
import warnings
from typing import Any

import numpy as np
import pytest

import course.nptorch as nptorch
from course.building.notebook import source_notebook
from course.nptorch import math
from course.parts import l01_derivatives as right
from tests.lessons.cells import ROOT, cell, parts, run, said, torch

LESSON = "l01_derivatives"
RULES = {name: getattr(right, name) for name in dir(right) if name.endswith(("_self", "_other"))}
FROM_ABOVE = {"np": np, "math": math, "numerical_vjp": right.numerical_vjp, **RULES}


def printed(holds: str, **names: Any) -> str:
    """Run one cell of the lesson with the reference parts; return what it printed."""
    with parts(1):
        return run(cell(LESSON, holds), nptorch, **{**FROM_ABOVE, **names})[0]


def numbers(text: str) -> list[float]:
    return [float(one) for one in re.findall(r"-?\d+(?:\.\d*)?(?:e[-+]\d+)?", text)]


# --- the opening ------------------------------------------------------------------------------------


def refused(check: Any) -> tuple[str, list[str]]:
    """The error of a check, its white space made one blank, and the warnings on the way."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(RuntimeError) as error:
            check()
    return re.sub(r"\s+", " ", str(error.value)).strip(), [str(one.message).strip() for one in caught]


def test_the_message_is_what_torch_says_today() -> None:
    T = torch()
    x = T.tensor([1.0, 2.0], requires_grad=True)
    message, warned = refused(lambda: T.autograd.gradcheck(lambda t: t * t * t, x))
    text = said(LESSON, "# Lesson 1:").replace("> ", "")
    assert f"GradcheckError: {message}" in text
    (warned_of,) = re.findall(r'torch had warned: "(.*?)"', said(LESSON, "torch had warned"))
    assert any(one.startswith(warned_of) for one in warned)
    assert T.autograd.gradcheck(lambda t: t * t * t, x.detach().double().requires_grad_())


def test_the_first_program_gives_the_digits_of_the_message() -> None:
    wrong, fine = (numbers(line.partition(":")[2]) for line in printed("def cube(x)").splitlines())
    in_message = [one for one in re.findall(r"\d+\.\d{4}", said(LESSON, "# Lesson 1:")) if float(one)]
    assert [f"{one:.4f}" for one in wrong] == in_message
    assert fine == [3, 12]


# --- worked cases -----------------------------------------------------------------------------------


def test_the_case_by_hand_of_the_estimate() -> None:
    x, g = np.array([3.0, 1.0]), np.array([1.0, 10.0])
    text = said(LESSON, "## Exercise 1")
    two_sided = right.numerical_vjp(lambda v: v * v, x, g, eps=0.5)
    assert repr(two_sided) in text
    up_only = g * ((x + 0.5) ** 2 - x**2) / 0.5
    assert f"Going up only would give {up_only[0]:g} and {up_only[1]:g}" in text


def test_the_case_by_hand_of_a_quotient() -> None:
    T = torch()
    above, below = (T.tensor(value, requires_grad=True) for value in (3.0, 2.0))
    (above / below).backward()
    text = said(LESSON, "## Exercise 3")
    assert f"div_self(1.0, 2.0) # {above.grad.item():g} " in text
    assert f"div_other(1.0, 3.0, 2.0) # {below.grad.item():g} " in text
    assert f"{3 / 2.01:.4f}" in text


def test_the_node_of_cos_and_the_rule_agree() -> None:
    out = printed("def cos_self")
    assert out.splitlines()[0].split() == ["the", "node:", "CosBackward0"]
    node, rule = (numbers(line.partition("[")[2]) for line in out.splitlines()[1:])
    assert node == rule
    x = torch().tensor([0.0, 1.0, 2.0], dtype=torch().float64, requires_grad=True)
    x.cos().backward(torch().tensor([1.0, 1.0, 100.0], dtype=torch().float64))
    np.testing.assert_allclose(node, x.grad.numpy())


def test_the_table_says_what_each_rule_is_given() -> None:
    text = said(LESSON, "## Exercise 2")
    for name, keeps in re.findall(r"`(\w+_self)` \| `(\w+)`", text):
        assert list(inspect.signature(getattr(right, name)).parameters) == ["g", keeps]
    assert len(re.findall(r"`\w+_self` \| `\w+`", text)) == 6


# --- checks that can fail ---------------------------------------------------------------------------


def off_by(**wrong: Any) -> dict[str, float]:
    with parts(1):
        out, _ = run(cell(LESSON, "def furthest_off"), nptorch, **{**FROM_ABOVE, **wrong})
    return {line.split()[0]: float(line.split()[1]) for line in out.splitlines()}


def test_right_rules_are_off_by_as_little_as_it_says() -> None:
    assert list(off_by()) == ["exp", "log", "sin", "tanh", "sigmoid", "relu"]
    assert max(off_by().values()) < 2e-9


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("sin_self", lambda g, self: math.cos(self)),
        ("sin_self", lambda g, self: -g * math.cos(self)),
        ("tanh_self", lambda g, result: g * (1 - result)),
        ("relu_self", lambda g, result: 0 * g),
    ],
)
def test_wrong_rules_are_noticed(name: str, wrong: Any) -> None:
    found = off_by(**{name: wrong})
    assert found.pop(name.removesuffix("_self")) > 0.1
    assert max(found.values()) < 2e-9


def test_the_empty_check_accepts_what_the_other_refuses() -> None:
    names = {"x": np.array([0.3, 0.9, 1.7]), "g": np.array([1.0, -2.0, 0.5])}
    _, above = run(cell(LESSON, "def furthest_off"), nptorch, **FROM_ABOVE)
    out = printed("def wrong_exp_self", **names, furthest_off=above["furthest_off"])
    assert "came out:   True" in out
    assert numbers(out)[-1] > 1


def test_both_inputs_are_checked() -> None:
    out = printed("x * w, to x", g=np.array([1.0, -2.0, 0.5]))
    assert len(out.splitlines()) == 4
    assert max(numbers(line)[-1] for line in out.splitlines()) < 2e-9
    out = printed("x * w, to x", g=np.array([1.0, -2.0, 0.5]), div_other=lambda g, self, other: g * self / other**2)
    assert numbers(out.splitlines()[3])[-1] > 0.1


# --- how small is small -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def curves() -> tuple[str, dict[str, Any]]:
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "FigureCanvasAgg is non-interactive")
        found = run(cell(LESSON, "steps = 10.0"), nptorch, **FROM_ABOVE, plt=plt)
    plt.close("all")
    return found


def test_the_best_eps_is_where_the_text_says(curves: tuple[str, dict[str, Any]]) -> None:
    _, names = curves
    text = said(LESSON, "Read each curve from the right")
    for dtype, near in (("float64", 1e-5), ("float32", 1e-2)):
        assert re.search(rf"about {near:.0e}".replace("e-0", "e-") + f" for {dtype}", text)
        errors = np.array(names["errors"][dtype, "two-sided"])
        best = names["steps"][errors.argmin()]
        assert near / 10 < best < near * 10
        assert near / 10 < np.cbrt(np.finfo(dtype).eps) < near * 10
        assert errors.min() < min(names["errors"][dtype, "one-sided"])
    at_default = names["errors"]["float32", "two-sided"][int(np.argmin(abs(names["steps"] - 1e-6)))]
    assert at_default > 0.01


def test_the_curves_fall_as_the_text_says(curves: tuple[str, dict[str, Any]]) -> None:
    """On the right with the square of eps, or with eps; on the left they grow as eps shrinks."""
    _, names = curves
    steps, errors = names["steps"], names["errors"]
    near_1, near_100th = int(np.argmin(abs(steps - 1e-1))), int(np.argmin(abs(steps - 1e-3)))
    for name, power in (("two-sided", 2), ("one-sided", 1)):
        curve = errors["float64", name]
        fell = np.log10(curve[near_1] / curve[near_100th]) / 2
        assert fell == pytest.approx(power, abs=0.1)
        assert curve[0] > 100 * curve[int(np.argmin(abs(steps - 1e-9)))]


def luminance(colour: tuple[float, ...]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_plot_has_its_own_page_and_stands_out_from_it(curves: tuple[str, dict[str, Any]]) -> None:
    """It is opaque, so a dark theme changes nothing; and it can be read without seeing colours."""
    from matplotlib.colors import to_rgba

    _, names = curves
    axes = names["axes"]
    assert names["fig"].get_facecolor()[3] == axes.get_facecolor()[3] == 1
    page = luminance(axes.get_facecolor())
    seen = [*axes.get_lines(), axes.xaxis.label, axes.yaxis.label, *axes.get_legend().get_texts()]
    for one in seen:
        low, high = sorted((luminance(to_rgba(one.get_color())), page))
        assert (high + 0.05) / (low + 0.05) > 3, one
    labels = [line.get_label() for line in axes.get_lines()]
    styles = {label.split(", ")[1]: line.get_linestyle() for label, line in zip(labels, axes.get_lines(), strict=True)}
    assert len(set(labels)) == 4
    assert styles["one-sided"] != styles["two-sided"]


def test_the_forum_program_cannot_move_its_loss() -> None:
    single, double = printed("rng(0)").split("float64")
    spacing = numbers(single)[2]
    for line in single.splitlines()[1:4]:
        estimate, truth = numbers(line)
        assert abs(estimate - truth) > 0.05
        multiple = estimate * 1e-3 / spacing
        assert multiple == pytest.approx(round(multiple), abs=0.05)
    for line in double.splitlines()[1:4]:
        estimate, truth = numbers(line)
        assert estimate == pytest.approx(truth, abs=1e-3)


def test_the_kink_deceives_the_check() -> None:
    estimate, rule = (numbers(line.partition("[")[2]) for line in printed("at_kink = ").splitlines())
    assert estimate[0] == pytest.approx(0.5)
    assert 0.5 < estimate[1] < 1
    assert rule == [0, 1]
    x = torch().zeros(1, requires_grad=True)
    x.relu().backward(torch().ones(1))
    assert x.grad.item() == rule[0]


# --- the cost, and what lies beyond -----------------------------------------------------------------


def test_the_check_calls_f_twice_for_each_element() -> None:
    calls = []
    right.numerical_vjp(lambda v: calls.append(0) or v, np.zeros((3, 4)), np.ones((3, 4)))
    assert len(calls) == 2 * 12
    assert "two for each element" in said(LESSON, "## What it costs")


def test_the_check_costs_more_the_larger_the_input() -> None:
    times = [float(one.replace(",", "")) for one in re.findall(r"([\d,]+) x\b", printed("for size in", time=time))]
    assert len(times) == 3
    assert 10 < times[0] < times[2]  # not the middle one: a busy machine times small ones badly


def test_the_defaults_of_gradcheck() -> None:
    parameters = inspect.signature(torch().autograd.gradcheck).parameters
    text = said(LESSON, "## Beyond this lesson")
    for name in ("eps", "atol", "rtol"):
        assert float(re.findall(rf"{name}=([\de.-]+)`", text)[0]) == parameters[name].default


def test_what_tied_is_for() -> None:
    T = torch()
    x = T.tensor([-1.0, 2.0], requires_grad=True)
    (g,) = T.autograd.grad(x.relu().sum(), x, create_graph=True)
    assert T.autograd.grad(g.sum(), x)[0].tolist() == [0, 0]
    y = nptorch.tensor([-1.0, 2.0], requires_grad=True)
    for rule, remembers in ((right.relu_self, True), (lambda g, result: math.where(result > 0, g, 0), False)):
        with parts(1, relu_self=rule):
            assert y.relu().grad_fn(nptorch.ones(2)).requires_grad is remembers


# --- the notebook -----------------------------------------------------------------------------------


def test_a_cell_with_several_parts_imports_once_and_first() -> None:
    import nbformat

    text = source_notebook(ROOT / "course/lessons" / f"{LESSON}.py", ROOT / "course/parts", ROOT / "docs")
    made = nbformat.reads(text, 4)
    (source,) = [
        one.source for one in made.cells if one.metadata.get("nbgrader", {}).get("grade_id") == "rules-of-one-input"
    ]
    imports = [line for line in source.splitlines() if line.startswith(("import ", "from "))]
    assert source.splitlines()[: len(imports)] == imports
    assert len(imports) == len(set(imports))
    assert re.findall(r"(?m)^def (\w+)", source) == [
        "exp_self",
        "log_self",
        "sin_self",
        "tanh_self",
        "sigmoid_self",
        "relu_self",
    ]
