"""What nbgrader loads: one call in ``nbgrader_config.py`` makes every road to a grade the safe one."""

from autograder.plugins.autograde import configure

__all__ = ["configure"]
