"""The command line: ``gradschool --help``.

Every command imports what it runs when it is run, so that ``--help`` is quick.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from autograder.batch import cli as batch
from autograder.oracle_cli import oracle

app = typer.Typer(
    name="gradschool",
    help="Rebuild PyTorch's autograd in NumPy: build, take, compare and grade the course.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain ASCII help that any terminal and any log can show
    pretty_exceptions_enable=False,
)
app.add_typer(oracle, name="oracle")

Lessons = Annotated[list[str] | None, typer.Argument(help="Lesson ids; all lessons if none is given.")]


def stop(what: str) -> NoReturn:
    """End the command with a message that says what is wrong and how to mend it."""
    typer.echo(f"gradschool: {what}", err=True)
    raise typer.Exit(1)


def need_repository() -> None:
    """Say in words that a command is not for the students' package, which leaves its folders out."""
    from course.workspace import ROOT

    if not (ROOT / "course" / "lessons").is_dir():
        stop(
            "this command needs the course's repository, and here is only the package for students.\n"
            'In a clone, install with: pip install -c constraints.txt -e ".[author]"'
        )


def given_parts() -> Path | str:
    """Return where the reference parts of the latest lesson here are: beside it, or in the repository."""
    from course.workspace import MINE

    here = Path.cwd()
    found = [one for at in ("given", f"{MINE}/l*_*/given", "l*_*/given", "../l*_*/given") for one in here.glob(at)]
    return max(found, key=lambda one: one.resolve().parent.name) if found else "given"


@app.command()
def build(lesson: Lessons = None) -> None:
    """Make source/ and release/ from lessons and parts, and docs/api/ from docstrings."""
    need_repository()
    from autograder import faults as dictionary
    from course import apidocs
    from course import build as builder

    try:
        built = builder.build(lesson or None, say=typer.echo)
    except builder.BuildError as error:
        stop(str(error))
    for path in dictionary.write([folder.name for folder in built] if lesson else None):
        typer.echo(f"autograder/faults/signatures/{path.name}")
    for path in apidocs.write(builder.ROOT / "docs" / "api"):
        typer.echo(f"docs/api/{path.name}")
    typer.echo(str(dictionary.report()))


@app.command()
def lab(
    lesson: Annotated[str | None, typer.Argument(help="Lesson id or number; else the first.")] = None,
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
    start: Annotated[bool, typer.Option(help="Start JupyterLab; if not, just make the copy.")] = True,
) -> None:
    """Open JupyterLab on your own copy of a lesson."""
    from course.workspace import MINE, NoLesson, open_copy, release_folder

    mine = Path.cwd() / MINE
    try:
        notebook = open_copy(lesson, release_folder(), mine)
    except NoLesson as error:
        stop(str(error))
    typer.echo(f"Your copy: {notebook.relative_to(Path.cwd())}")
    if not start:
        return
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={mine}"]
    command += [f"--LabApp.default_url=/lab/tree/{notebook.relative_to(mine).as_posix()}"]
    command += [] if browser else ["--no-browser"]
    if os.name == "nt":  # there, exec would give the prompt back while JupyterLab runs
        raise typer.Exit(subprocess.call(command))
    sys.stdout.flush()
    os.execv(sys.executable, command)


@app.command()
def scenarios(
    prefix: Annotated[str, typer.Argument(help="Only ids that start like this.")] = "",
    lesson: Annotated[int | None, typer.Option(help="Only scenarios of this lesson.")] = None,
) -> None:
    """List the programs that torch and the engine both run."""
    from course.scenarios import scenarios as listed
    from course.scenarios.registry import DEVICES

    found = [one for needs in DEVICES for one in listed(lesson=lesson, prefix=prefix, needs=needs)]
    if not found:
        stop("no scenario fits. See them all with: gradschool scenarios")
    width = max(len(one.id) for one in found)
    for one in found:
        typer.echo(f"{one.id:<{width}}  {one.lesson:>2}  {one.asks}{' (on a GPU)' if one.needs else ''}")


@app.command()
def compare(
    scenario: Annotated[str, typer.Argument(help="A scenario's id; `gradschool scenarios` lists them.")],
    seed: Annotated[int, typer.Option(help="Chooses the scenario's inputs.")] = 0,
    parts: Annotated[str, typer.Option(help="Parts to run on: given, mine, or a folder.")] = "given",
    device: Annotated[str | None, typer.Option(help="cuda or mps: the GPU here, and those that were recorded.")] = None,
) -> None:
    """Run a scenario on torch and on the engine, side by side."""
    from course.compare import compare as run
    from course.nptorch.loading import load_parts
    from course.scenarios import get

    try:
        chosen = get(scenario)
    except KeyError as error:
        stop(f"{error.args[0]}\nSee them all with: gradschool scenarios")
    try:
        if parts == "mine":
            load_parts(given_parts())  # what you have not built
        plugged = load_parts(parts)
    except (FileNotFoundError, ImportError) as error:
        stop(f"{error}\nTo run on other parts: gradschool compare {scenario} --parts FOLDER")
    try:
        with plugged:
            comparison = run(chosen, seed=seed, device=device)
    except ValueError as error:
        stop(str(error))
    typer.echo(str(comparison))
    raise typer.Exit(0 if comparison.agrees else 1)


