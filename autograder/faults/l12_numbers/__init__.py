"""Lesson 12: wrong ideas about numbers and about time, by exercise."""

from autograder.faults.l12_numbers import close, rounding, timer

__all__ = ["close", "rounding", "timer"]
