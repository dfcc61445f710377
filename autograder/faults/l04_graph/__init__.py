"""Lesson 4: wrong ideas about who gets a gradient, and how to say that someone shall not.

One module for each exercise. Importing them declares the faults, in the order of the lesson.
"""

from autograder.faults.l04_graph import detaching  # isort: skip
from autograder.faults.l04_graph import modes  # isort: skip
from autograder.faults.l04_graph import switches  # isort: skip
from autograder.faults.l04_graph import inference  # isort: skip

__all__ = ["detaching", "inference", "modes", "switches"]
