"""The grader: a submission's observations against torch's record, and the wrong idea behind a difference."""

from __future__ import annotations

from typing import Any

__all__ = ["grade"]


def grade(exercise_id: str, **parts: Any) -> float:
    """Grade an exercise: print what differs from torch and why, return the points.

    Parameters
    ----------
    exercise_id : str
        The exercise, such as ``"saved-tensor"``.
    **parts : object
        The student's parts by name; parts of the same lesson may be passed along.

    Returns
    -------
    float
        A plain float between 0 and the exercise's points, which nbgrader records.

    Notes
    -----
    It never raises and writes nothing to stderr, whatever the parts do.
    """
    from autograder import grading  # imported late: the command line needs none of it

    return grading.grade(exercise_id, **parts)
