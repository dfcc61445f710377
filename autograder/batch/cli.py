"""``gradschool grade`` and ``gradschool merge``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from autograder.batch.course import Course
    from autograder.batch.marker import Marker
    from autograder.batch.run import Judging, Outcome, Shard
    from autograder.sandbox.transplant import Carried


class Level(StrEnum):
    """How much of a sandbox there has to be."""

    strict = "strict"
    basic = "basic"
    none = "none"


Lesson = Annotated[str, typer.Argument(help="Lesson id.")]
Where = Annotated[Path | None, typer.Option(help="Course directory; by default the one you are in.")]
Pages = Annotated[bool, typer.Option("--feedback/--no-feedback", help="Write the students' feedback pages too.")]


def grade(
    lesson: Lesson,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Worker processes.")] = 1,
    shard: Annotated[str, typer.Option(help="Only piece i of n, as i/n, and only result files.")] = "",
    course: Where = None,
    require_sandbox: Annotated[Level, typer.Option(help="Refuse to grade with less.")] = Level.none,
    feedback: Pages = True,
    scheduler: Annotated[str, typer.Option(help="Address of a Dask scheduler whose workers do it.")] = "",
    force: Annotated[bool, typer.Option(help="Judge and write anew what was graded before.")] = False,
) -> None:
    """Grade all submissions of a lesson into nbgrader's gradebook; a second run goes on with what is missing."""
    from rich.console import Console

    from autograder.batch.course import NoCourse
    from autograder.cli import need_repository, stop

    need_repository()
    console = Console(highlight=False)
    try:
        piece = _piece(shard)
        console.print(_sandbox(require_sandbox), markup=False, soft_wrap=True)
        _grade(console, lesson, course, jobs, piece, scheduler, feedback, force)
    except (NoCourse, CannotGrade) as error:
        stop(str(error))
    except KeyboardInterrupt:
        typer.echo(f"\nStopped. What was judged is kept; to go on: gradschool grade {lesson}", err=True)
        raise typer.Exit(130) from None


def merge(
    lesson: Lesson,
    folders: Annotated[list[Path] | None, typer.Argument(help="Where other machines left their results.")] = None,
    course: Where = None,
    feedback: Pages = True,
) -> None:
    """Take over results that were made elsewhere, see that they belong here, and write the grades."""
    from rich.console import Console

    from autograder.batch import run
    from autograder.batch.course import NoCourse
    from autograder.batch.shard import take
    from autograder.cli import need_repository, stop

    need_repository()
    console = Console(highlight=False)
    if absent := [str(folder) for folder in folders or () if not folder.is_dir()]:
        stop(f"there is no folder {', '.join(absent)}")
    try:
        place, marker = _open(course, lesson)
        handed = run.collect(place, marker)
        taken = take(marker, folders or (), {one.key for one in handed})
        lines = [f"Results taken over: {taken.new}; here already: {taken.known}"]
        if taken.strange:
            lines.append(
                f"Left alone: {taken.strange} that belong to no submission here, "
                "or were made by another version or with another secret"
            )
        lines += [f"Refused: {line}" for line in taken.refused]
        console.print("\n".join(lines), markup=False, soft_wrap=True)
        _show(console, lesson, run.write(place, marker, handed, feedback))
    except NoCourse as error:
        stop(str(error))


class CannotGrade(RuntimeError):
    """Grading cannot start, or cannot go on; the text says why."""


def _piece(text: str) -> Shard | None:
    from autograder.batch.run import Shard

    try:
        return Shard.parse(text) if text else None
    except ValueError as error:
        raise CannotGrade(str(error)) from error


def _sandbox(level: Level) -> str:
    """Say in one line which layers are on.

    Raises
    ------
    CannotGrade
        If they are not enough.
    """
    from autograder.sandbox import layers
    from autograder.sandbox.confine import SandboxMissing

    try:
        return str(layers.probe() if level is Level.none else layers.require(level.value))
    except SandboxMissing as error:
        raise CannotGrade(str(error)) from error


