"""The graph theatre: watch your own engine run, step by step, back and forth."""

from course.widgets.theatre.compare import compare
from course.widgets.theatre.recording import record, record_torch
from course.widgets.theatre.recordings import recorded
from course.widgets.theatre.show import show
from course.widgets.theatre.story import Story

__all__ = ["Story", "compare", "record", "record_torch", "recorded", "show"]
