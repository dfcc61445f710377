"""From a submitted file to a result: what every road to a grade goes through."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from types import TracebackType

from autograder.batch.result import ExerciseResult, Result, Store, key_of
from autograder.exercises import exercises
from autograder.sandbox import judge as judging
from autograder.sandbox.inside.wire import Broken
from autograder.sandbox.judge import Judge, Judgement
from autograder.sandbox.transplant import Carried, Notebook, carry
from autograder.sandbox.worker import Worker
from autograder.trial import SECONDS
from autograder.verdict import Verdict

FOLDER = ".gradschool"  # beside the gradebook: results, and the secret that chooses inputs
POOL = 8  # sets of inputs; each is computed once, so that a class of hundreds costs eight


class Marker:
    """Grades submissions of one lesson.

    Parameters
    ----------
    course : Path
        The course directory.
    lesson : str
        Lesson id.

    Raises
    ------
    FileNotFoundError
        If the lesson was not built or not released here.
    """

    def __init__(self, course: Path, lesson: str) -> None:
        self.course, self.lesson = course, lesson
        self.store = Store(course / FOLDER / "results")
        self.text = _read(course / "source" / lesson / f"{lesson}.ipynb", f"gradschool build {lesson}")
        self.source: Notebook = json.loads(self.text)
        release = course / "release" / lesson / f"{lesson}.ipynb"
        self.released: Notebook = json.loads(_read(release, f"nbgrader generate_assignment {lesson}"))
        self.salt = _salt(course / FOLDER)
        self._worker: Worker | None = None
        self._judge: Judge | None = None

    def carry(self, file: Path) -> Carried:
        """Take the student's texts from a file."""
        return carry(file, self.source, self.released)

    def key(self, carried: Carried) -> str:
        """Name the result that these texts have."""
        limits = (SECONDS, judging.CELLS, judging.ALL)
        return key_of(carried, self.lesson, self.text, self.salt, limits)

    def known(self, carried: Carried) -> Result | None:
        """Return the result of these texts if there is one already."""
        return self.store.get(self.lesson, self.key(carried))

    def mark(self, carried: Carried, key: str = "") -> Result:
        """Judge these texts, or look up what was judged before; keep the result.

        Parameters
        ----------
        carried : Carried
            What was taken from a submission.
        key : str
            The name of the result, where it is known already.
        """
        key = key or self.key(carried)
        known = self.store.get(self.lesson, key)
        if known is None:
            known = self.judge(carried, key)
            self.store.put(known)
        return known

    def judge(self, carried: Carried, key: str = "") -> Result:
        """Judge these texts; the parameters are those of `mark`."""
        key = key or self.key(carried)
        started = time.monotonic()
        if carried.unreadable:
            found = {
                one.id: Judgement(Verdict(0.0, (f"{one.id}: 0 of {one.points:g} points.", f"- {carried.unreadable}")))
                for one in exercises(self.lesson)
            }
        else:
            seed = self._seed(key)
            try:
                judge = self._judging()
                found = {one.id: judge.judge(one, carried.texts, seed) for one in exercises(self.lesson)}
            except Broken as error:  # no Exception, for the scenarios' sake; here it is one like any other
                self.close()
                raise RuntimeError(str(error)) from error
        return Result(
            key,
            self.lesson,
            {one.id: _told(found[one.id], one.points) for one in exercises(self.lesson)},
            {id: asdict(cell) for one in found.values() for id, cell in one.cells.items()},
            list(carried.flags),
            carried.unreadable,
            "" if self._worker is None else self._worker.sandbox,
            round(time.monotonic() - started, 3),
        )

    def _seed(self, key: str) -> int:
        """Choose the inputs: nobody who does not know the secret can tell which."""
        nth = int(hashlib.sha256(f"{self.salt} {key}".encode()).hexdigest(), 16) % POOL
        return int(hashlib.sha256(f"{self.salt} inputs {nth}".encode()).hexdigest(), 16) % 2**31

    def _judging(self) -> Judge:
        if self._judge is None:
            self._worker = Worker(self.course / "source" / self.lesson / "given")
            self._judge = Judge(self._worker, self.source)
        return self._judge

    def warm(self) -> None:
        """Start the process that students' code will run in.

        Raises
        ------
        Broken
            If it does not start.
        """
        self._judging()

    def close(self) -> None:
        """End the processes that students' code ran in."""
        if self._worker is not None:
            self._worker.close()
        self._worker = self._judge = None

    def __enter__(self) -> Marker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _told(found: Judgement, most: float) -> ExerciseResult:
    failed = [[trial.scenario.id, trial.scenario.asks] for trial in found.trials if not trial.passed]
    return ExerciseResult(found.verdict.points, most, str(found.verdict).splitlines(), failed, found.ideas)


def _read(path: Path, command: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no {path}.\nMake it first: {command}") from None


def _salt(folder: Path) -> str:
    """Read the course's secret; the first run makes it."""
    path = folder / "secret"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder)  # for its owner's eyes only
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(secrets.token_hex(32))
        with contextlib.suppress(FileExistsError):  # of several workers one is first
            os.link(name, path)
        os.unlink(name)
    return path.read_text(encoding="ascii").strip()
