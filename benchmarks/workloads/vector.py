"""The same graph as `scalar` on vectors of size 10."""

from __future__ import annotations

from types import SimpleNamespace

from benchmarks.targets import Target
from benchmarks.workloads import scalar
from benchmarks.workloads.scalar import hand, hips, mygrad, tensors

TITLE = "10,000 nodes of mul, add and tanh on vectors of size 10, forward and backward"
TARGETS = (Target("time", 3.2),)

__all__ = ["TARGETS", "TITLE", "hand", "hips", "mygrad", "problem", "tensors"]


def problem(quick: bool) -> SimpleNamespace:
    """Return the inputs of `scalar`, each of size 10."""
    return scalar.problem(quick, (10,))
