"""Data of a sweep that was never measured: times that follow from a formula, for tests alone."""

from __future__ import annotations

import copy
from typing import Any

from course.compare.timing.operations import OPERATIONS, SIZES

LIVE = ("numpy", "nptorch", "torch-cpu")


def point(n: int, seconds: float, spread: float = 0.02, operation: str = "chain") -> dict[str, Any]:
    costs = next(one for one in OPERATIONS if one.name == operation).costs(n)
    low, high = seconds * (1 - spread), seconds * (1 + spread)
    times = {"best": low, "low": low, "median": seconds, "high": high, "first": 2 * high}
    return {"n": n, **costs, **times, "repeats": 15, "batch": 4}


def column(device: str, floor: float, bytes_a_second: float, flops: float, spread: float = 0.02) -> dict[str, Any]:
    """Return a column whose program takes its floor and what its limits ask for, and nothing else."""
    points = {}
    for operation in OPERATIONS:
        points[operation.name] = []
        for n in SIZES:
            costs = operation.costs(n)
            seconds = floor + costs["moved"] / bytes_a_second + costs["flops"] / flops
            points[operation.name].append(point(n, seconds, spread, operation.name))
    return {
        "device": device,
        "describe": "planted",
        "watch": "nothing",
        "limits": {
            "call": floor / 4,
            "copies": [[2**13, bytes_a_second], [2**27, bytes_a_second]],
            "flops": flops,
            "side": 512,
            **({"bus": 2e10} if device != "cpu" else {}),
        },
        "points": points,
        "stopped": {operation.name: "" for operation in OPERATIONS},
    }


def data(device: str = "cpu") -> dict[str, Any]:
    """Return a whole sweep, in which a GPU pays more for a call, and less for a byte and a flop."""
    columns = {
        "numpy": column("cpu", 4e-6, 1e10, 1e11),
        "nptorch": column("cpu", 4e-5, 1e10, 1e11),
        "torch-cpu": column("cpu", 3e-5, 2e10, 2e11),
    }
    if device != "cpu":
        columns[f"torch-{device}"] = column(device, 9e-5, 2e12, 5e13)
    return copy.deepcopy(
        {
            "format": 1,
            "device": device,
            "settings": {"host": "a planted host", "dtype": "float32", "repeats": 15, "least seconds": 1e-3},
            "operations": {one.name: one.says for one in OPERATIONS},
            "columns": columns,
            "absent": {},
            "wrong": {
                "on": "nothing",
                "pretend": device == "cpu",
                "ways": {"honest": 0.02, "no waiting": 1e-5, "no warm-up": 0.2},
            },
        }
    )


GPU = {
    "date": "2001-02-03",
    "device": "cuda",
    "hardware": "Planted GPU",
    "system": "Linux",
    "python": "3.11.0",
    "numpy": "2.1.0",
    "torch": "2.13.0",
    "driver": "1",
    "cuda": "1",
}
