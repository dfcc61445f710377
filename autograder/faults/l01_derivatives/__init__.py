"""Faults of lesson 1, by the exercise in which they are made."""

from autograder.faults.l01_derivatives import numerical, of_one, of_two

__all__ = ["numerical", "of_one", "of_two"]
