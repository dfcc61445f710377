"""Three small trainings, step for step: the same programs on every engine, on CPU and GPU, in every number format.

``table()`` runs them here and shows what was recorded on a GPU if there is none; ``measure(device)`` is what a record
is made of, and ``problems(data)`` says what is wrong with one.
"""

from course.compare.training.running import measure
from course.compare.training.showing import Training, table
from course.compare.training.wrong import problems

__all__ = ["Training", "measure", "problems", "table"]
