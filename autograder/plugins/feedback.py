"""Feedback pages for students, through ``nbgrader generate_feedback``, its API and formgrader's button.

nbgrader's own page shows notebooks as they are: output printed under code, hidden tests in full, scripts
from other machines. This one lays out what a grade cell said, shows nobody's rich output and no hidden
test, and runs nothing: its policy forbids that to the browser.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from nbconvert.exporters import HTMLExporter
from nbconvert.preprocessors import Preprocessor
from nbgrader import utils
from nbgrader.preprocessors import ClearHiddenTests
from traitlets import Bool

from autograder.report.message import Message, Said
from autograder.report.results import MARK, said_in

TEMPLATES = Path(__file__).parent / "templates"
DELIMITERS = ("begin_test_delimeter", "end_test_delimeter")  # as nbgrader spells them
# What the grader asks of the teacher where a file cannot be read, and what the student can do.
ASKED = {
    "Ask for it again.": "Hand it in again, or ask your teacher.",
    "Ask for it with its outputs cleared.": "Clear its outputs and hand it in again.",
}
# (from this part of the points on, shape, word): the shape and the word say the same as the colour
MARKS = ((1.0, "●", "full points"), (1e-9, "◐", "some of the points"), (0.0, "○", "no points yet"))


class FeedbackPage(HTMLExporter):
    """Writes a page with our template; where it is not this one, nbgrader's settings for HTML stay."""


class LayOut(Preprocessor):
    """Takes apart what each grade cell said, and puts it where the template looks for it.

    Comes after nbgrader's ``GetGrades``, which brings the points.
    """

    enabled = Bool(True).tag(config=True)  # nbconvert's own steps are off by default

    def preprocess(self, notebook: Any, resources: Any) -> Any:
        """Fill ``cell.metadata.nbgrader.told`` of each grade cell, and ``resources["told"]`` for the top."""
        marks = notebook.metadata.get(MARK, {})
        flags, unreadable = marks.get("flags", []), marks.get("unreadable", "")
        settings = self.config.ClearHiddenTests
        ends = [settings.get(name, ClearHiddenTests.class_traits()[name].default_value) for name in DELIMITERS]
        graded = []
        for cell in notebook.cells:
            if utils.is_task(cell) or utils.is_grade(cell):
                graded.append(self._tell(cell, bool(MARK in notebook.metadata)))
            if utils.is_grade(cell):
                cell.source = without_hidden(cell.source, *ends)
        resources["told"] = {
            "title": title_of(notebook) or resources["nbgrader"]["assignment"],
            "graded": graded,
            "flags": [] if unreadable else flags,
            "unreadable": _for_student(unreadable),
        }
        return notebook, resources

    @staticmethod
    def _tell(cell: Any, ours: bool) -> dict[str, Any]:
        told = cell.metadata.nbgrader
        score, most = float(told.get("score") or 0.0), float(told.get("points") or 0.0)
        share = score / most if most else 1.0
        _, shape, word = next(mark for mark in MARKS if share >= mark[0])
        said = said_in(cell) if ours and cell.cell_type == "code" else Said()
        told["told"] = {
            "exercise": told.grade_id.removeprefix("grade-"),
            "score": f"{score:g}",
            "most": f"{most:g}",
            "shape": shape,
            "word": word,
            "ours": ours,
            "first": _for_student(said.first),
            "checks": said.head.partition(" points")[2].lstrip(". ") if said.head else "",
            "messages": [_plain(message) for message in said.messages],
            "notes": said.notes,
        }
        found: dict[str, Any] = told["told"]
        return found


def _plain(message: Message) -> dict[str, Any]:
    """Return a message as a template needs it."""
    ideas = [{"text": idea, "links": links_of(idea)} for idea in message.ideas]
    return {**vars(message), "question": _for_student(message.question), "ideas": ideas}


def _for_student(sentence: str) -> str:
    for asked, do in ASKED.items():
        sentence = sentence.replace(asked, do)
    return sentence


@functools.cache
def _links() -> dict[str, tuple[str, ...]]:
    """Where people met each wrong idea, by its sentence; nothing where the dictionary is not installed."""
    try:
        from autograder.faults.registry import faults
    except ImportError:
        return {}
    return {fault.help: fault.links for fault in faults()}


def links_of(idea: str) -> list[str]:
    """List pages on which people met this wrong idea."""
    return [link for link in _links().get(idea, ()) if link.startswith("https://")]


def without_hidden(source: str, begin: str, end: str) -> str:
    """Return a test cell without its hidden tests, however they are marked up."""
    shown, hidden = [], False
    for line in source.splitlines():
        if begin in line:
            hidden = True
        elif end in line:
            hidden = False
        elif not hidden:
            shown.append(line)
    return "\n".join(shown)


def title_of(notebook: Any) -> str:
    """Return a notebook's first heading."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for line in cell.source.splitlines():
                if line.startswith("# "):
                    return str(line[2:].strip())
    return ""
