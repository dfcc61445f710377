"""Run the programs and keep their losses as plain data."""

from __future__ import annotations

import importlib
import importlib.util
import math
from collections.abc import Callable, Sequence
from typing import Any

from course.compare.backends import backend
from course.compare.training.columns import RUNS_ON_GPU, Column, columns_of
from course.compare.training.programs import PROGRAMS, STEPS, Program, train
from course.compare.training.undisturbed import undisturbed

#: Losses of one run by their name, in the order of the steps; None where a loss is no finite number.
Losses = dict[str, list[float | None]]


def measure(
    device: str,
    *,
    steps: int = STEPS,
    programs: Sequence[Program] = tuple(PROGRAMS.values()),
    runs: int | None = None,
    say: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Train on one device, in each way that it has, and on the CPU in float64 to judge by.

    Parameters
    ----------
    device : str
        ``cpu``, ``cuda`` or ``mps``.
    steps : int
        How many batches.
    programs : sequence of Program
        What to train.
    runs : int, optional
        How often; by default once on the CPU and 20 times on a GPU.
    say : callable, optional
        Is told of each column as it begins.

    Returns
    -------
    dict
        JSON data: ``steps``; ``programs``, the settings of each; ``columns``, for each its facts (engine, device,
        dtype, autocast, allow_tf32), ``runs``, ``losses[program][name]``, one number for each step, and
        ``spread[program][name]``, at each step the distance between the largest and the smallest loss of all runs.

    Raises
    ------
    ValueError
        If there is no such kind of device.
    RuntimeError
        If this machine has none of that kind, or a GPU is asked for without torch.
    """
    columns = columns_of(device)
    if device != "cpu":
        backend(f"torch-{device}")  # says what is missing
    elif importlib.util.find_spec("torch") is None:
        columns = [one for one in columns if one.engine == "nptorch"]
    data = frame(steps, programs)
    for column in columns:
        if say is not None:
            say(f"training: {column.name}")
        data["columns"][column.name] = run(column, steps, programs, runs)
    return data


def frame(steps: int, programs: Sequence[Program]) -> dict[str, Any]:
    """Return the data of an experiment in which nothing has been run yet."""
    return {"steps": steps, "programs": {one.name: one.experiment for one in programs}, "columns": {}}


def run(column: Column, steps: int, programs: Sequence[Program], runs: int | None = None) -> dict[str, Any]:
    """Train in one way, and return the data of its column."""
    times = runs or (1 if column.device == "cpu" else RUNS_ON_GPU)
    T = importlib.import_module("torch" if column.engine == "torch" else "course.nptorch")
    losses: dict[str, Losses] = {}
    spread: dict[str, Losses] = {}
    for program in programs:
        again = [_once(T, column, program, steps) for _ in range(times)]
        losses[program.name] = again[0]
        spread[program.name] = {
            goal: [_distance(at_step) for at_step in zip(*(one[goal] for one in again), strict=True)]
            for goal in program.goals
        }
    data = column.facts | {"runs": times, "losses": losses}
    return data if times == 1 else data | {"spread": spread}


def _once(T: Any, column: Column, program: Program, steps: int) -> Losses:
    found: Losses = {goal: [] for goal in program.goals}
    with undisturbed(T, column) as forward:
        for name, loss in train(program, T, getattr(T, column.dtype), steps, column.device, forward):
            found[name].append(loss if math.isfinite(loss) else None)
    return found


def _distance(losses: Sequence[float | None]) -> float | None:
    numbers = [one for one in losses if one is not None]
    return max(numbers) - min(numbers) if len(numbers) == len(losses) else None
