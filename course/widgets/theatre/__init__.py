"""The graph theatre: watch your own engine run, step by step, back and forth."""

from course.widgets.theatre.story import Story

__all__ = ["Story"]
