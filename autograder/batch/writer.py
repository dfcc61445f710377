"""The one writer: puts results into nbgrader's gradebook, and graded notebooks into ``autograded/``.

What it leaves is what ``nbgrader autograde`` leaves. It is quicker because it opens the gradebook once and
saves many submissions in one transaction. What was written is noted in a ledger, so that a submission
that did not change is not touched again: a person may have graded in it since.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from autograder.batch.beside import beside, timestamp_of
from autograder.batch.course import Course, NoCourse, Submission, without_grammars
from autograder.batch.ledger import Ledger, replaced
from autograder.batch.marker import Marker
from autograder.batch.outputs import graded
from autograder.batch.result import Result
from autograder.batch.scores import Scores
from autograder.sandbox.transplant import Carried

CHUNK = 50  # submissions in one transaction
# In a notebook's metadata: what was carried over, and the result's name; see autograder.plugins.autograde.
MARK = "gradschool"


@dataclass(frozen=True)
class Graded:
    """One submission with its result."""

    submission: Submission
    carried: Carried
    result: Result


class Writer:
    """Writes the results of one lesson.

    Parameters
    ----------
    course : Course
        The course directory.
    marker : Marker
        Of the lesson; only its notebooks are used.

    Raises
    ------
    NoCourse
        If nbgrader does not know the lesson yet.
    """

    def __init__(self, course: Course, marker: Marker) -> None:
        self.course, self.marker, self.lesson = course, marker, marker.lesson
        self.ledger = Ledger(course.own / "written" / f"{self.lesson}.json")
        with without_grammars():
            from nbgrader.converters import Autograde
        self._autograde = Autograde(coursedir=course.place, config=course.config)
        self.scores = Scores(course, self.lesson)
        if not self.scores.known:
            self.scores.close()
            raise NoCourse(f"nbgrader does not know {self.lesson}.\nRun: nbgrader generate_assignment {self.lesson}")

    def stale(self, results: Iterable[Graded]) -> list[Graded]:
        """Return those that are not written yet, or differ from what was written."""
        there = self.scores.students()
        return [
            one
            for one in results
            if self.ledger.get(one.submission.student) != self._digest(one)
            or one.submission.student not in there
            or not self._notebook(one.submission).is_file()
        ]

    def write(self, results: Sequence[Graded]) -> list[str]:
        """Write results; return what a person should know, one sentence each.

        Whenever the machine stops, all that the ledger names is complete; the rest is written again.
        """
        said: list[str] = []
        for start in range(0, len(results), CHUNK):
            chunk = results[start : start + CHUNK]
            notebooks = {one.submission.student: self._graded(one) for one in chunk}
            said += self.scores.save(chunk, notebooks)
            for one in chunk:
                self._put(one, notebooks[one.submission.student])
            self.ledger.note({one.submission.student: self._digest(one) for one in chunk})
        return said

    def _digest(self, one: Graded) -> str:
        stamp = timestamp_of(one.submission.folder)
        return f"{one.result.key} {stamp}".strip()

    def _graded(self, one: Graded) -> Any:
        notebook = graded(self.marker.source, self.marker.released, one.carried, one.result)
        notebook["metadata"][MARK] = {
            "texts": one.carried.texts,
            "flags": list(one.carried.flags),
            "unreadable": one.carried.unreadable or one.result.unreadable,
            "key": one.result.key,
        }
        return notebook

    def _notebook(self, submission: Submission) -> Path:
        return self.course.folder("autograded", submission.student, self.lesson) / f"{self.lesson}.ipynb"

    def _put(self, one: Graded, notebook: Any) -> None:
        """Replace a folder in ``autograded/``."""
        place = self.course.folder("autograded", one.submission.student, self.lesson)
        with replaced(place) as made:
            (made / f"{self.lesson}.ipynb").write_text(as_nbgrader_writes(notebook), encoding="utf-8")
            beside(self.course.root / "source" / self.lesson, one.submission.folder, made)
        self._autograde.set_permissions(self.lesson, one.submission.student)

    def close(self) -> None:
        """Let go of the gradebook."""
        self.scores.close()

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def as_nbgrader_writes(notebook: Any) -> str:
    """Return a notebook's text, the same as nbformat would write."""
    for cell in notebook["cells"]:
        _split(cell, "source")
        for output in cell.get("outputs", ()):
            _split(output, "text")
            for data in (output.get("data", {}),):
                for kind in data:
                    _split(data, kind)
    cells = [_laid_out(json.dumps(cell, ensure_ascii=False)) for cell in notebook["cells"]]
    rest = _indented({key: value for key, value in notebook.items() if key != "cells"})
    listed = "[\n  " + ",\n  ".join(cells) + "\n ]" if cells else "[]"
    return f'{{\n "cells": {listed},{rest[1:]}\n'  # no key of a notebook comes before "cells"


@functools.lru_cache(2000)  # most cells are the author's, which are the same for everybody
def _laid_out(cell: str) -> str:
    return _indented(json.loads(cell)).replace("\n", "\n  ")


def _indented(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True, separators=(",", ": "))


def _split(holder: Any, name: str) -> None:
    if isinstance(holder.get(name), str):
        holder[name] = holder[name].splitlines(keepends=True)
