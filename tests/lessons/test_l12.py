"""Lesson 12: the numbers of its first cell come about on a CPU, and what it says of errors and times holds."""

from __future__ import annotations

import importlib
import re
import time
from typing import Any

import numpy as np
import pytest

import course.nptorch as nptorch
from autograder import grade
from autograder.exercises import get
from course.models.histogram import Histogram
from course.models.pretend import TICK, Device
from course.nptorch.parts import plugged
from course.parts.l12_numbers import is_close, measure, round_mantissa, tolerance
from tests.lessons.cells import cell, parts, run, said, student_machine, torch

LESSON = "l12_numbers"
NUMBER = r"\d+\.?\d*(?:e[-+]?\d+)?"


def tf32() -> Any:
    """Return the lesson's own function."""
    with parts(12):
        _, names = run(cell(LESSON, "def tf32(x)"), nptorch, round_mantissa=round_mantissa)
    return names["tf32"]


def engine_of(name: str) -> Any:
    return torch() if name == "torch" else nptorch


# --- the opening ----------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["torch", "nptorch"])
def test_ten_bits_make_one_of_the_two_numbers(engine: str) -> None:
    with parts(11):
        printed, _ = run(cell(LESSON, "x.half().float() * x"), engine_of(engine))
    assert "tensor(9.8616)" in printed
    assert "tensor(1024., dtype=torch.float16)" in printed
    assert "9.8616" in said(LESSON, "# Lesson 12")


def test_both_numbers_come_about_with_ties_away_from_zero() -> None:
    with parts(12):
        printed, _ = run(cell(LESSON, "def tf32(x)"), nptorch, round_mantissa=round_mantissa)
    assert printed.splitlines() == ["tensor([1025.])", "tensor(9.8616)"]


@pytest.mark.parametrize(("ties", "becomes"), [("even", 1024.0), ("away", 1025.0)])
def test_only_ties_away_from_zero_make_1025(ties: str, becomes: float) -> None:
    with parts(12):
        assert round_mantissa(nptorch.tensor([1024.5]), 10, ties).tolist() == [becomes]
    cut_off = np.array([1024.5], dtype=np.float32).view(np.uint32) >> 13 << 13
    assert cut_off.view(np.float32).tolist() == [1024.0]  # as the end of the lesson says


# --- the ruler ------------------------------------------------------------------------------------


def test_the_table_of_tolerances_is_torchs() -> None:
    rows = re.findall(r"\| (\w+) \| ([\d.e-]+) \| ([\d.e-]+) \|", said(LESSON, "| dtype | rtol | atol |"))
    table = {name: (float(rtol), float(atol)) for name, rtol, atol in rows}
    found = importlib.import_module("torch.testing._comparison").default_tolerances
    assert table == {name: found(getattr(torch(), name)) for name in ("float16", "bfloat16", "float32", "float64")}


def test_the_table_of_formats_is_torchs() -> None:
    rows = re.findall(r"\| (\w+) \| 1, \d+, (\d+) \| ([\d.e]+) \| ([\d.e-]+) \|", said(LESSON, "| format | sign"))
    assert [name for name, *_ in rows] == ["float64", "float32", "TF32", "float16", "bfloat16"]
    for name, mantissa, largest, step in rows:
        assert float(step) == pytest.approx(2.0 ** -int(mantissa), rel=0.05)
        if name != "TF32":
            limits = torch().finfo(getattr(torch(), name))
            assert limits.eps == 2.0 ** -int(mantissa)
            assert float(largest) == pytest.approx(limits.max, rel=0.03)


def test_right_sums_differ_and_a_third_of_them_is_not_close() -> None:
    printed, names = run(cell(LESSON, "orders = ["), nptorch, np=np)
    assert int(re.findall(r"different results: (\d+)", printed)[0]) > 10
    with parts(12):
        printed, _ = run(
            cell(LESSON, "def verdict("), nptorch, my_guesses=["..."] * 4, sums=names["sums"], exact=names["exact"]
        )
    assert re.findall(r"it is '([a-z ]+)'", printed) == ["close", "not close", "close", "not close"]
    assert 0.2 < 1 - int(re.findall(r"exact one: (\d+)", printed)[0]) / 20 < 0.5


def test_the_tiny_cases_have_the_numbers_of_the_text() -> None:
    with parts(12):
        source = cell(LESSON, "torch.use(tolerance=tolerance")
        printed, _ = run(source, nptorch, np=np, tolerance=tolerance, is_close=is_close)
        assert printed == "(1.3e-06, 1e-05) [ True False]\n"
        printed, _ = run(cell(LESSON, "torch.use(round_mantissa="), nptorch, round_mantissa=round_mantissa)
        assert printed.splitlines() == [
            "even: [3.140625, 1024.0, 1026.0, -2.0]",
            "away: [3.140625, 1025.0, 1026.0, -2.0]",
        ]
        printed, _ = run(cell(LESSON, "torch.use(measure=measure)"), nptorch, Device=Device, measure=measure)
        assert printed == "[6.008, 1.0]\n"


