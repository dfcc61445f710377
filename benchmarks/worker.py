"""One peer in one process: reads commands as lines of JSON, answers in lines of JSON."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from types import SimpleNamespace
from typing import Any

SAMPLE_SECONDS = 0.04  # a sample repeats the step for about this long


def pin() -> None:
    """Stay on one core (the last one this process may use), where the system allows it."""
    if hasattr(os, "sched_setaffinity"):
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def cpu(step: Any, times: int) -> float:
    """Return the CPU seconds of one step, averaged over `times`."""
    start = time.process_time()
    for _ in range(times):
        step()
    return (time.process_time() - start) / times


def answer(reply: Any) -> None:
    """Write one line to the parent."""
    print(json.dumps(reply), file=sys.__stdout__, flush=True)


def serve(name: str, peer: str, quick: bool) -> None:
    """Check the peer against the hand-written NumPy, then time steps until the input ends."""
    from benchmarks import peers

    module = peers.workload(name)
    problem: SimpleNamespace = module.problem(quick)
    expected = module.hand(problem)()
    step = peers.build(module, peer, problem)
    worst = peers.error(step(), expected)
    once = min(cpu(step, 1) for _ in range(2))
    times = max(1, round(SAMPLE_SECONDS / max(once, 1e-6)))
    answer({"error": worst, "count": problem.count, "unit": problem.unit})
    for _ in sys.stdin:
        answer({"seconds": cpu(step, times)})


def main() -> None:
    """Serve, or take the workload's own measurements once."""
    task, name, peer, quick = sys.argv[1:5]
    pin()
    sys.stdout = sys.stderr  # what a peer prints is no answer
    try:
        if task == "measure":
            from benchmarks import peers

            answer(peers.workload(name).measure(peer, quick == "quick"))
        else:
            serve(name, peer, quick == "quick")
    except Exception as error:
        answer({"failed": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()