@app.command("my-engine")
def my_engine(
    prefix: Annotated[str, typer.Argument(help="Only scenarios whose ids start like this.")] = "",
) -> None:
    """Show which parts are your own, and in how many programs your engine does what torch does."""
    from autograder.my_engine import survey
    from course.nptorch.loading import load_parts, my_folders
    from course.workspace import MINE

    if not my_folders():
        stop(
            f"there are no parts of yours here.\nLessons save them at their end, into my_engine/ beside the notebook; "
            f"run this in the folder that has {MINE}/ in it, or in a lesson's folder."
        )
    try:
        load_parts(given_parts())
        load_parts("mine")
    except (FileNotFoundError, ImportError) as error:
        stop(f"{error}")
    typer.echo(str(survey(prefix, say=lambda line: typer.echo(line, err=True))))


@app.command()
def fuzz(
    seed: Annotated[int, typer.Option(help="Chooses the programs.")] = 0,
    count: Annotated[int, typer.Option(help="How many programs to run.")] = 500,
    save: Annotated[Path | None, typer.Option(help="Folder in which programs that differ are kept.")] = None,
) -> None:
    """Run random programs on torch and on the engine, and show what differs."""
    need_repository()
    from course.fuzz.cli import main

    raise typer.Exit(0 if main(seed, count, save, typer.echo) else 1)


@app.command()
def claims() -> None:
    """Write docs/claims.md anew by running every claim about torch."""
    need_repository()
    from course import claims as claimed
    from course.build import ROOT

    page = ROOT / "docs" / "claims.md"
    claimed.write(page)
    typer.echo(f"Written: {page}")


@app.command()
def check() -> None:
    """See that nothing built or recorded is out of date."""
    need_repository()
    from autograder import faults as dictionary
    from autograder import oracles
    from autograder.oracle_cli import malformed
    from course import apidocs
    from course import build as builder
    from course import claims as claimed

    problems: list[str] = []

    def look(what: str, found: list[str], mend: str) -> None:
        typer.echo(f"{what}: {'out of date' if found else 'up to date'}")
        if found:
            problems.extend([*(f"  {line}" for line in found), f"  Run: {mend}"])

    try:
        look("torch's record", [str(one) for one in oracles.check()], "gradschool oracle record")
        look("recorded files", malformed(), "gradschool oracle record --device DEVICE, on that device")
        look("source/ and release/", builder.check().stale, "gradschool build")
        look("signatures of the faults", dictionary.check(), "gradschool build")
    except (RuntimeError, builder.BuildError) as error:
        stop(str(error))
    page = builder.ROOT / "docs" / "claims.md"
    look("docs/claims.md", ["docs/claims.md"] if claimed.is_stale(page) else [], "gradschool claims")
    look("docs/api/", apidocs.stale(builder.ROOT / "docs" / "api"), "gradschool build")
    if problems:
        stop("something is out of date\n" + "\n".join(problems))


@app.command()
def faults(
    lesson: Annotated[str | None, typer.Argument(help="A lesson's id; all lessons if none is given.")] = None,
) -> None:
    """Say which known mistakes no scenario catches, or tells apart."""
    need_repository()
    from autograder import faults as dictionary
    from autograder.faults.registry import lessons

    if lesson is not None and lesson not in lessons():
        stop(f"no faults are declared for {lesson!r}.\nThere are some for: {', '.join(lessons()) or 'no lesson'}")
    found = dictionary.report(lesson)
    typer.echo(str(found))
    raise typer.Exit(1 if found.uncaught else 0)


@app.command()
def prove(
    lesson: Lessons = None,
    mutants: Annotated[bool, typer.Option("--mutants", help="Try every mutant of the parts too (minutes).")] = False,
) -> None:
    """Prove the grader: right parts earn everything, wrong ones lose, wrong ideas are named."""
    need_repository()
    from rich.console import Console

    from autograder.exercises import exercises
    from autograder.prove import prove as run
    from autograder.prove.table import show

    known = {one.lesson for one in exercises()}
    if unknown := sorted(set(lesson or []) - known):
        stop(f"there is no exercise of {', '.join(unknown)}.\nThere are some of: {', '.join(sorted(known))}")
    found = run(lesson or None, with_mutants=mutants)
    show(found, Console())
    raise typer.Exit(1 if found.complaints else 0)


@app.command()
def demo() -> None:
    """Grade the bundled class with nbgrader and show the results."""
    need_repository()
    from autograder import demo as bundled
    from course.build import BuildError

    try:
        bundled.run()
    except (BuildError, FileExistsError) as error:
        stop(str(error))


app.command()(batch.grade)
app.command()(batch.merge)


@app.command()
def report() -> None:
    """Show what nbgrader graded in this folder, and write the class report."""
    from autograder.report import folder

    course = Path.cwd()
    try:
        with folder.open_gradebook(course) as gradebook:
            for lesson in folder.graded_lessons(gradebook):
                rows = folder.rows_of(gradebook, course, lesson)
                for row in rows:
                    typer.echo(f"{row.student:<20} {row.total:5g}  {row.sentence}")
                written = folder.write(course, lesson, rows)
                typer.echo(f"Class report: {written} and {written.with_suffix('.csv').name}")
    except folder.NothingGraded as error:
        stop(str(error))
