"""The sweep: every engine, every operation, from few elements to many, within a budget of seconds."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from course.compare import backends
from course.compare.provenance import DEVICES, need
from course.compare.timing import limits, settings, wrong
from course.compare.timing.checking import objection
from course.compare.timing.engines import Bare, Engine, Tensors
from course.compare.timing.operations import OPERATIONS, SIZES, Operation
from course.compare.timing.problems import FORMAT
from course.compare.timing.timer import FEWEST, LEAST, REPEATS, timed
from course.compare.timing.words import size

BUDGET = 16.0  # seconds; in a lesson it must be over before one gets up
RECORDING = 90.0
GRADING = 0.5  # while nbgrader grades: nobody looks then, and everybody waits
FOR_LIMITS = 1 / 8  # of the budget, for the limits of each engine
ROOM = 0.5  # the part of free memory that may be filled

Say = Callable[[str], None]


def measure(
    device: str,
    budget: float | None = None,
    sizes: Sequence[int] = SIZES,
    say: Say | None = None,
) -> dict[str, Any]:
    """Time all engines that compute on a device, and those on the CPU beside it.

    Parameters
    ----------
    device : str
        ``cpu``, ``cuda`` or ``mps``.
    budget : float, optional
        Seconds that the sweep may take, about; by default short for the CPU, and longer for a GPU, where
        what is measured will be recorded.
    sizes : sequence of int
        Numbers of elements, in rising order.
    say : callable, optional
        Called with a line of progress now and then.

    Returns
    -------
    dict
        JSON data: ``format``, ``device``, ``settings``, ``operations``, ``columns`` (for each engine what it
        is, its watch, its limits, its points and why they stop where they do), ``absent`` (the engines that
        are not there, and why) and ``wrong`` (what dishonest timers say).

    Raises
    ------
    ValueError
        If there is no such kind of device.
    RuntimeError
        If this machine has none of that kind.
    """
    if device not in DEVICES:
        raise ValueError(f"no device {device!r}; there are {', '.join(DEVICES)}")
    found, note = backends.at_hand("float32")
    torch = next((one.T for one in found if one.name != "nptorch"), None)
    if device != "cpu":
        need(torch, device)
    if budget is None:
        budget = GRADING if backends.grading() else BUDGET if device == "cpu" else RECORDING
    say = say or _silent
    with settings.exact(torch):
        # First, while nothing has run on the device yet: what runs there for the first time shows most.
        say("what dishonest timers say")
        gpu = next((one for one in found if one.device == device != "cpu"), None)
        dishonest = wrong.measured(gpu.T, device, gpu.describe) if gpu else wrong.pretended()
        columns, absent = sweep(engines(found, device), budget, sizes, say, lambda name: settings.memory(torch, name))
    if note:
        absent["torch-cpu"] = note
    return {
        "format": FORMAT,
        "device": device,
        "settings": settings.facts(torch) | {"repeats": REPEATS, "least seconds": LEAST, "budget": budget},
        "operations": {one.name: one.says for one in OPERATIONS},
        "columns": columns,
        "absent": absent,
        "wrong": dishonest,
    }


def engines(found: Sequence[backends.Backend], device: str) -> list[Engine]:
    """Return the columns: bare NumPy, the student's engine, torch on the CPU, torch on the device."""
    order = ("numpy", "nptorch", "torch-cpu", f"torch-{device}")
    able: list[Engine] = [Bare(), *(Tensors(one) for one in found if one.device in ("cpu", device))]
    return sorted(able, key=lambda one: order.index(one.name))


def sweep(
    able: Sequence[Engine],
    budget: float,
    sizes: Sequence[int],
    say: Say,
    memory: Callable[[str], float],
    now: Callable[[], float] = time.perf_counter,
) -> tuple[dict[str, Any], dict[str, str]]:
    """Check, then measure limits, then time. Returns the columns, and the engines left out, with the reason."""
    until = now() + budget
    columns: dict[str, Any] = {}
    absent: dict[str, str] = {}
    with ExitStack() as stack:
        for one in able:
            if isinstance(one, Tensors):
                stack.enter_context(one.recording())
        jobs = []
        for one in able:
            refused = {operation.name: objection(one, operation) for operation in OPERATIONS}
            if all(refused.values()):
                absent[one.name] = next(iter(refused.values()))
                continue
            say(f"limits of {one.name}")
            columns[one.name] = _column(one, columns, refused, budget * FOR_LIMITS)
            jobs += [(operation, one) for operation in OPERATIONS if not refused[operation.name]]
        jobs.sort(key=lambda job: OPERATIONS.index(job[0]))
        for nth, (operation, one) in enumerate(jobs):
            say(f"{operation.name} on {one.name}")
            share = (until - now()) / (len(jobs) - nth)
            points, stopped = series(one, operation, sizes, share, memory(one.device), now)
            columns[one.name]["points"][operation.name] = points
            columns[one.name]["stopped"][operation.name] = stopped
            columns[one.name]["limits"] = limits.raised(columns[one.name]["limits"], points)
    return columns, absent


def series(
    engine: Engine,
    operation: Operation,
    sizes: Sequence[int],
    budget: float,
    memory: float,
    now: Callable[[], float] = time.perf_counter,
) -> tuple[list[dict[str, Any]], str]:
    """Time one operation on one engine at rising sizes, and say why it stopped, if it did."""
    until = now() + budget
    points: list[dict[str, Any]] = []
    for n in sizes:
        costs = operation.costs(n)
        if points:
            last = points[-1]
            growth = max(costs["moved"] / last["moved"], costs["flops"] / last["flops"])
            seconds = last["median"] * growth * (2 + FEWEST)
            if seconds > until - now():
                return (
                    points,
                    f"{size(n)} elements would have taken about {seconds:.2g} s, more than is left of the budget",
                )
        if costs["held"] > ROOM * memory:
            return points, f"{size(n)} elements need {costs['held'] / 2**20:,.0f} MiB of memory"
        # Half of what is left, so that larger sizes, which tell more, have their part.
        patience = max(0.0, until - now()) / 2
        found = timed(engine.work(operation, n), engine.watch, patience=patience)
        points.append({"n": n, **costs, **dataclasses.asdict(found)})
    return points, ""


def _column(engine: Engine, columns: Mapping[str, Any], refused: Mapping[str, str], budget: float) -> dict[str, Any]:
    return {
        "device": engine.device,
        "describe": engine.describe,
        "watch": engine.watch.how,
        "limits": _limits(engine, columns, budget),
        "points": {name: [] for name in refused},
        "stopped": dict(refused),
    }


def _limits(engine: Engine, columns: Mapping[str, Any], budget: float) -> dict[str, Any]:
    """Measure the limits of an engine; nptorch moves and multiplies with NumPy, so only its calls are its own."""
    if engine.name == "nptorch":
        return {**columns["numpy"]["limits"], "call": limits.call(engine)}
    return limits.measure(engine, budget)


def _silent(line: str) -> None:
    """Say nothing."""
