"""How long it takes: your engine, bare NumPy and torch, held against the machine's own limits.

``sweep()`` measures here and now, and shows; ``measure(device)`` returns the data, ``problems(data)`` says
what is wrong with data. What was measured on the GPUs of others comes from `course.compare.recorded`.
"""

from course.compare.timing.measuring import measure
from course.compare.timing.problems import problems
from course.compare.timing.running import sweep
from course.compare.timing.show import Sweep
from course.compare.timing.timer import Timed, timed
from course.compare.timing.watches import EventWatch, WallWatch, watch_for

__all__ = [
    "EventWatch",
    "Sweep",
    "Timed",
    "WallWatch",
    "measure",
    "problems",
    "sweep",
    "timed",
    "watch_for",
]
