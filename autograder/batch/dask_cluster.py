"""Judging on the workers of a Dask scheduler: batches of texts go out as data, results come back as data.

A worker needs what the students' wheel needs, and Dask: the judge itself, with all it judges by, goes along
(`autograder.batch.bundle`), and is removed when all is judged. If a worker dies, Dask has its batch run
elsewhere; what comes back twice is the same twice.

Dask's connections are for a network that you trust: https://distributed.dask.org/en/stable/tls.html
"""

from __future__ import annotations

import importlib
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from distributed import Client, KilledWorker, as_completed

from autograder.batch import dask_worker
from autograder.batch.bundle import COURSE, bundle, name_of
from autograder.batch.marker import Marker
from autograder.batch.pool import PoolError
from autograder.batch.result import Result
from autograder.batch.run import Judging, Step
from autograder.sandbox.transplant import Carried

LARGEST = 50  # submissions that travel together
WAIT = 60.0  # seconds for the scheduler to answer, and to have a worker
LIVES = 3  # workers that a batch may outlive


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
        # As text, and not by its name: a worker may know that name from an older course, or not at all.
        cloudpickle: Any = importlib.import_module("cloudpickle")  # Dask's own; it has no types
        cloudpickle.register_pickle_by_value(dask_worker)
        data = bundle(marker)
        try:
            with _client(address) as client:
                client.wait_for_workers(1, timeout=WAIT)
                bench = dask_worker.Bench(name_of(data), data, COURSE, marker.lesson, secrets.token_hex(4))
                client.register_plugin(bench)
                try:
                    _judge(client, bench.name, tasks, step)
                finally:
                    client.unregister_worker_plugin(bench.name)
        except (OSError, TimeoutError) as error:
            raise PoolError(f"the scheduler at {address} has no worker, or does not answer: {error}") from error
        except KilledWorker as error:
            raise PoolError(f"the cluster's workers die of it: {error}") from error
        except RuntimeError as error:
            if type(error).__name__ != dask_worker.NoBench.__name__:  # what travelled as text is another class
                raise
            raise PoolError(f"a worker of the cluster cannot judge: {error}") from error
        finally:
            cloudpickle.unregister_pickle_by_value(dask_worker)

    return judge


def _client(address: str) -> Any:
    return Client(address, timeout=WAIT, set_as_default=False)  # type: ignore[no-untyped-call]


def _judge(client: Any, bench: str, tasks: Mapping[str, Carried], step: Step) -> None:
    threads = max(sum(client.nthreads().values()), 1)
    size = max(1, min(LARGEST, len(tasks) // (4 * threads)))
    listed = [(key, asdict(carried)) for key, carried in tasks.items()]
    batches = [listed[start : start + size] for start in range(0, len(listed), size)]
    submit = client.submit
    waiting = [submit(dask_worker.judge_batch, bench, batch, pure=False, retries=LIVES) for batch in batches]
    done: Any = as_completed
    for future in done(waiting, loop=client.loop):
        for data in future.result():
            result = Result.from_plain(data)
            if result.key in tasks:
                step(result)
        future.release()