# --- errors ---------------------------------------------------------------------------------------


def test_the_error_of_tf32_does_not_grow_with_the_terms() -> None:
    with parts(12):
        given = {"np": np, "tf32": tf32(), "round_mantissa": round_mantissa, "Histogram": Histogram}
        printed, names = run(cell(LESSON, "def product_errors("), nptorch, **given)
        largest = np.abs(names["product_errors"](256)["TF32"]).max()
    found = [[float(one) for one in re.findall(r" (\d\.\de-\d+)", line)] for line in printed.splitlines()]
    single, short, half, brain = (np.array(one) for one in zip(*found, strict=True))
    assert len(found) == 3
    assert max(short) / min(short) < 1.5  # "It is the same"
    assert all(1e-4 < one < 4e-4 for one in [*short, *half])  # "a few parts in ten thousand"
    assert all(6 < one < 14 for one in brain / short)  # "about ten times as rough"
    assert all(one > 300 for one in short / single)
    assert largest < 5e-3  # "some parts in a thousand"
    pattern = r"\| (?:up to )?(\S+?)(?: to (\S+))? \| (?:another order|TF32, or float16|bfloat16)"
    bounds = re.findall(pattern, said(LESSON, "Beside yours"))
    assert len(bounds) == 3
    for (low, high), found_here in zip(bounds, ([*single], [*short, *half], [*brain]), strict=True):
        at_least, at_most = (float(low), float(high)) if high else (0.0, float(low))
        assert all(at_least < one < at_most for one in found_here)


def test_training_in_tf32_loses_digits_and_learns() -> None:
    with parts(12):
        printed, names = run(cell(LESSON, "class ProductInTF32"), nptorch, np=np, tf32=tf32())
    off = [[float(one) for one in re.findall(rf"by ({NUMBER})", line)] for line in printed.splitlines()]
    assert all(10 * single < short < 1e-3 for single, short in off)
    assert names["coarse"][-1] < 0.1 * names["coarse"][0]


def test_the_histogram_tells_its_numbers_to_those_who_see_no_picture() -> None:
    drawn = Histogram({"a": [1e-3, -1e-2, 0.0], "b & c": [1.0]}, "errors <of> products")
    assert repr(drawn).splitlines()[1:] == [
        "a      median 1.0e-03  largest 1.0e-02",
        "b & c  median 1.0e+00  largest 1.0e+00",
    ]
    page = drawn._repr_html_()
    assert "errors &lt;of&gt; products" in page
    assert "b &amp; c: median 1.0e+00" in page
    assert "currentColor" in page  # its letters are those of the page, light or dark


# --- times ----------------------------------------------------------------------------------------


def test_who_does_not_wait_measures_the_queueing() -> None:
    printed, _ = run(cell(LESSON, "as people measure"), nptorch, Device=Device)
    assert re.findall(r"(\d+\.\d+) ms", printed) == ["0.008", "10.000"]


def test_the_pretend_device_does_one_thing_after_the_other() -> None:
    gpu = Device(launch=TICK)
    start = gpu.clock()
    gpu.run(10 * TICK)
    assert gpu.clock() - start == TICK  # queued
    gpu.busy(4 * TICK)
    gpu.run(3 * TICK)
    gpu.synchronize()
    assert gpu.clock() - start == 14 * TICK  # 1 to queue, 10, then 3
    gpu.synchronize()
    assert gpu.clock() - start == 14 * TICK  # nothing to wait for
    assert gpu.log == ["clock", "work", "clock", "work", "wait", "clock", "wait", "clock"]


def test_measure_is_right_about_what_the_device_knows() -> None:
    for seconds in (TICK, 100 * TICK, 5000 * TICK):
        gpu = Device()
        assert measure(gpu.job(seconds), gpu.synchronize, gpu.clock) == (gpu.launch + seconds, 0.0)


def test_a_real_clock_fits_too() -> None:
    median, spread = measure(lambda: time.sleep(0.002), lambda: None, time.perf_counter, warmup=0, repeats=3)
    assert 0.0015 < median < 0.5
    assert 0 <= spread < 0.5


def test_time_grows_with_large_tensors_only() -> None:
    with parts(12):
        printed, _ = run(cell(LESSON, "def nothing()"), nptorch, plugged=plugged, time=time)
    times = [float(one) for one in re.findall(rf"({NUMBER}) us, quartiles", printed)]
    assert times[1] < 5 * times[0]  # 16 times the elements
    assert times[-1] > 5 * times[0]


# --- the order in which a student works -----------------------------------------------------------


def test_every_exercise_stands_alone_on_a_students_machine() -> None:
    with student_machine(12):
        assert grade("honest-timer", measure=measure) == get("honest-timer").points
        assert grade("short-mantissa", round_mantissa=round_mantissa) == get("short-mantissa").points
        both = {"tolerance": tolerance, "is_close": is_close}
        assert grade("close-enough", **both) == get("close-enough").points
