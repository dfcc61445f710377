"""Lesson 11: wrong ideas about two losses, by exercise."""

from autograder.faults.l11_srgan import step  # isort: skip
from autograder.faults.l11_srgan import carried  # isort: skip
from autograder.faults.l11_srgan import tasks  # isort: skip
from autograder.faults.l11_srgan import reinforce  # isort: skip

__all__ = ["carried", "reinforce", "step", "tasks"]
