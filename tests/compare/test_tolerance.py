"""Tolerances follow from dtype and operation, and are neither too tight nor too loose."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch.testing._comparison import default_tolerances
from torch.utils._python_dispatch import TorchDispatchMode

import autograder.hidden
import course.nptorch as nptorch
from course.compare import backend, compare
from course.compare.work import _MATMULS, work
from course.parts import reference
from course.scenarios import Scenario, get, scenarios
from course.scenarios.differences import TOLERANCE_ULPS, differences
from course.scenarios.observation import Observations, observe
from course.scenarios.tolerance import CLOSE, DECLARED, EPS, HALF, TF32_ULPS, allowed

CPU, OURS = backend("torch-cpu"), backend("nptorch")

#: In float32 these differ, and why: all are estimates by differences, with a step of 1e-6. That is 8 units of the
#: last place of a float32 near 1, so what is left of f(x + eps) - f(x) is mostly rounding.
ROUNDING_ONLY = "derivatives.estimate-"


def test_the_numbers_are_torchs_own():
    for name, (rtol, atol) in CLOSE.items():
        assert default_tolerances(getattr(torch, name)) == (rtol, atol)
    for name, eps in EPS.items():
        assert torch.finfo(getattr(torch, name)).eps == eps


def test_what_each_dtype_is_allowed():
    assert str(allowed("float64")) == "64 ulps of float64"
    assert str(allowed("float64", 4096)) == "4096 ulps of float64"
    assert str(allowed("float32")) == "128 ulps of float32"
    assert str(allowed("float16")) == "2 ulps of float16"
    assert str(allowed("bfloat16")) == "4 ulps of bfloat16"
    assert allowed("float32", 2**20).ulps == HALF["float32"]
    assert str(allowed("float", run="float32")) == "128 ulps of float32"
    for exact in ("int64", "int", "bool", None):
        assert allowed(exact) is None
    assert TOLERANCE_ULPS == DECLARED


def test_tf32_is_allowed_for_where_it_may_be_used_and_nowhere_else():
    assert TF32_ULPS == 2**13
    assert str(allowed("float32", tf32=4)) == "32896 ulps of float32 (TF32 in 4 products)"
    assert str(allowed("float32", tf32=1)).endswith("(TF32 in 1 product)")
    assert allowed("float64", tf32=4) == allowed("float64")


def pair(dtype, error):
    """Two observations of one number that are so many of its own ulps apart."""
    numpy = np.dtype(dtype).type
    other = numpy(1) + numpy(error) * np.spacing(numpy(1))

    def program(number):
        return lambda T, draw: iter([("x", T.tensor(np.asarray([number])))])

    return tuple(observe(Scenario("test.pair", 1, "?", program(number)), CPU) for number in (numpy(1), other))


@pytest.mark.parametrize(("dtype", "most"), [("float64", 64), ("float32", 128), ("float16", 2)])
def test_the_line_is_where_it_is_said_to_be(dtype, most):
    assert differences(*pair(dtype, most)) == []
    assert [one.what for one in differences(*pair(dtype, most + 1))] == ["value"]


def test_a_python_number_has_the_precision_of_its_run():
    one = Scenario("test.number", 1, "?", lambda T, draw: iter([("x", 1.0)]))
    other = dataclasses.replace(one, program=lambda T, draw: iter([("x", 1.0 + 1e-6)]))
    for dtype, agree in (("float32", True), ("float64", False)):
        found = differences(observe(one, CPU, dtype=dtype), observe(other, CPU, dtype=dtype))
        assert (found == []) is agree


def sample(every):
    """Some programs of every topic, those that multiply matrices among them; long graphs cost too much here."""
    autograder.hidden.load()
    quick = [one for one in scenarios(hidden=None) if one.topic not in ("engine", "cycles", "anomaly", "timer")]
    return quick[::every]


def test_in_float32_the_engine_does_what_torch_does():
    """Not too tight: programs nobody tuned for float32 agree. All of them do with `every=1`, in two minutes."""
    with nptorch.use(**reference()):
        for one in sample(every=9):
            theirs, ours = observe(one, CPU, dtype="float32"), observe(one, OURS, dtype="float32")
            found = differences(theirs, ours, one.ulps)
            if not one.id.startswith(ROUNDING_ONLY):
                assert found == [], one.id


@pytest.mark.parametrize(
    ("id", "seed"),
    [("engine.walk-of-a-short-cut", 1), ("engine.walk-with-a-missing-gradient", 2), ("hvp.of-a-matrix", 0)],
)
def test_where_most_digits_cancel_in_float32_the_engine_still_agrees(id, seed):
    """The three that come closest to the line: 113, 65 and 76 ulps, where torch itself is off by 7, 19 and 233."""
    with nptorch.use(**reference()):
        assert differences(observe(get(id), CPU, seed, "float32"), observe(get(id), OURS, seed, "float32")) == []


def test_an_estimate_in_float32_is_rounding_and_nothing_else():
    """Not too loose: what shares less than half of its digits differs, also where the scenario declares much."""
    one = get("derivatives.estimate-of-a-cube")
    with nptorch.use(**reference()):
        theirs, ours = observe(one, CPU, dtype="float32"), observe(one, OURS, dtype="float32")
    assert {found.what for found in differences(theirs, ours, one.ulps)} == {"value"}


def spoiled(observations, by):
    """The same observations with every float tensor's largest number off by a part of it."""

    def off(one):
        if one.kind != "tensor" or not one.dtype.startswith("float") or not one.value:
            return one
        at = int(np.nanargmax(np.abs(np.where(np.isfinite(one.value), one.value, 0))))
        numbers = list(one.value)
        numbers[at] += by * max(abs(numbers[at]), 2.0**-10)
        return dataclasses.replace(one, value=numbers)

    return Observations(tuple(map(off, observations)), dtype=observations.dtype)


