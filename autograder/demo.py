"""Grade the bundled class with plain nbgrader and show the results: what ``make grade`` does.

Everything happens in ``build/demo``, a course directory of its own. The instructor's ``submitted/``,
``autograded/`` and ``gradebook.db`` are not touched.
"""

from __future__ import annotations

import shutil
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from autograder.classroom import EXAMPLES, Example, assemble, examples
from autograder.exercises import exercises
from autograder.quiet import quiet
from autograder.report import Row, collect
from autograder.report.folder import write
from course.build import ROOT, build_source
from course.building.release import generate, nbgrader_in

LESSON = "l05_retain_graph"
REPORT = "report"


@dataclass(frozen=True)
class Outcome:
    """Results of a class and where the report lies."""

    rows: list[Row]
    report: Path
    seconds: float


def run(
    *,
    root: Path = ROOT,
    course: Path | None = None,
    lesson: str = LESSON,
    examples_from: Path = EXAMPLES,
    console: Console | None = None,
) -> Outcome:
    """Build, release, grade the bundled class, write feedback, and report.

    Parameters
    ----------
    root : Path
        The repository.
    course : Path, optional
        The scratch course directory, ``build/demo`` unless given. It is emptied first.
    lesson : str
        Which lesson's class.
    examples_from : Path
        Where the class is kept.
    console : rich.console.Console, optional
        Where progress and the table go.
    """
    console = console or Console()
    say = _progress(console)
    started = time.monotonic()
    course = _empty(course or root / "build" / "demo")
    say(f"Building {lesson} from its text and the reference parts")
    build_source(root, course / "source" / lesson, lesson)
    say("Releasing it with nbgrader")
    api = nbgrader_in(course, root, gradebook=True)
    generate(api, course, [lesson])
    pupils = examples(lesson, examples_from)
    _submit(pupils, course, lesson)
    failures = {}
    for nth, pupil in enumerate(pupils, start=1):
        begun = time.monotonic()
        if reason := _autograde(api, lesson, pupil.student):
            failures[pupil.student] = reason
        result = reason or "graded"
        say(f"[{nth:2}/{len(pupils)}] {pupil.student:<8} {result} ({time.monotonic() - begun:.1f} s)")
    say("Writing nbgrader's feedback")
    for pupil in pupils:
        if pupil.student not in failures:
            _feedback(api, lesson, pupil.student)
    with api.gradebook as gradebook:
        rows = collect(gradebook, lesson, course, failures)
    report = write(course, lesson, rows, REPORT)
    outcome = Outcome(rows, report, time.monotonic() - started)
    show(outcome, lesson, console)
    return outcome


def show(outcome: Outcome, lesson: str, console: Console) -> None:
    """Print the class as a table."""
    whole = sum(one.points for one in exercises(lesson))
    table = Table(title=f"{lesson}: {len(outcome.rows)} submissions", box=box.ASCII, title_justify="left")
    table.add_column("student", no_wrap=True)
    table.add_column(f"of {whole:g}", justify="right", no_wrap=True)
    table.add_column("what went wrong", overflow="fold")
    for row in outcome.rows:
        points = f"{row.total:g}" if row.graded else "-"
        table.add_row(row.student, points, " ".join([row.sentence, *(f"(Note: {flag})" for flag in row.flags)]))
    console.print(table, markup=False)
    console.print(f"Class report: {outcome.report}", markup=False, soft_wrap=True)
    console.print(f"Feedback for each student: {outcome.report.parent / 'feedback'}", markup=False, soft_wrap=True)
    console.print(f"{outcome.seconds:.0f} s in all", markup=False)


def _progress(console: Console) -> Callable[[str], None]:
    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    return say


def _empty(course: Path) -> Path:
    """Make the scratch course directory anew; refuse a folder that something else made."""
    stamp = course / ".gradschool-demo"
    if course.exists() and any(course.iterdir()) and not stamp.exists():
        raise FileExistsError(f"{course} is not empty and was not made by the demo; remove it yourself")
    if course.exists():
        shutil.rmtree(course)
    course.mkdir(parents=True)
    stamp.touch()
    return course.resolve()


def _submit(pupils: list[Example], course: Path, lesson: str) -> None:
    """Put every submission where nbgrader looks for it."""
    name = f"{lesson}.ipynb"
    for pupil in pupils:
        folder = course / "submitted" / pupil.student / lesson
        folder.mkdir(parents=True)
        text = assemble(pupil, course / "release" / lesson / name, course / "source" / lesson / name)
        (folder / name).write_bytes(text.encode())


def _autograde(api: Any, lesson: str, student: str) -> str:
    """Grade one submission with nbgrader; return why it could not be graded, or nothing."""
    result = _quietly(api.autograde, lesson, student, force=True, create=True)
    if result["success"]:
        return ""
    return "nbgrader could not grade it: " + _last_line(result)


def _quietly(step: Callable[..., dict[str, Any]], *arguments: str, **options: bool) -> dict[str, Any]:
    """Run a step of nbgrader; what it warns of, and what its kernels print, is not for the terminal."""
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return step(*arguments, **options)


def _last_line(result: dict[str, Any]) -> str:
    lines = str(result.get("error") or result.get("log") or "no reason given").strip().splitlines()
    return lines[-1].strip() if lines else "no reason given"


def _feedback(api: Any, lesson: str, student: str) -> None:
    result = _quietly(api.generate_feedback, lesson, student, force=True)
    if not result["success"]:
        raise RuntimeError(f"nbgrader wrote no feedback for {student}: {_last_line(result)}")
