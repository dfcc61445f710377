"""The lab bench: change one thing in a small program, run it on an engine, and watch what happens."""

from course.widgets.bench.widget import bench

__all__ = ["bench"]
