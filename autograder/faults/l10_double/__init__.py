"""Lesson 10: wrong ideas about gradients of gradients, by exercise."""

from autograder.faults.l10_double import swish  # isort: skip
from autograder.faults.l10_double import handed_out  # isort: skip
from autograder.faults.l10_double import products  # isort: skip
from autograder.faults.l10_double import penalty  # isort: skip

__all__ = ["handed_out", "penalty", "products", "swish"]
