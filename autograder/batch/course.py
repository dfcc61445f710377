"""A course directory as nbgrader sees it: its settings, its folders, what was handed in."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.batch.handed import carried_from_folder
from autograder.batch.marker import FOLDER, Marker
from autograder.exercises import exercises
from autograder.sandbox.transplant import Carried


class NoCourse(LookupError):
    """Grading cannot start; the text says why and what to do."""


@dataclass(frozen=True)
class Submission:
    """What one student handed in.

    Attributes
    ----------
    student : str
        Student id.
    folder : Path
        Where it lies.
    """

    student: str
    folder: Path


class Course:
    """A course directory.

    Parameters
    ----------
    folder : Path, optional
        The directory; by default the one that nbgrader's settings name, else the current one.

    Attributes
    ----------
    config : traitlets.config.Config
        nbgrader's settings.
    place : nbgrader.coursedir.CourseDirectory
        Where things are.

    Raises
    ------
    NoCourse
        If there is no such directory, or it has no settings.
    """

    def __init__(self, folder: Path | None = None) -> None:
        here = (folder or Path.cwd()).resolve()
        if not (here / "nbgrader_config.py").is_file():
            raise NoCourse(f"{here} is no course directory: it has no nbgrader_config.py.")
        nbgrader = load_nbgrader()
        self.config = nbgrader.settings(here)
        if folder is not None or "root" not in self.config.CourseDirectory:
            self.config.CourseDirectory.root = str(here)
        self.place: Any = nbgrader.CourseDirectory(config=self.config)
        self.root = Path(self.place.root)
        self.own = self.root / FOLDER

    def check(self, lesson: str) -> None:
        """See that a lesson can be graded here.

        Raises
        ------
        NoCourse
            If not.
        """
        known = sorted({one.lesson for one in exercises()})
        if lesson not in known:
            raise NoCourse(f"no lesson {lesson!r} has exercises.\nThese have: {', '.join(known)}")
        try:
            Marker(self.root, lesson).close()
        except FileNotFoundError as error:
            raise NoCourse(str(error)) from error
        if not self.submissions(lesson):
            looked = self.folder("submitted", "*", lesson)
            raise NoCourse(f"nothing was handed in: there is no {looked}\nCollect it: nbgrader collect {lesson}")

    def folder(self, step: str, student: str, lesson: str) -> Path:
        """Return a folder of nbgrader's, such as that of the step ``"autograded"``."""
        return Path(self.place.format_path(getattr(self.place, f"{step}_directory"), student, lesson))

    def submissions(self, lesson: str) -> list[Submission]:
        """List what was handed in, in order of the students' ids."""
        step, shown = self.place.submitted_directory, self.place.student_id
        told = re.compile(self.place.format_path(step, "(?P<student>.*)", re.escape(lesson), escape=True) + "$")
        left_out = {name.strip() for name in self.place.student_id_exclude.split(",")}
        found = []
        for path in Path("/").glob(self.place.format_path(step, shown, lesson).lstrip("/")):
            named = told.match(str(path))
            if named and path.is_dir() and named["student"] not in left_out and "/" not in named["student"]:
                found.append(Submission(named["student"], path))
        return sorted(found, key=lambda one: one.student)


def carry(marker: Marker, submission: Submission) -> Carried:
    """Take the texts of a submission, whatever its file is called."""
    return carried_from_folder(submission.folder, marker.lesson, marker.carry)


class load_nbgrader:  # noqa: N801 - a function that returns a namespace
    """What is used of nbgrader to find a course; a second to import, and only grading needs it."""

    def __init__(self) -> None:
        with without_grammars():
            from nbgrader.apps import NbGrader
            from nbgrader.coursedir import CourseDirectory
        self.NbGrader, self.CourseDirectory = NbGrader, CourseDirectory

    def settings(self, folder: Path) -> Any:
        """Load nbgrader's settings as its own commands do when run in a folder."""
        app = self.NbGrader()
        before = Path.cwd()
        os.chdir(folder)
        try:
            app.load_config_file()
        finally:
            os.chdir(before)
        return app.config


@contextlib.contextmanager
def without_grammars() -> Iterator[None]:
    """Import without a package that takes two seconds to prepare, for a check of IRIs that nobody here makes."""
    name = "rfc3987_syntax"
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # "import" then raises ImportError, as if not installed
    try:
        yield
    finally:
        del sys.modules[name]
