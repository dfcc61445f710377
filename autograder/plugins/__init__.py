"""What nbgrader loads: one call in ``nbgrader_config.py`` makes every road to a grade the safe one."""

from __future__ import annotations

import importlib.util
import os
import warnings
from pathlib import Path
from typing import Any

_HERE = "autograder.plugins.autograde"
_FEEDBACK = "autograder.plugins.feedback"
SHOWN = ["text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/latex", "text/plain"]


def configure(c: Any) -> None:
    """Set nbgrader up to grade lessons before the judge, and to write our feedback pages.

    Called in ``nbgrader_config.py`` with its ``c``. Where the judge cannot work, nbgrader grades in a
    kernel as it always does, and a warning says so: then a hostile notebook can give itself any grade.
    """
    c.GenerateFeedback.exporter_class = f"{_FEEDBACK}.FeedbackPage"
    c.GenerateFeedback.preprocessors = ["nbgrader.preprocessors.GetGrades", f"{_FEEDBACK}.LayOut"]
    # Settings of this class come before those of HTMLExporter, which nbgrader fills in for itself.
    c.FeedbackPage.template_name = "gradschool_feedback"
    c.FeedbackPage.extra_template_basedirs = [str(Path(__file__).parent / "templates")]
    # Widgets say the same as HTML, and that needs no kernel: nbgrader's own pages then show it.
    c.NbConvertBase.display_data_priority = SHOWN
    if trouble := _trouble():
        warnings.warn(f"Submissions will be graded WITHOUT any sandbox: {trouble}", stacklevel=2)
        return
    c.Autograde.exporter_class = f"{_HERE}.Submissions"
    c.Autograde.sanitize_preprocessors = [
        f"{_HERE}.ClearOutput",
        f"{_HERE}.DeduplicateIds",
        f"{_HERE}.OverwriteKernelspec",
        f"{_HERE}.OverwriteCells",
        f"{_HERE}.CheckCellMetadata",
    ]
    c.Autograde.autograde_preprocessors = [
        f"{_HERE}.Execute",
        f"{_HERE}.LimitOutput",
        f"{_HERE}.SaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
        f"{_HERE}.CheckCellMetadata",
    ]


def _trouble() -> str:
    """Say why the judge cannot work here, or nothing."""
    if not hasattr(os, "fork"):
        return "this system has no fork. Grade on Linux, on macOS, or in WSL."
    if importlib.util.find_spec("course.parts") is None:
        return "only the students' package is installed. Grade in a clone of the course's repository."
    if importlib.util.find_spec("msgpack") is None:
        return "msgpack is not installed. Run: pip install msgpack"
    return ""
