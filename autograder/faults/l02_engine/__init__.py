"""Faults of lesson 2, by the exercise in which they are made."""

from autograder.faults.l02_engine import adding, counts, leaves, order, starts

__all__ = ["adding", "counts", "leaves", "order", "starts"]
