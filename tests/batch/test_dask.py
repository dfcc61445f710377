"""A real scheduler with two workers, which have the students' wheel and nothing else of the course.

Texts go out with all it takes to judge them, results come back, a worker's death costs nothing, and nothing is
left on a worker.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import sysconfig
import time
import venv
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from distributed import Client

from autograder.batch import dask_cluster, dask_worker
from autograder.batch.bundle import bundle, name_of
from autograder.batch.course import Course
from autograder.batch.marker import Marker
from autograder.batch.pool import PoolError
from autograder.batch.result import Result
from autograder.batch.run import collect, make_results, on_this_machine, to_judge
from tests.batch.conftest import LESSON


@pytest.fixture(scope="module")
def python(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with the wheel, and the packages that it needs; the repository is not to be seen from it."""
    place = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(place), str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    venv.create(place / "venv", symlinks=True)
    (packages,) = (place / "venv").glob("lib/python*/site-packages")
    # This folder's own .pth files, by which a repository is installed for editing, are not read then.
    (packages / "more.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    with zipfile.ZipFile(next(place.glob("*.whl"))) as archive:
        archive.extractall(packages)
    return place / "venv" / "bin" / "python"


@dataclass
class Cluster:
    """A scheduler on loopback and its workers."""

    python: Path
    place: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start one of Dask's programs, as anybody would, far from the repository."""
        about = ["--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(self.place / "scheduler.json")]
        env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        with (self.place / f"{len(self.started)}.log").open("wb") as log:
            command = [str(self.python), "-m", "dask", *words, *about]
            self.started.append(subprocess.Popen(command, cwd=self.place, env=env, stdout=log, stderr=log))
        return self.started[-1]

    def worker(self) -> subprocess.Popen[bytes]:
        return self.start("worker", "--nthreads", "1", "--no-nanny", "--local-directory", str(self.place / "space"))

    @property
    def left(self) -> list[Path]:
        """What of a judge is in the workers' folders."""
        walked = os.walk(self.place / "space")  # does not mind what is removed meanwhile
        return [Path(folder, name) for folder, names, _ in walked for name in names if name.startswith("gradschool-")]


@pytest.fixture
def cluster(python: Path, tmp_path: Path) -> Iterator[tuple[str, Cluster]]:
    """A scheduler with two workers: its address, and itself."""
    made = Cluster(python, tmp_path / "cluster")
    made.place.mkdir()
    made.start("scheduler", "--port", "0")
    about = made.place / "scheduler.json"
    until = time.monotonic() + 120
    while not about.is_file() and time.monotonic() < until:
        time.sleep(0.05)
    try:
        made.worker()
        made.worker()
        yield json.loads(about.read_text())["address"], made
    finally:
        for process in reversed(made.started):
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait()


@pytest.fixture
def class_of_four(make_course: Callable[..., Path]) -> tuple[Marker, dict[str, Any]]:
    course = Course(make_course(["ada", "emeka", "goran", "lena"]))
    marker = Marker(course.root, LESSON)
    return marker, to_judge(marker, collect(course, marker))


PARTS = ("course.nptorch", "course.parts", "autograder.hidden", "autograder.faults")
THERE = f"[name for name in {PARTS} if __import__('importlib.util').util.find_spec(name)]"


def test_a_worker_dies_and_all_is_judged(
    cluster: tuple[str, Cluster], class_of_four: tuple[Marker, dict[str, Any]]
) -> None:
    address, made = cluster
    marker, tasks = class_of_four
    workers = made.started[1:]
    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=120)
        assert list(client.run(eval, THERE).values()) == [["course.nptorch"]] * 2, "workers need the wheel only"
    seen: list[Result] = []

    def step(result: Result) -> None:
        seen.append(result)
        if len(seen) == 1:
            assert len(made.left) == 2
            assert {path.stat().st_mode & 0o777 for path in made.left} == {0o700}
            workers[0].send_signal(signal.SIGKILL)

    make_results(marker, tasks, dask_cluster.on_a_cluster(address, marker), step)
    assert workers[0].wait(10) == -signal.SIGKILL
    assert sorted(one.key for one in seen) == sorted(tasks)
    assert all(marker.store.get(LESSON, key) for key in tasks)

    here: list[Result] = []
    on_this_machine(marker.course, LESSON, 1)({key: tasks[key] for key in list(tasks)[:1]}, here.append)
    elsewhere = next(one for one in seen if one.key == here[0].key)
    assert elsewhere.exercises == here[0].exercises

    assert len(made.left) == 1, "the worker that lives has cleared up"
    made.worker()
    until = time.monotonic() + 120
    while made.left and time.monotonic() < until:
        time.sleep(0.1)
    assert not made.left, "what a killed worker left is cleared up by the next"


def test_no_scheduler_is_said_in_words(
    class_of_four: tuple[Marker, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    marker, tasks = class_of_four
    monkeypatch.setattr(dask_cluster, "WAIT", 1.0)
    with pytest.raises(PoolError, match="does not answer"):
        dask_cluster.on_a_cluster("tcp://127.0.0.1:1", marker)(tasks, print)


def test_the_archive_is_named_by_its_content(class_of_four: tuple[Marker, dict[str, Any]]) -> None:
    marker, _ = class_of_four
    data = bundle(marker)
    assert bundle(marker) == data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = set(archive.namelist())
    assert {
        f"here/source/{LESSON}/{LESSON}.ipynb",
        "here/.gradschool/secret",
        "course/parts/l01_derivatives.py",
    } <= names
    assert not [name for name in names if "submitted" in name or "examples" in name or name.endswith(".db")]
    before = name_of(data)
    marker.salt = "another secret"
    assert name_of(bundle(marker)) != before


class Here:
    """Stands for a worker."""

    def __init__(self, folder: Path) -> None:
        self.local_directory = str(folder)


def test_a_damaged_archive_and_a_judge_that_ends_are_said_in_words(
    tmp_path: Path, class_of_four: tuple[Marker, dict[str, Any]]
) -> None:
    with pytest.raises(dask_worker.NoBench, match="damaged"):
        dask_worker.Bench("0" * 64, b"", "here", LESSON, "x").setup(Here(tmp_path))
    data = bundle(class_of_four[0])
    bench = dask_worker.Bench(name_of(data), data, "nowhere", LESSON, "x")
    bench.setup(Here(tmp_path))
    listed = [[key, vars(carried)] for key, carried in class_of_four[1].items()]
    with pytest.raises(dask_worker.NoBench, match=r"there is no .*nowhere"):
        bench.judge(listed)
    (program,) = bench._programs.values()
    program.kill()
    program.wait()
    bench._program = lambda: program
    with pytest.raises(dask_worker.NoBench, match="ended on this worker"):
        bench.judge(listed)
    bench.teardown(Here(tmp_path))
    assert not list(tmp_path.glob("gradschool-*"))
