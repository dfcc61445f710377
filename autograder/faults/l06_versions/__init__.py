"""Lesson 6: wrong ideas about writes: who counts them, who checks, and whose history they become.

One module for each exercise. Importing them declares the faults, in the order of the lesson.
"""

from autograder.faults.l06_versions import counting  # isort: skip
from autograder.faults.l06_versions import rebasing  # isort: skip
from autograder.faults.l06_versions import refreshing  # isort: skip

__all__ = ["counting", "rebasing", "refreshing"]
