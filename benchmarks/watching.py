"""``python -m benchmarks.watching``: what it costs to be watched, and that it costs nothing not to be.

Two processes take turns: one that never heard of the theatre, and one in which a recording has
ended. The ratio of their times within each round is what is left behind (1.0: nothing). The second
one is also timed while it records.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median, quantiles
from typing import Any

STEPS = {"31 nodes": 5, "1,000 nodes": 200}
REPEATS = {"31 nodes": 40, "1,000 nodes": 2}


def network(steps: int) -> Callable[[], None]:
    """Return an unrolled recurrent network, forward and back; five nodes a step."""
    import course.nptorch as torch
    from course.parts import reference

    torch.use(**reference())
    W = torch.tensor([[0.5, 0.1], [-0.2, 0.3]], requires_grad=True)
    U = torch.tensor([[0.3, -0.4]], requires_grad=True)
    b = torch.tensor([0.1, 0.2], requires_grad=True)

    def step() -> None:
        state = torch.tensor([[0.5, -0.5]])
        for _ in range(steps):
            state = (state @ W + U * 0.5 + b).tanh()
        state.sum().backward()

    return step


def timed(step: Callable[[], Any], repeats: int) -> float:
    """Return the CPU time of one step in ms: the best of three tries, since others use the machine too."""
    tries = []
    for _ in range(3):
        start = time.process_time()
        for _ in range(repeats):
            step()
        tries.append((time.process_time() - start) / repeats * 1e3)
    return min(tries)


def serve(watched: bool) -> None:
    """Answer each line, the name of a size, with times in ms: unwatched, and watched where that is asked for."""
    steps = {name: network(count) for name, count in STEPS.items()}

    def recorded(step: Callable[[], None]) -> Callable[[], None]:
        from course.widgets.theatre import record

        def run() -> None:
            with record():
                step()

        return run

    for step in steps.values():
        step()
        if watched:
            recorded(step)()
    for line in sys.stdin:
        name = line.strip()
        times = [timed(steps[name], REPEATS[name])]
        if watched:
            times.append(timed(recorded(steps[name]), max(1, REPEATS[name] // 10)))
        print(*times, flush=True)


def measure(rounds: int) -> dict[str, list[tuple[float, float, float]]]:
    """Return, by size, the times of each round: never watched, not watched now, watched."""
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.watching", "--serve", kind],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for kind in ("never", "watched")
    ]  # fmt: skip
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in STEPS}
    for at in range(rounds):
        for name, times in found.items():
            answers: list[list[float]] = [[], []]
            for which in (0, 1) if at % 2 else (1, 0):
                worker = workers[which]
                assert worker.stdin is not None
                assert worker.stdout is not None
                print(name, file=worker.stdin, flush=True)
                answers[which] = [float(word) for word in worker.stdout.readline().split()]
            times.append((answers[0][0], answers[1][0], answers[1][1]))
    for worker in workers:
        worker.communicate()
    return found


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.watching", description=__doc__)
    parser.add_argument("--rounds", type=int, default=31, metavar="N", help="samples of each")
    parser.add_argument("--serve", choices=("never", "watched"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.serve:
        serve(options.serve == "watched")
        return
    print(f"{'':<12} {'never, ms':>10} {'off, ms':>10} {'off/never (quartiles)':>24} {'on, ms':>10} {'on/never':>9}")
    for name, rounds in measure(options.rounds).items():
        never, off, on = (median(times) for times in zip(*rounds, strict=True))
        low, ratio, high = quantiles([b / a for a, b, _ in rounds], n=4) if len(rounds) > 1 else (0.0, off / never, 0.0)
        spread = f"{ratio:.3f} ({low:.3f} to {high:.3f})"
        print(f"{name:<12} {never:>10.3f} {off:>10.3f} {spread:>24} {on:>10.2f} {on / never:>9.1f}")


if __name__ == "__main__":
    main()
