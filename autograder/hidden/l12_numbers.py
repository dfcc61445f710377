"""Hidden scenarios of lesson 12."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.models.pretend import TICK, Device
from course.scenarios import Draw, Yields, scenario
from course.scenarios.topics.l12_close import INF, NAN, each, verdict
from course.scenarios.topics.l12_rounding import TF32, patterns, rounding, single
from course.scenarios.topics.l12_timer import MS, measured, timer


@scenario("close.half-a-matrix", lesson=12, hidden=True, asks="Many elements, moved by more and less than is allowed?")
def half_a_matrix(T: Any, draw: Draw) -> Yields:
    expected = draw.normal(8, 9) * 100
    moved = draw.uniform(8, 9, low=-2.0, high=2.0)
    moved = np.where(abs(abs(moved) - 1) < 0.01, 0.5, moved)  # not on the line
    actual = expected + moved * (1e-3 + 1e-4 * abs(expected))
    yield "as it is", verdict(T, T.tensor(actual), T.tensor(expected), rtol=1e-4, atol=1e-3)
    yield "the other way round", verdict(T, T.tensor(expected), T.tensor(actual), rtol=1e-4, atol=1e-3)


@scenario("close.half-precision", lesson=12, hidden=True, asks="float16 beside float32: close as what?")
def half_precision(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.uniform(6, low=1.0, high=2.0)).to(T.float32)
    yield "to float16 and back", verdict(T, x.to(T.float16).to(T.float32), x)
    yield "float16 beside float32", verdict(T, x.to(T.float16), x, check_dtype=False)
    yield "twice as far", verdict(T, (x * 1.002).to(T.float16), x, check_dtype=False) == "close"


@scenario(
    "close.everything-at-once", lesson=12, hidden=True, asks="nan, infinities, zeros of both signs: which are close?"
)
def everything_at_once(T: Any, draw: Draw) -> Yields:
    odd = [NAN, INF, -INF, 0.0, -0.0, 1.0, 1e-9]
    pairs = [(one, other) for one in odd for other in odd]
    yield "float64", each(T, "float64", pairs)
    yield "float32, equal_nan", each(T, "float32", pairs, equal_nan=True)
    yield "nothing but rtol", each(T, "float64", pairs, rtol=0.5, atol=0.0)


@scenario("close.nothing-to-compare", lesson=12, hidden=True, asks="Empty tensors: close?")
def nothing_to_compare(T: Any, draw: Draw) -> Yields:
    yield "empty", verdict(T, T.zeros(0, 3), T.zeros(0, 3))
    yield "empty bools", verdict(T, T.zeros(0, dtype=T.bool), T.ones(0, dtype=T.bool))


@scenario(
    "rounding.any-pattern", lesson=12, hidden=True, contract=True, ulps=0, asks="Any 32 bits: what are they rounded?"
)
def any_pattern(T: Any, draw: Draw) -> Yields:
    words = (draw.integers(0, 2**16, 200) << 16) + draw.integers(0, 2**16, 200)
    x = patterns(T, *words.tolist())
    for bits in (7, TF32, 15, 22):
        for ties in ("even", "away"):
            yield f"{bits} bits, {ties}", rounding(T)(x, bits, ties=ties)


@scenario("rounding.twice", lesson=12, hidden=True, contract=True, ulps=0, asks="Rounded again: does it change?")
def twice(T: Any, draw: Draw) -> Yields:
    once = rounding(T)(single(T, draw.normal(20) / 7), TF32)
    yield "once", once
    yield "twice", rounding(T)(once, TF32)
    yield "to fewer bits", rounding(T)(once, 7, "away")


@scenario(
    "rounding.product", lesson=12, hidden=True, contract=True, ulps=64, asks="A product of rounded matrices: which?"
)
def product(T: Any, draw: Draw) -> Yields:
    a, b = single(T, draw.normal(5, 7) / 3), single(T, draw.normal(7, 2) / 3)
    yield "as in TF32", rounding(T)(a, TF32) @ rounding(T)(b, TF32)


@scenario(
    "timer.slow-clock", lesson=12, hidden=True, contract=True, asks="Looking at the clock takes time itself: how long?"
)
def slow_clock(T: Any, draw: Draw) -> Yields:
    device = Device()

    def clock() -> float:
        device.busy(16 * TICK)
        return device.clock()

    yield "one look more", timer(T)(device.job(MS), device.synchronize, clock, warmup=1, repeats=4)


@scenario(
    "timer.a-long-day", lesson=12, hidden=True, contract=True, asks="Forty calls of all lengths: median and spread?"
)
def a_long_day(T: Any, draw: Draw) -> Yields:
    device = Device(launch=TICK)
    times = [int(one) * TICK for one in draw.integers(1, 100_000, 50)]
    device.run(5 * MS)
    yield "forty", measured(T, device, device.job(*times), warmup=7, repeats=40)


@scenario(
    "timer.host-and-device", lesson=12, hidden=True, contract=True, asks="Host and device both have work: how long?"
)
def host_and_device(T: Any, draw: Draw) -> Yields:
    for name, host, there in (("host waits", 2, 9), ("device waits", 9, 2)):
        device = Device()

        def work(device: Device = device, host: int = host, there: int = there) -> None:
            device.run(there * MS)
            device.busy(host * MS)

        yield name, measured(T, device, work)
