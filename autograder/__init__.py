"""The grader: a submission's observations against torch's record, and the wrong idea behind a difference."""

from autograder.grade import grade

__all__ = ["grade"]