def _open(course: Path | None, lesson: str) -> tuple[Course, Marker]:
    from autograder.batch.course import Course
    from autograder.batch.marker import Marker

    place = Course(course)
    place.check(lesson)
    return place, Marker(place.root, lesson)


def _grade(
    console: Console,
    lesson: str,
    course: Path | None,
    jobs: int,
    piece: Shard | None,
    scheduler: str,
    feedback: bool,
    force: bool,
) -> None:
    from autograder.batch import run

    place, marker = _open(course, lesson)
    handed = run.collect(place, marker)
    mine = [one for one in handed if piece is None or piece.has(one.key)]
    tasks = run.to_judge(marker, mine, force)
    known = len({one.key for one in mine}) - len(tasks)
    told = f"{lesson}: {len(mine)} submissions"
    told += f", {known} results known from before" if known else ""
    console.print(told, markup=False, soft_wrap=True)
    _judge(console, marker, tasks, _judging(scheduler, place, marker, jobs))
    if piece is None:
        _show(console, lesson, run.write(place, marker, handed, feedback, force))
    else:
        folder = marker.store.path(lesson, "x").parent
        console.print(f"Results are in {folder}\nThen: gradschool merge {lesson} FOLDER...", soft_wrap=True)


def _judging(scheduler: str, place: Course, marker: Marker, jobs: int) -> Judging:
    from autograder.batch import run

    if not scheduler:
        return run.on_this_machine(place.root, marker.lesson, jobs)
    try:
        from autograder.batch.dask_cluster import on_a_cluster
    except ImportError as error:
        raise CannotGrade(f'{error.name} is not installed.\nRun: pip install "gradschool[dask]"') from error
    return on_a_cluster(scheduler, marker)


def _judge(console: Console, marker: Marker, tasks: Mapping[str, Carried], judge: Judging) -> None:
    from autograder.batch import run
    from autograder.batch.pool import PoolError
    from autograder.batch.progress import Shown

    try:
        with Shown(console, "Judged", len(tasks)) as shown:
            run.make_results(marker, tasks, judge, lambda _: shown.step())
    except PoolError as error:
        raise CannotGrade(str(error)) from error


def _show(console: Console, lesson: str, outcome: Outcome) -> None:
    """Print the class as a table, and what a person has to see to."""
    from rich import box
    from rich.table import Table

    from autograder.exercises import exercises

    whole = sum(one.points for one in exercises(lesson))
    table = Table(box=box.ASCII, title=f"{lesson}, of {whole:g} points", title_justify="left")
    table.add_column("student", no_wrap=True)
    for one in exercises(lesson):
        table.add_column(f"{one.id}\n(of {one.points:g})", justify="right")
    table.add_column("all", justify="right", no_wrap=True)
    table.add_column("look", no_wrap=True)
    for row in outcome.graded:
        points = [f"{row.result.exercises[one.id].points:g}" for one in exercises(lesson)]
        look = "a person" if row.result.unreadable else "flag" if row.result.flags else ""
        table.add_row(ascii(row.submission.student)[1:-1], *points, f"{row.result.points:g}", look)
    console.print(table, markup=False)
    lines = [f"Written: {len(outcome.written)}; unchanged: {len(outcome.graded) - len(outcome.written)}"]
    lines += [f"Feedback pages written: {outcome.feedback}"] if outcome.feedback else []
    lines += [
        f"{row.submission.student}: {told}"
        for row in outcome.graded
        for told in [*([row.result.unreadable] if row.result.unreadable else []), *row.result.flags]
    ]
    lines += outcome.said
    lines += [f"No result yet: {student}" for student in outcome.waiting]
    lines += [f"Go on with: gradschool grade {lesson}"] if outcome.waiting else []
    text = "\n".join(lines)
    console.print(text.encode("ascii", "backslashreplace").decode(), markup=False, soft_wrap=True)
    if outcome.waiting:
        raise typer.Exit(1)
