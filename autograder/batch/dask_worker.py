"""What runs on a worker of a Dask cluster: it unpacks the judge, hands batches to it, and clears up.

This file travels to the workers with the batches. It uses Python's own library and Dask's, and nothing of
the course: a worker may have another version of that installed, or none.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from pathlib import Path
from typing import Any

from distributed import WorkerPlugin, get_worker


class NoBench(RuntimeError):
    """This worker cannot judge; the text says why."""


class Bench(WorkerPlugin):
    """Keeps the judge of one lesson on a worker.

    It lies in the folder that Dask gives the worker. Dask removes that when the worker ends, and if the worker
    was killed, when the next one starts there.

    Parameters
    ----------
    name : str
        Digest of the archive.
    data : bytes
        The archive; see `autograder.batch.bundle`.
    course : str
        The course directory in it.
    lesson : str
        Lesson id.
    run : str
        Tells this run from others with the same archive.
    """

    def __init__(self, name: str, data: bytes, course: str, lesson: str, run: str) -> None:
        self.name, self.data, self.course, self.lesson = f"gradschool-{name}-{run}", data, course, lesson
        self.digest = name
        self.folder = Path()
        self._programs: dict[int, subprocess.Popen[str]] = {}
        self._ended = False

    def setup(self, worker: Any) -> None:
        """Unpack."""
        if hashlib.sha256(self.data).hexdigest() != self.digest:
            raise NoBench("the judge arrived damaged")
        self.folder = Path(worker.local_directory) / self.name
        self.folder.mkdir(mode=0o700)  # solutions and the course's secret are in it
        with zipfile.ZipFile(io.BytesIO(self.data)) as archive:
            archive.extractall(self.folder)
        for path in self.folder.rglob("*"):  # who is judged may be another user, to whom the engine is shown
            path.chmod(0o755 if path.is_dir() else 0o644)

    def teardown(self, worker: Any) -> None:
        """End all that was started here, and remove what was unpacked."""
        self._ended = True
        for program in list(self._programs.values()):  # whose program ends takes it out, in another thread
            program.kill()
            program.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def judge(self, tasks: list[Any]) -> list[dict[str, Any]]:
        """Judge one batch, in a program that stays for the next one; each of the worker's threads has its own."""
        program = self._program()
        assert program.stdin is not None
        assert program.stdout is not None
        try:
            program.stdin.write(json.dumps(tasks) + "\n")
            program.stdin.flush()
            line = program.stdout.readline()
        except OSError:
            line = ""
        if not line.endswith("\n"):
            self._programs.pop(threading.get_ident(), program).kill()
            raise NoBench(f"the judge ended on this worker with status {program.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise NoBench(str(answer["error"]))
        found: list[dict[str, Any]] = answer["results"]
        return found

    def _program(self) -> subprocess.Popen[str]:
        known = self._programs.get(threading.get_ident())
        if known is not None and known.poll() is None:
            return known
        if self._ended:
            raise NoBench("this worker is ending")
        path = os.pathsep.join([str(self.folder), *filter(None, [os.environ.get("PYTHONPATH")])])
        made = subprocess.Popen(
            [sys.executable, "-m", "autograder.batch.bench", str(self.folder / self.course), self.lesson],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=self.folder,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,
        )
        self._programs[threading.get_ident()] = made
        return made


def judge_batch(name: str, tasks: list[Any]) -> list[dict[str, Any]]:
    """Judge a batch on this worker.

    Parameters
    ----------
    name : str
        Of the `Bench`.
    tasks : list
        Pairs of a result's name and a submission's texts.

    Returns
    -------
    list of dict
        The results as plain data.
    """
    bench: Any = get_worker().plugins.get(name)
    if bench is None:
        raise NoBench("this worker could not take the judge in")
    found: list[dict[str, Any]] = bench.judge(tasks)
    return found
