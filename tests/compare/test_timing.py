"""The honest timer. No test here looks at a real clock: time is a pretend device's, or planted."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from course.compare.timing import wrong
from course.compare.timing.timer import CLEAR, FEWEST, timed
from course.compare.timing.watches import EventWatch, WallWatch, watch_for
from course.models.pretend import Device


def watch_of(device: Device, resolution: float = 0.0) -> WallWatch:
    return WallWatch(device.synchronize, device.clock, resolution)


class Events:
    """``torch.cuda`` on a pretend device: events that the device passes in the order of its queue."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.synchronize = device.synchronize
        outer = self

        class Event:
            def __init__(self, enable_timing: bool = False) -> None:
                assert enable_timing

            def record(self) -> None:
                outer.device.log.append("event")
                self.passed = max(outer.device._now, outer.device._done)

            def synchronize(self) -> None:
                outer.device.synchronize()

            def elapsed_time(self, later: Event) -> float:
                return 1e3 * (later.passed - self.passed)

        self.Event = Event


def test_the_warm_up_is_not_counted_and_the_first_call_is_reported() -> None:
    device = Device()
    found = timed(device.job(0.25, 0.03125), watch_of(device), repeats=5)
    assert found.first == 0.25 + device.launch
    assert found.median == found.low == found.high == found.best == 0.03125 + device.launch


def test_the_device_is_waited_for_before_each_start_and_each_stop() -> None:
    device = Device()
    device.run(100.0)  # given before: not ours
    found = timed(device.job(0.03125), watch_of(device), repeats=4)
    assert found.first == found.median == 0.03125 + device.launch
    assert device.log.count("clock") == 2 * (1 + 1 + 4)
    for nth, asked in enumerate(device.log):
        if asked == "clock":
            assert device.log[nth - 1] == "wait"


def test_median_and_quartiles_are_those_of_the_batches() -> None:
    device = Device(launch=0.0)
    times = [3.0, 1.0, 2.0, 8.0, 4.0]
    found = timed(device.job(64.0, 32.0, *times), watch_of(device), repeats=5)
    low, middle, high = np.percentile(times, [25, 50, 75])
    assert (found.low, found.median, found.high, found.best) == (low, middle, high, 1.0)
    assert (found.repeats, found.batch) == (5, 1)


def test_a_batch_is_long_enough_for_a_coarse_clock() -> None:
    device, tick = Device(launch=0.0), 2.0**-6  # a clock that moves 64 times a second
    watch = WallWatch(device.synchronize, lambda: device.clock() // tick * tick, resolution=tick)
    work = device.job(2.0**-13 * 1.1)
    watch.start()
    work()
    assert watch.stop() == 0.0  # "0 ms": what one call alone seems to take
    found = timed(work, watch, repeats=3)
    assert found.batch * 2.0**-13 * 1.1 >= CLEAR * tick * 0.99
    assert found.median == pytest.approx(2.0**-13 * 1.1, rel=2 / CLEAR)


def test_a_batch_takes_at_least_the_seconds_that_were_asked_for() -> None:
    device = Device(launch=0.0)
    found = timed(device.job(2.0**-10), watch_of(device), least=1.0)
    assert 1024 <= found.batch <= 2048
    assert found.median == 2.0**-10


def test_a_clock_that_stands_still_does_not_stop_the_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("course.compare.timing.timer.MOST", 50)
    device = Device(launch=0.0)
    found = timed(device.job(0.0), watch_of(device))
    assert (found.batch, found.median) == (50, 0.0)


@pytest.mark.parametrize(("patience", "repeats"), [(float("inf"), 15), (6.5, 6), (0.0, FEWEST)])
def test_less_patience_means_fewer_batches_but_never_too_few(patience: float, repeats: int) -> None:
    device = Device(launch=0.0)
    assert timed(device.job(1.0), watch_of(device), patience=patience).repeats == repeats


def test_cuda_events_count_the_work_between_them_and_nothing_else() -> None:
    device = Device()
    watch = EventWatch(SimpleNamespace(cuda=Events(device)))
    work = device.job(0.5)
    work()  # still in the queue when the watch is started
    device.log.clear()
    watch.start()
    work()
    work()
    assert watch.stop() == 1.0 + device.launch
    assert device.log == ["wait", "event", "work", "work", "event", "wait"]


def test_the_timer_works_with_events() -> None:
    device = Device()
    found = timed(device.job(0.25, 0.03125), EventWatch(SimpleNamespace(cuda=Events(device))))
    assert found.first == 0.25 + device.launch
    assert found.median == 0.03125 + device.launch


def test_each_device_has_its_watch() -> None:
    device = Device()
    torch = SimpleNamespace(cuda=Events(device), mps=SimpleNamespace(synchronize=device.synchronize))
    assert isinstance(watch_for(torch, "cuda"), EventWatch)
    apple = watch_for(torch, "mps")
    apple.start()
    apple.stop()
    assert device.log == ["wait", "wait"]
    assert "synchronised" in apple.how
    host = watch_for(torch, "cpu")
    host.start()
    assert host.stop() >= 0
    assert host.resolution > 0


def test_dishonest_timers_are_wrong_as_it_is_said() -> None:
    found = wrong.pretended()
    assert found["pretend"]
    assert "pretend device" in found["on"]
    assert "simulated" in found["on"]
    ways, launch = found["ways"], Device().launch
    assert ways["no waiting"] == launch  # the queueing, and not the work
    assert ways["no warm-up"] == pytest.approx(wrong.PRETEND_FIRST + launch)
    assert ways["honest"] == pytest.approx(wrong.PRETEND_SECONDS + launch)


def test_the_ways_do_not_depend_on_what_was_queued_before() -> None:
    device = Device()
    device.run(7.0)
    found = wrong.ways(device.job(0.25, 0.125), watch_of(device), device.synchronize, device.clock)
    slow = device.launch
    assert found == {"honest": 0.125 + slow, "no warm-up": 0.25 + slow, "no waiting": slow}


def test_a_real_device_is_asked_for_its_own_work() -> None:
    """With a product of real matrices; the device that is waited for is torch's CPU, which has a `synchronize`."""
    import torch

    found = wrong.measured(torch, "cpu", "this CPU", side=8)
    assert found["on"] == "this CPU: 8 x 8 matrices"
    assert not found["pretend"]
    assert sorted(found["ways"]) == ["honest", "no waiting", "no warm-up"]
