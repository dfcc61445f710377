"""Lesson 7: wrong ideas about a step, by exercise."""

from autograder.faults.l07_optim import sgd_step  # isort: skip
from autograder.faults.l07_optim import adam_step  # isort: skip
from autograder.faults.l07_optim import adam_count  # isort: skip

__all__ = ["adam_count", "adam_step", "sgd_step"]
