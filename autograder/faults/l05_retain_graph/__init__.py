"""Lesson 5: wrong ideas about what is kept, what is freed, and when.

Each of them is a part as somebody might write it, whole, so that it can be read on its own. One
module for each exercise. Importing them declares the faults, in the order of the lesson.
"""

from autograder.faults.l05_retain_graph import saved_tensor  # isort: skip
from autograder.faults.l05_retain_graph import release_rule  # isort: skip
from autograder.faults.l05_retain_graph import saved_bytes  # isort: skip

__all__ = ["release_rule", "saved_bytes", "saved_tensor"]
