"""The peers: how each is loaded, and how its numbers become arrays."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

NAMES = ("hand", "nptorch", "torch", "hips", "mygrad", "micrograd")
PACKAGES = {"torch": "torch", "hips": "autograd", "mygrad": "mygrad", "micrograd": "micrograd"}
Step = Callable[[], tuple[Any, list[Any]]]


def installed(peer: str) -> bool:
    """Return whether the package of `peer` is there; ours always is."""
    return peer not in PACKAGES or importlib.util.find_spec(PACKAGES[peer]) is not None


def load(name: str) -> Any:
    """Return ``torch`` or our engine with the reference parts plugged in."""
    if name == "torch":
        import torch

        torch.set_num_threads(1)
        return torch
    import course.nptorch as nptorch
    import course.parts

    nptorch.use(**course.parts.reference())
    return nptorch


def workload(name: str) -> ModuleType:
    """Return the module of a workload."""
    return importlib.import_module(f"benchmarks.workloads.{name}")


def takes_part(module: ModuleType, peer: str) -> bool:
    """Return whether `peer` has an implementation of this workload."""
    return hasattr(module, "tensors" if peer in ("nptorch", "torch") else peer)


def build(module: ModuleType, peer: str, problem: Any) -> Step:
    """Return the ``step`` of `peer`."""
    if peer in ("nptorch", "torch"):
        return module.tensors(load(peer), problem)
    return getattr(module, peer)(problem)


def array(value: Any) -> np.ndarray:
    """Return any peer's number, array or tensor as an array."""
    if hasattr(value, "detach"):
        value = value.detach().numpy()
    elif type(value).__name__ == "Value":
        value = value.data
    return np.array(value)


TOLERANCE = {"float64": 1e-10, "float32": 1e-4}


def error(got: tuple[Any, list[Any]], expected: tuple[Any, list[Any]]) -> float:
    """Return the largest difference in the loss or a gradient, relative to the largest element.

    Raises
    ------
    AssertionError
        If it is above the tolerance of the dtype, or the shapes differ.
    """
    worst = 0.0
    ours = [array(value) for value in (got[0], *got[1])]
    theirs = [array(value) for value in (expected[0], *expected[1])]
    assert len(ours) == len(theirs), f"{len(ours) - 1} gradients, expected {len(theirs) - 1}"
    for index, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        what = f"gradient {index - 1}" if index else "loss"
        assert a.size == b.size, f"{what} has shape {a.shape}, expected {b.shape}"
        largest = np.abs(b).max() or 1.0
        distance = float(np.abs(a.reshape(b.shape) - b).max() / largest)
        limit = TOLERANCE[b.dtype.name]
        assert distance <= limit, f"{what} differs by {distance:.1e} (limit {limit:.0e})"
        worst = max(worst, distance)
    return worst
