"""Faults of lesson 3, by the exercise in which they are made."""

from autograder.faults.l03_shapes import folds, matrices, picks, sizes

__all__ = ["folds", "matrices", "picks", "sizes"]
