"""``nbgrader autograde``, its API and formgrader's button, with the judge in place of a kernel.

nbgrader asks for a notebook twice: once to clean a submission, once to run what it cleaned. Here the
first gives the author's notebook with the student's texts in it, and the second puts the judge's results
under its cells. From there on everything is nbgrader's own: points are read from the outputs, penalties
for late work applied, grades saved. Assignments that are no lesson of this course go nbgrader's way.
"""

from __future__ import annotations

import atexit
import fnmatch
import glob
import os
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbgrader import preprocessors as steps
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import parse_utc

from autograder.batch.beside import beside, timestamp_of
from autograder.batch.handed import carried_from_folder
from autograder.batch.marker import Marker
from autograder.batch.outputs import put_outputs
from autograder.exercises import exercises
from autograder.sandbox import layers
from autograder.sandbox.transplant import Carried, rebuild

# What nbgrader's exchange writes. The name of a time zone is looked up as a file, so a path is none.
_MOMENT = r"[0-9][-0-9:.T ]*(?:[A-Z]{1,5}|[+-][0-9:]+)?"
MARK = "gradschool"  # in the metadata of a notebook that was rebuilt here
_markers: dict[tuple[Path, str], tuple[bytes, Marker]] = {}


def is_lesson(name: str) -> bool:
    """Say whether an assignment is a lesson of this course."""
    return any(one.lesson == name for one in exercises())


def marker_for(course: Path, lesson: str) -> Marker:
    """Return the marker of a lesson, warm if it was used before and the lesson is the same."""
    now = (course / "source" / lesson / f"{lesson}.ipynb").read_bytes()
    before, marker = _markers.get((course, lesson), (b"", None))
    if marker is None or before != now:
        if marker is not None:
            marker.close()
        marker = Marker(course, lesson)
        _markers[course, lesson] = now, marker
    return marker


@atexit.register
def close() -> None:
    """End all processes that students' code runs in."""
    while _markers:
        _markers.popitem()[1][1].close()


class OnlyNotebooks(CourseDirectory):  # type: ignore[misc]
    """A course directory in which nothing beside a notebook is copied, and no link followed."""

    @classmethod
    def like(cls, other: Any) -> OnlyNotebooks:
        """Return the same course directory, narrowed."""
        made = cls(parent=other.parent, config=other.config)
        for name in other.trait_names():
            if name not in ("parent", "config", "log"):
                setattr(made, name, getattr(other, name))
        made.ignore = ["*", ".*"]
        return made

    def get_existing_timestamp(self, dest_path: str) -> Any:
        """Return when a submission was handed in; what is no date is no date, and keeps nobody from being graded."""
        try:
            told = timestamp_of(Path(dest_path))
            return parse_utc(told) if re.fullmatch(_MOMENT, told) else None
        except (ValueError, OverflowError):
            return None


