"""Judging on the workers of a Dask scheduler: batches of texts go out as data, results come back as data.

A worker needs the course's repository installed as on this machine, and nothing else: no course
directory, no submissions, no gradebook. In it, as here, a process of its own judges (`autograder.batch.pool`).
If a worker dies, Dask has its batch run elsewhere; what comes back twice is the same twice.

Dask's connections are for a network that you trust: https://distributed.dask.org/en/stable/tls.html
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from distributed import Client, KilledWorker, as_completed

from autograder.batch.hand import carried_from
from autograder.batch.marker import FOLDER, Marker
from autograder.batch.pool import Pool, PoolError
from autograder.batch.result import Result, judging, plain
from autograder.batch.run import Judging, Step
from autograder.sandbox.transplant import Carried

LARGEST = 50  # submissions that travel together
WAIT = 60.0  # seconds for the scheduler to answer, and to have a worker
LIVES = 3  # workers that a batch may outlive


@dataclass(frozen=True)
class Kit:
    """All that judging a lesson takes beside the submissions.

    Attributes
    ----------
    lesson : str
        Lesson id.
    files : dict of str to str
        Texts by their paths in a course directory.
    judging : str
        The version of the judge that this is for.
    """

    lesson: str
    files: dict[str, str]
    judging: str

    @classmethod
    def of(cls, marker: Marker) -> Kit:
        """Pack the lesson of a marker."""
        name = f"{marker.lesson}/{marker.lesson}.ipynb"
        files = {f"source/{name}": json.dumps(marker.source), f"release/{name}": json.dumps(marker.released)}
        files[f"{FOLDER}/secret"] = marker.salt
        given = marker.course / "source" / marker.lesson / "given"
        for path in sorted(given.glob("*.py")):
            files[f"source/{marker.lesson}/given/{path.name}"] = path.read_text(encoding="utf-8")
        return cls(marker.lesson, files, judging())

    def lay(self, folder: Path) -> None:
        """Make a course directory of it."""
        for name, text in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


class OtherVersion(RuntimeError):
    """A worker judges otherwise than the machine that asks."""


_benches: dict[str, tuple[Pool, Any, threading.Lock]] = {}
_laying = threading.Lock()


def judge_batch(kit: dict[str, Any], tasks: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Judge a batch; this runs on a worker.

    Parameters
    ----------
    kit : dict
        A `Kit`.
    tasks : list of tuple
        Names of results and texts of submissions.

    Returns
    -------
    list of dict
        The results as plain data.
    """
    if kit["judging"] != judging():
        raise OtherVersion("a worker of the cluster has another version of the course. Install the same everywhere.")
    pool, lock = _bench(Kit(**kit))
    found: list[dict[str, Any]] = []
    with lock:
        wanted = {key: carried_from(carried) for key, carried in tasks}
        pool.run(wanted, lambda result: found.append(plain(result)))
    return found


def _bench(kit: Kit) -> tuple[Pool, threading.Lock]:
    """Return this worker's process for a lesson, warm if it was used before; one for each thread."""
    name = hashlib.sha256(f"{threading.get_ident()} {json.dumps(asdict(kit))}".encode()).hexdigest()
    with _laying:
        if name not in _benches:
            folder = tempfile.TemporaryDirectory(prefix="gradschool-")
            kit.lay(Path(folder.name))
            _benches[name] = Pool(Path(folder.name), kit.lesson, 1), folder, threading.Lock()
        pool, _, lock = _benches[name]
    return pool, lock


def on_a_cluster(address: str, marker: Marker) -> Judging:
    """Return a way to judge on the workers of a scheduler.

    Parameters
    ----------
    address : str
        Such as ``tcp://scheduler:8786``.
    marker : Marker
        Of the lesson.
    """

    def judge(tasks: Mapping[str, Carried], step: Step) -> None:
        try:
            with _client(address) as client:
                client.wait_for_workers(1, timeout=WAIT)
                _judge(client, asdict(Kit.of(marker)), tasks, step)
        except (OSError, TimeoutError) as error:
            raise PoolError(f"the scheduler at {address} has no worker, or does not answer: {error}") from error
        except OtherVersion as error:
            raise PoolError(str(error)) from error
        except KilledWorker as error:
            raise PoolError(f"the cluster's workers die of it: {error}") from error

    return judge


def _client(address: str) -> Any:
    return Client(address, timeout=WAIT, set_as_default=False)  # type: ignore[no-untyped-call]


def _judge(client: Any, kit: dict[str, Any], tasks: Mapping[str, Carried], step: Step) -> None:
    threads = max(sum(client.nthreads().values()), 1)
    size = max(1, min(LARGEST, len(tasks) // (4 * threads)))
    listed = [(key, asdict(carried)) for key, carried in tasks.items()]
    batches = [listed[start : start + size] for start in range(0, len(listed), size)]
    waiting = [client.submit(judge_batch, kit, batch, pure=False, retries=LIVES) for batch in batches]
    done: Any = as_completed
    for future in done(waiting, loop=client.loop):
        for data in future.result():
            result = Result.from_plain(data)
            if result.key in tasks:
                step(result)
        future.release()
