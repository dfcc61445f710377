"""The parent: one process per peer, samples taken in turn, ratios within each round."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks import peers
from benchmarks.targets import Target

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
# glibc then returns every freed array at once, so that what a process holds is what is in use
EXACT_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "65536"}
ROOT = Path(__file__).resolve().parent.parent
MEASURE_ROUNDS = 3  # at most: a measurement takes seconds


@dataclass
class Result:
    """What one workload gave.

    Attributes
    ----------
    seconds : dict
        Per peer, CPU seconds of a step, one per round.
    errors : dict
        Per peer, the largest relative difference from the hand-written NumPy.
    measures : dict
        Per peer, the workload's own numbers (medians).
    absent : dict
        Per peer that is left out, why.
    """

    name: str
    title: str
    targets: tuple[Target, ...]
    unit: str = "step"
    count: int = 1
    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors: dict[str, float] = field(default_factory=dict)
    measures: dict[str, dict[str, float]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)

    def ratio(self, peer: str, over: str = "hand") -> tuple[float, float, float] | None:
        """Return median, lower and upper quartile of ``peer / over``, round by round."""
        if peer not in self.seconds or over not in self.seconds:
            return None
        pairs = zip(self.seconds[peer], self.seconds[over], strict=True)
        ratios = [a / b for a, b in pairs]
        low, _, high = quantiles(ratios, n=4) if len(ratios) > 1 else (ratios * 3)
        return median(ratios), low, high

    def measured(self, target: Target) -> float | None:
        """Return the number that a target speaks of."""
        if target.measure == "time":
            ratio = self.ratio("nptorch", target.over)
            return None if ratio is None else ratio[0]
        ours = self.measures.get("nptorch", {}).get(target.measure)
        if ours is None or not target.over:
            return ours
        theirs = self.measures.get(target.over, {}).get(target.measure)
        return ours / theirs if theirs else None


def command(task: str, name: str, peer: str, quick: bool) -> dict[str, Any]:
    """Return the arguments for `subprocess` that start a worker with one thread."""
    words = ["-m", "benchmarks.worker", task, name, peer, "quick" if quick else "full"]
    return {
        "args": [sys.executable, *words],
        "cwd": ROOT,
        "env": os.environ | dict.fromkeys(THREADS, "1") | (EXACT_MEMORY if task == "measure" else {}),
        "text": True,
        "stdout": subprocess.PIPE,
    }


class Worker:
    """A running worker process that times one peer."""

    def __init__(self, name: str, peer: str, quick: bool) -> None:
        self.peer = peer
        self.process = subprocess.Popen(**command("serve", name, peer, quick), stdin=subprocess.PIPE)
        self.ready: dict[str, Any] = {}

    def read(self) -> dict[str, Any]:
        """Return the next answer."""
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"failed": "the process ended"}

    def sample(self) -> dict[str, Any]:
        """Time one sample."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.read()

    def stop(self) -> None:
        """End the process."""
        self.process.stdin.close()
        self.process.wait()


def run(name: str, rounds: int, quick: bool, say: Callable[[str], None]) -> Result:
    """Check, time and measure one workload.

    Parameters
    ----------
    name : str
        The module in `benchmarks.workloads`.
    rounds : int
        Samples per peer.
    quick : bool
        Small inputs.
    say : function
        Called with a line of progress now and then.
    """
    module = peers.workload(name)
    result = Result(name, module.TITLE, module.TARGETS)
    able = [peer for peer in peers.NAMES if peers.takes_part(module, peer)]
    for peer in able:
        if not peers.installed(peer):
            result.absent[peer] = f"{peers.PACKAGES[peer]} is not installed"
    able = [peer for peer in able if peer not in result.absent]
    if hasattr(module, "problem"):
        _time(result, able, rounds, quick, say)
    for peer in getattr(module, "MEASURED", ()):
        if peers.installed(peer) and peer not in result.absent:
            say(f"{name}: measuring {peer}")
            _measure(result, peer, 1 if quick else min(rounds, MEASURE_ROUNDS), quick)
    return result


def _time(result: Result, able: list[str], rounds: int, quick: bool, say: Callable[[str], None]) -> None:
    workers = []
    try:
        for peer in able:
            say(f"{result.name}: checking {peer} against the hand-written NumPy")
            worker = Worker(result.name, peer, quick)
            worker.ready = worker.read()
            if "failed" in worker.ready:
                result.absent[peer] = worker.ready["failed"]
                worker.stop()
                continue
            result.unit, result.count = worker.ready["unit"], worker.ready["count"]
            result.errors[peer] = worker.ready["error"]
            result.seconds[peer] = []
            workers.append(worker)
        for number in range(rounds):
            say(f"{result.name}: round {number + 1} of {rounds}")
            turn = number % max(len(workers), 1)
            for worker in workers[turn:] + workers[:turn]:
                result.seconds[worker.peer].append(worker.sample()["seconds"])
    finally:
        for worker in workers:
            worker.stop()


def _measure(result: Result, peer: str, times: int, quick: bool) -> None:
    answers = []
    for _ in range(times):
        done = subprocess.run(**command("measure", result.name, peer, quick), check=False)
        answers.append(json.loads(done.stdout or '{"failed": "the process ended"}'))
        if "failed" in answers[-1]:
            result.absent[peer] = answers[-1]["failed"]
            return
    result.measures[peer] = {key: median(answer[key] for answer in answers) for key in answers[0]}
