"""Run a scenario on several backends and show where they differ."""

from course.compare.backends import Backend, available, backend
from course.compare.comparison import Comparison
from course.compare.running import compare

__all__ = ["Backend", "Comparison", "available", "backend", "compare"]
