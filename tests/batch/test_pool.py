"""Worker processes: what they make is kept at once, and their deaths cost nothing."""

from __future__ import annotations

import dataclasses
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.batch import pool as pools
from autograder.batch.course import Course, carry
from autograder.batch.marker import Marker
from autograder.batch.pool import Died, Hand, Pool, PoolError
from autograder.batch.result import Result, plain
from autograder.sandbox.transplant import Carried
from tests.batch.conftest import LESSON


@pytest.fixture
def named(make_course: Callable[..., Path]) -> Iterator[Callable[..., tuple[Marker, dict[str, Carried]]]]:
    """Return a function: a marker, and the submissions of some students by their results' names."""
    markers: list[Marker] = []

    def name(*students: str) -> tuple[Marker, dict[str, Carried]]:
        course = make_course(students)
        marker = Marker(course, LESSON)
        markers.append(marker)
        found = [carry(marker, one) for one in Course(course).submissions(LESSON)]
        return marker, {marker.key(one): one for one in found}

    yield name
    for marker in markers:
        marker.close()


def same(one: Result, other: Result) -> bool:
    return dataclasses.replace(one, seconds=0) == dataclasses.replace(other, seconds=0)


def test_two_workers_judge_as_one_process_does(named: Any) -> None:
    marker, tasks = named("goran", "hana", "kofi")
    done: dict[str, Result] = {}

    def keep(result: Result) -> None:
        done[result.key] = result
        assert marker.store.get(LESSON, result.key) == result, "the worker has kept it already"

    with Pool(marker.course, LESSON, 2) as pool:
        pool.run(tasks, keep)
    assert sorted(done) == sorted(tasks)
    assert all(same(done[key], marker.judge(carried, key)) for key, carried in tasks.items())
    assert {result.points for result in done.values()} >= {11.0, 0.0}


def test_a_worker_that_is_killed_is_replaced(named: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    marker, tasks = named("hana")
    started: list[Hand] = []

    class Watched(Hand):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            started.append(self)

        def judge(self, *arguments: Any) -> dict[str, Any]:
            if len(started) == 1:  # it is at work when this comes
                threading.Timer(0.1, os.kill, (self.process.pid, signal.SIGKILL)).start()
            return super().judge(*arguments)

    monkeypatch.setattr(pools, "Hand", Watched)
    done: list[Result] = []
    with Pool(marker.course, LESSON, 1) as pool:
        pool.run(tasks, done.append)
    assert len(started) == 2
    assert done[0].points == 11
    assert not done[0].unreadable
    assert all(hand.process.poll() is not None for hand in started)


class Clumsy:
    """A worker that dies of one submission, whoever tries it."""

    made: int = 0
    deadly = ""

    def __init__(self, course: Path, lesson: str, core: int | None) -> None:
        type(self).made += 1

    def judge(self, key: str, carried: Carried, seconds: float) -> dict[str, Any]:
        if key == self.deadly:
            raise Died("out of memory")
        return plain(Result(key, LESSON, {}))

    def kill(self) -> None:
        """Nothing is there."""

    close = kill


def test_what_kills_two_workers_is_for_a_person(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pools, "Hand", Clumsy)
    monkeypatch.setattr(Clumsy, "made", 0)
    monkeypatch.setattr(Clumsy, "deadly", "b")
    done: dict[str, Result] = {}
    with Pool(tmp_path, LESSON, 1) as pool:
        pool.run(dict.fromkeys("abc", Carried({}, ("a flag",))), lambda result: done.update({result.key: result}))
    assert sorted(done) == ["a", "b", "c"]
    assert Clumsy.made == 3
    assert done["b"].points == 0
    assert "out of memory" in done["b"].unreadable
    assert "A person must look." in done["b"].unreadable
    assert done["b"].flags == ["a flag"]
    assert not done["c"].unreadable


def test_workers_that_cannot_start_say_why(tmp_path: Path) -> None:
    with Pool(tmp_path, LESSON, 2) as pool, pytest.raises(PoolError, match=f"gradschool build {LESSON}"):
        pool.run({"a": Carried({})}, print)


def test_a_worker_that_hangs_is_ended(named: Any) -> None:
    marker, tasks = named("fatima")  # her code loops for five seconds
    hand = Hand(marker.course, LESSON)
    (key,) = tasks
    started = time.monotonic()
    with pytest.raises(Died):
        hand.judge(key, tasks[key], 1.0)
    assert time.monotonic() - started < 4
    hand.close()
