"""A real scheduler with two workers: texts go out, results come back, and a worker's death costs nothing."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import Client

from autograder.batch import dask_cluster
from autograder.batch.course import Course
from autograder.batch.marker import Marker
from autograder.batch.pool import PoolError
from autograder.batch.result import Result
from autograder.batch.run import collect, make_results, on_this_machine, to_judge
from tests.batch.conftest import LESSON

ROOT = Path(__file__).resolve().parents[2]


def dask(*arguments: str, cwd: Path) -> subprocess.Popen[bytes]:
    """Start one of Dask's programs as anybody would; the package is on its path, no course directory is."""
    log = (cwd / f"{len(list(cwd.glob('*.log')))}.log").open("wb")
    command = [sys.executable, "-m", "dask", *arguments]
    return subprocess.Popen(command, cwd=cwd, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=log, stderr=log)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler on loopback with two workers: its address, and the workers."""
    place = tmp_path / "cluster"
    place.mkdir()
    about = place / "scheduler.json"
    local = ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(about)]
    started = [dask("scheduler", "--port", "0", *local, cwd=place)]
    until = time.monotonic() + 60
    while not about.is_file() and time.monotonic() < until:
        time.sleep(0.05)
    workers = [dask("worker", "--nthreads", "1", "--no-nanny", *local, cwd=place) for _ in range(2)]
    try:
        yield json.loads(about.read_text())["address"], workers
    finally:
        for process in [*workers, *started]:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait()


@pytest.fixture
def class_of_four(make_course: Callable[..., Path]) -> tuple[Marker, dict[str, Any]]:
    course = Course(make_course(["ada", "emeka", "goran", "lena"]))
    marker = Marker(course.root, LESSON)
    return marker, to_judge(marker, collect(course, marker))


def test_a_worker_dies_and_all_is_judged(
    cluster: tuple[str, list[subprocess.Popen[bytes]]], class_of_four: tuple[Marker, dict[str, Any]]
) -> None:
    address, workers = cluster
    marker, tasks = class_of_four
    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
    seen: list[Result] = []

    def step(result: Result) -> None:
        seen.append(result)
        if len(seen) == 1:
            workers[0].send_signal(signal.SIGKILL)

    make_results(marker, tasks, dask_cluster.on_a_cluster(address, marker), step)
    assert workers[0].wait(10) == -signal.SIGKILL
    assert sorted(one.key for one in seen) == sorted(tasks)
    assert all(marker.store.get(LESSON, key) for key in tasks)

    here: list[Result] = []
    on_this_machine(marker.course, LESSON, 1)({key: tasks[key] for key in list(tasks)[:1]}, here.append)
    elsewhere = next(one for one in seen if one.key == here[0].key)
    assert elsewhere.exercises == here[0].exercises


def test_no_scheduler_is_said_in_words(
    class_of_four: tuple[Marker, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    marker, tasks = class_of_four
    monkeypatch.setattr(dask_cluster, "WAIT", 1.0)
    with pytest.raises(PoolError, match="does not answer"):
        dask_cluster.on_a_cluster("tcp://127.0.0.1:1", marker)(tasks, print)


def test_another_version_is_refused(class_of_four: tuple[Marker, dict[str, Any]]) -> None:
    marker, _ = class_of_four
    kit = {"lesson": LESSON, "files": {}, "judging": "of last year"}
    with pytest.raises(dask_cluster.OtherVersion, match="Install the same everywhere"):
        dask_cluster.judge_batch(kit, [])
    assert dask_cluster.Kit.of(marker).files.keys() >= {f"source/{LESSON}/{LESSON}.ipynb", ".gradschool/secret"}
