"""Grade a class: judge what has no result yet, then let the one writer write what changed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from autograder.batch.course import Course, NoCourse, Submission, carry
from autograder.batch.marker import Marker
from autograder.batch.pool import Pool
from autograder.batch.result import Result
from autograder.batch.writer import Graded, Writer
from autograder.sandbox.transplant import Carried

Step = Callable[[Result], None]
Judging = Callable[[Mapping[str, Carried], Step], None]


@dataclass(frozen=True)
class Shard:
    """One of several equal pieces of the work.

    A submission belongs to a piece by its digest, so that machines that see the same files agree on
    who does what, and a submission that comes in meanwhile changes nothing for the others.
    """

    nth: int = 1
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read ``"2/8"``.

        Raises
        ------
        ValueError
            If it is anything else.
        """
        nth, slash, of = text.partition("/")
        if not (slash and nth.isdecimal() and of.isdecimal() and 1 <= int(nth) <= int(of)):
            raise ValueError(f"--shard takes i/n with 1 <= i <= n, such as 2/8, and not {text!r}")
        return cls(int(nth), int(of))

    def has(self, key: str) -> bool:
        """Say whether the result of this name belongs to this piece."""
        return int(key[:12], 16) % self.of == self.nth - 1


@dataclass(frozen=True)
class Handed:
    """A submission, what was taken from it, and the name that its result has."""

    submission: Submission
    carried: Carried
    key: str


@dataclass
class Outcome:
    """What came of a run.

    Attributes
    ----------
    graded : list of Graded
        All submissions that have a result, in order of the students' ids.
    written : list of str
        The students whose grades were written in this run.
    waiting : list of str
        The students who have no result yet.
    said : list of str
        What a person should know.
    feedback : int
        How many feedback pages were written.
    """

    graded: list[Graded] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    feedback: int = 0


def on_this_machine(course: Path, lesson: str, jobs: int) -> Judging:
    """Return a way to judge on so many worker processes here."""

    def judge(tasks: Mapping[str, Carried], step: Step) -> None:
        with Pool(course, lesson, jobs) as pool:
            pool.run(tasks, step)

    return judge


def collect(course: Course, marker: Marker) -> list[Handed]:
    """Read all submissions."""
    found = []
    for submission in course.submissions(marker.lesson):
        carried = carry(marker, submission)
        found.append(Handed(submission, carried, marker.key(carried)))
    return found


def to_judge(marker: Marker, handed: Iterable[Handed], force: bool = False) -> dict[str, Carried]:
    """Return what has no result yet, or with ``force`` all; submissions that are the same are judged once."""
    return {one.key: one.carried for one in handed if force or marker.store.get(marker.lesson, one.key) is None}


def make_results(marker: Marker, tasks: Mapping[str, Carried], judge: Judging, step: Step) -> None:
    """Judge, and keep every result as it comes."""
    for key in tasks:  # there is something only if it is damaged, or to be made anew
        marker.store.path(marker.lesson, key).unlink(missing_ok=True)

    def done(result: Result) -> None:
        if not marker.store.path(marker.lesson, result.key).is_file():
            marker.store.put(result)
        step(result)

    if tasks:
        judge(tasks, done)


def write(course: Course, marker: Marker, handed: Iterable[Handed], feedback: bool, force: bool = False) -> Outcome:
    """Write all results that there are: gradebook, ``autograded/`` and, if asked for, ``feedback/``."""
    outcome = Outcome()
    for one in handed:
        result = marker.store.get(marker.lesson, one.key)
        if result is None:
            outcome.waiting.append(one.submission.student)
        else:
            outcome.graded.append(Graded(one.submission, one.carried, result))
    with alone(course), Writer(course, marker) as writer:
        stale = outcome.graded if force else writer.stale(outcome.graded)
        outcome.said = writer.write(stale)
        outcome.written = [one.submission.student for one in stale]
        if feedback:
            from autograder.batch.feedback import Feedback

            outcome.feedback = Feedback(course, writer).write(outcome.graded, force)
    return outcome


@contextlib.contextmanager
def alone(course: Course) -> Iterator[None]:
    """Be the only one who writes; whoever holds the lock lets go of it by ending, however that comes.

    Raises
    ------
    NoCourse
        If somebody else writes now.
    """
    course.own.mkdir(parents=True, exist_ok=True)
    file = os.open(course.own / "writing", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        with contextlib.suppress(ImportError):  # Windows has no fcntl, and SQLite's own lock remains
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise NoCourse("somebody else is writing grades here; try again when they have finished.") from None
        yield
    finally:
        os.close(file)