class Submissions(NotebookExporter):
    """Reads a submission whatever its file holds."""

    parent: Any  # nbgrader's Autograde

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        if self.parent is not None and is_lesson(self.parent.coursedir.assignment_id):
            self.parent.coursedir = OnlyNotebooks.like(self.parent.coursedir)
            self._say_where_code_runs()
            self._expect_notebooks()

    def _say_where_code_runs(self) -> None:
        """Tell once in each run which walls stand."""
        self.parent.log.info("%s", layers.probe())

    def _expect_notebooks(self) -> None:
        """Have each submission graded as the lesson's notebook, whatever its file is called, or if there is none.

        nbgrader has listed the files by their names just now, to leave out those that it does not know, and
        folders without any. What is read in the end is decided in `from_filename`.
        """
        parent = self.parent
        lesson = parent.coursedir.assignment_id
        if not fnmatch.fnmatch(lesson, parent.coursedir.notebook_id):
            return
        for folder in glob.glob(parent._format_source(lesson, parent.coursedir.student_id)):
            wanted = os.path.join(folder, f"{lesson}.ipynb")
            if os.path.isdir(folder) and wanted not in parent.assignments.get(folder, ()):
                parent.assignments[folder] = [wanted]

    def from_filename(self, filename: str, resources: Any = None, **options: Any) -> Any:
        """Return the notebook to go on with, and its resources."""
        told = (resources or {}).get("nbgrader", {})
        if not (is_lesson(told.get("assignment", "")) and self.parent._sanitizing):
            return super().from_filename(filename, resources, **options)
        course = Path(self.parent.coursedir.root)
        marker = marker_for(course, told["assignment"])
        carried = carried_from_folder((course / filename).parent, marker.lesson, marker.carry)
        rebuilt = rebuild(marker.source, marker.released, carried)
        notebook: Any = nbformat.from_dict(rebuilt)  # type: ignore[no-untyped-call]
        notebook.metadata[MARK] = asdict(carried)
        self._copy_beside(course, Path(filename).parent, told)
        return self.from_notebook_node(notebook, resources, **options)  # type: ignore[no-untyped-call]

    def _copy_beside(self, course: Path, submitted: Path, told: Any) -> None:
        """Put beside the notebook what the lesson brings, and when it was handed in."""
        lesson = told["assignment"]
        place = Path(self.parent._format_dest(lesson, told["student"]))
        place.mkdir(parents=True, exist_ok=True)
        beside(course / "source" / lesson, course / submitted, place)


def _rebuilt(notebook: Any, resources: Any) -> bool:
    """Say whether a notebook was rebuilt here. The mark alone does not tell: a student can write it into any file."""
    return MARK in notebook.metadata and is_lesson(resources["nbgrader"]["assignment"])


def _for_others(step: Any) -> Any:
    """Return a step of nbgrader's that leaves alone what was rebuilt here."""

    def preprocess(self: Any, notebook: Any, resources: Any) -> Any:
        if _rebuilt(notebook, resources):
            return notebook, resources
        return step.preprocess(self, notebook, resources)

    return type(step.__name__, (step,), {"preprocess": preprocess, "__module__": __name__, "__doc__": step.__doc__})


ClearOutput = _for_others(steps.ClearOutput)
DeduplicateIds = _for_others(steps.DeduplicateIds)
OverwriteKernelspec = _for_others(steps.OverwriteKernelspec)
OverwriteCells = _for_others(steps.OverwriteCells)
CheckCellMetadata = _for_others(steps.CheckCellMetadata)
LimitOutput = _for_others(steps.LimitOutput)


class Execute(steps.Execute):  # type: ignore[misc]
    """Runs a notebook in a kernel, or, if it is a lesson of this course, before the judge."""

    def preprocess(self, notebook: Any, resources: Any, **options: Any) -> Any:
        """Put outputs under the cells."""
        if not _rebuilt(notebook, resources):
            return super().preprocess(notebook, resources, **options)
        carried = Carried(**notebook.metadata[MARK])
        # The exporter runs in the course directory; see nbgrader.converters.base.BaseConverter.start.
        result = marker_for(Path.cwd(), resources["nbgrader"]["assignment"]).mark(carried)
        notebook.metadata[MARK] |= {"unreadable": carried.unreadable or result.unreadable, "key": result.key}
        put_outputs(notebook.cells, result)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs = [nbformat.from_dict(output) for output in cell.outputs]  # type: ignore[no-untyped-call]
        return notebook, resources


class SaveAutoGrades(steps.SaveAutoGrades):  # type: ignore[misc]
    """Saves points, and asks for a person where a file could not be read."""

    def preprocess(self, notebook: Any, resources: Any) -> Any:
        """Save what stands under the grade cells."""
        notebook, resources = super().preprocess(notebook, resources)
        if _rebuilt(notebook, resources) and notebook.metadata[MARK]["unreadable"]:
            told = resources["nbgrader"]
            with Gradebook(told["db_url"]) as gradebook:
                found = gradebook.find_submission_notebook(told["notebook"], told["assignment"], told["student"])
                for grade in found.grades:
                    grade.needs_manual_grade = True
                gradebook.db.commit()
        return notebook, resources