@pytest.mark.parametrize(("dtype", "by"), [("float32", 2.0**-11), ("float64", 2.0**-24)])
def test_an_error_of_half_of_the_digits_is_always_seen(dtype, by):
    """Not too loose: in float32 one part in 2000 shows, in float64 what a step in float32 would leave."""
    seen = 0
    for one in sample(every=11):
        if dtype == "float64" and one.ulps > 2**20:  # estimates by differences
            continue
        right = observe(one, CPU, dtype=dtype)
        wrong = spoiled(right, by)
        pairs = zip(right, wrong, strict=True)  # a nan stays what it is, and is unlike itself
        changed = [a.label for a, b in pairs if repr(a.value) != repr(b.value) and a.dtype == dtype]
        found = {difference.label for difference in differences(right, wrong, one.ulps)}
        assert set(changed) <= found, one.id
        seen += len(changed)
    assert seen > 50


class Tf32(TorchDispatchMode):
    """What a GPU does to float32 operands of products where TF32 is allowed: 10 bits of mantissa stay."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        if name in _MATMULS or name.startswith("convolution"):
            args = [ten_bits(one) if isinstance(one, torch.Tensor) else one for one in args]
        return func(*args, **(kwargs or {}))


def ten_bits(x):
    if x.dtype != torch.float32:
        return x
    return ((x.contiguous().view(torch.int32) + 0x1000) & ~0x1FFF).view(torch.float32)


MULTIPLYING = [
    "conv2d.at-random",
    "conv2d.in-a-network",
    "conv2d.trained",
    "double.convolution",
    "double.matrices",
    "double.wgan-gp",
    "nn_layers.rnn",
    "nn_pictures.conv2d",
    "nn_pictures.srgan-generator",
]

#: What keeps fewer than half of TF32's bits: sums over all pixels that nearly cancel, through many layers.
BEYOND = {
    "nn_pictures.srgan-generator": {"gradient of 0.bias", "gradient of 1.conv.bias", "gradient of 1.slope.weight"}
}


def test_with_tf32_products_stay_within_what_is_allowed_for_them():
    assert ten_bits(torch.tensor([1 + 2**-10, 1 + 2**-12])).tolist() == [1 + 2**-10, 1.0]
    shares = []
    for id in MULTIPLYING:
        one = get(id)
        counted = work(one, CPU, dtype="float32")
        exact = observe(one, CPU, dtype="float32")
        with Tf32():
            rounded = observe(one, CPU, dtype="float32")
        assert differences(exact, rounded, one.ulps), f"{id}: without TF32 this would be a mistake"
        products = counted.matmuls + counted.convs
        found = {difference.label for difference in differences(exact, rounded, one.ulps, tf32=products)}
        assert found == BEYOND.get(id, set()), id
        most = allowed("float32", one.ulps, "float32", products).ulps
        shares.append(max(one.ulps for one in differences(exact, rounded, 2**-20) if one.ulps) / most)
    assert max(shares) > 1 / 8, "far more is allowed than TF32 needs"


def test_every_row_says_what_it_is_allowed():
    def program(T, draw):
        yield "doubles", T.tensor(draw.normal(2))
        yield "singles", [T.ones(2, dtype=T.float32), 1]
        yield "flags", [True, None, "text"]
        yield "both", {"a": T.ones(1, dtype=T.float32), "b": 0.5}

    shown = compare(Scenario("test.rows", 1, "How far?", program))
    assert [shown.allowed_at(label) for label in shown.labels()] == [
        "64 ulps of float64",
        "128 ulps of float32",
        "nothing",
        "128 ulps of float32, 64 ulps of float64",
    ]
    for text in (str(shown), shown._repr_html_()):
        assert text.count("may differ by") == 1
        assert "64 ulps of float64" in text
