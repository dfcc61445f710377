"""Lesson 12: a timer that waits for a device with a queue. torch says what the median and the quartiles are."""

from __future__ import annotations

import importlib
from typing import Any

from course.models.pretend import TICK, Device
from course.scenarios import Draw, Raised, Yields, attempt, part, scenario

MS = 1000 * TICK  # near enough


def timer(T: Any) -> Any:
    """Return ``measure(work, synchronize, clock, warmup, repeats)`` with torch's own statistics, or the student's."""
    if T.__name__ != "torch":
        return part(T, "measure")
    benchmark = importlib.import_module("torch.utils.benchmark")

    def measure(work: Any, synchronize: Any, clock: Any, warmup: int = 3, repeats: int = 10) -> tuple[float, float]:
        times = []
        for turn in range(warmup + repeats):
            synchronize()
            start = clock()
            work()
            synchronize()
            if turn >= warmup:
                times.append(clock() - start)
        found = benchmark.Measurement(1, times, benchmark.TaskSpec("work()", ""))
        return found.median, found.iqr

    return measure


def measured(T: Any, device: Device, work: Any, **how: int) -> Any:
    """Measure with the device's own clock."""
    return timer(T)(work, device.synchronize, device.clock, **how)


@scenario("timer.without-a-queue", lesson=12, contract=True, asks="The work is done when the call returns: how long?")
def without_a_queue(T: Any, draw: Draw) -> Yields:
    device = Device()
    yield "median and quartiles", attempt(measured, T, device, lambda: device.busy(3 * MS))


@scenario(
    "timer.with-a-queue", lesson=12, contract=True, asks="The call returns at once, the work takes 5 ms: how long?"
)
def with_a_queue(T: Any, draw: Draw) -> Yields:
    device = Device()
    yield "median and quartiles", measured(T, device, device.job(5 * MS))


@scenario(
    "timer.many-small-things", lesson=12, contract=True, asks="One call puts twenty things into the queue: how long?"
)
def many_small_things(T: Any, draw: Draw) -> Yields:
    for name, seconds in (("short ones", TICK), ("long ones", 50 * TICK)):
        device = Device()

        def work(device: Device = device, seconds: float = seconds) -> None:
            for _ in range(20):
                device.run(seconds)

        yield name, measured(T, device, work)


@scenario(
    "timer.somebody-elses-work", lesson=12, contract=True, asks="The queue is full before you begin: does it count?"
)
def somebody_elses_work(T: Any, draw: Draw) -> Yields:
    for warmup in (0, 1):
        device = Device()
        device.run(900 * MS)
        yield f"warmup={warmup}", measured(T, device, device.job(MS), warmup=warmup, repeats=1)


@scenario("timer.warm-up", lesson=12, contract=True, asks="The first two calls are slow: do they count?")
def warm_up(T: Any, draw: Draw) -> Yields:
    for warmup in (0, 1, 2, 5):
        device = Device()
        yield f"warmup={warmup}", measured(T, device, device.job(400 * MS, 90 * MS, MS), warmup=warmup, repeats=3)


@scenario(
    "timer.warm-up-takes-time", lesson=12, contract=True, asks="The warm-up is still in the queue: does it count?"
)
def warm_up_takes_time(T: Any, draw: Draw) -> Yields:
    device = Device()
    yield "one repeat", measured(T, device, device.job(700 * MS, MS), warmup=1, repeats=1)


@scenario("timer.one-interruption", lesson=12, contract=True, asks="One of the calls is slow: what does it change?")
def one_interruption(T: Any, draw: Draw) -> Yields:
    for repeats in (5, 6, 9):
        device = Device()
        times = (2 * MS, 3 * MS, 300 * MS, MS, 4 * MS, 5 * MS)
        median, quartiles = measured(T, device, device.job(*times), warmup=0, repeats=repeats)
        yield f"{repeats} repeats: median", median
        yield f"{repeats} repeats: distance of the quartiles", quartiles


@scenario("timer.spread", lesson=12, contract=True, asks="Every call takes another time: what are median and spread?")
def spread(T: Any, draw: Draw) -> Yields:
    times = [int(one) * TICK for one in draw.integers(100, 5000, 12)]
    for repeats in (1, 2, 3, 4, 7, 12):
        device = Device()
        median, quartiles = measured(T, device, device.job(*times), warmup=0, repeats=repeats)
        yield f"{repeats} repeats: median", median
        yield f"{repeats} repeats: distance of the quartiles", quartiles


@scenario("timer.how-often", lesson=12, contract=True, asks="How often is the work called?")
def how_often(T: Any, draw: Draw) -> Yields:
    for how in ({}, {"warmup": 0, "repeats": 1}, {"warmup": 2, "repeats": 4}):
        device = Device()
        measured(T, device, device.job(MS), **how)
        yield ", ".join(f"{name}={count}" for name, count in how.items()) or "not said", device.log.count("work")


@scenario(
    "timer.each-for-itself", lesson=12, contract=True, asks="How many calls are there between two looks at the clock?"
)
def each_for_itself(T: Any, draw: Draw) -> Yields:
    device = Device()
    measured(T, device, device.job(MS), warmup=1, repeats=3)
    asked = "".join({"work": "w", "clock": "c", "wait": "-"}[one] for one in device.log)
    yield "most calls between two looks at the clock", max(one.count("w") for one in asked.split("c")[1:])
    yield "waited between the last call and the last look", "-" in asked.rpartition("w")[2].rpartition("c")[0]


@scenario("timer.work-fails", lesson=12, contract=True, asks="The work raises: who hears of it?")
def work_fails(T: Any, draw: Draw) -> Yields:
    def work() -> None:
        raise ValueError("out of memory")

    for name, warmup in (("in the warm-up", 3), ("in a repeat", 0)):
        device = Device()
        found = attempt(measured, T, device, work, warmup=warmup)
        yield name, f"{found.type}: {found.message}" if isinstance(found, Raised) else "nothing was raised"
