"""``gradschool oracle record`` and ``gradschool oracle check``."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

oracle = typer.Typer(help="What torch was recorded to do, which grading relies on.", no_args_is_help=True)

#: What is recorded of a GPU, in this order: the timings want one on which this process has done nothing yet.
PARTS = ("timing", "training", "scenarios")

Device = Annotated[str, typer.Option(help="Where torch runs: cpu, cuda or mps.")]

_PLAN = """\
Recording {hardware} ({device}), torch {torch}. Nothing on it is changed, and nothing is sent anywhere.
1. Timing sweep: operations of all sizes, on the GPU and on this CPU. About two minutes; let nothing else run.
2. Training table: three small trainings, in each number format. About five minutes.
3. Scenarios: {count} small programs in {dtypes}, each at least three times. About a quarter of an hour.
What is done is written at once, so you may stop with Ctrl-C and keep it; --only PART does one of the three."""


@oracle.command()
def record(
    device: Device = "cpu",
    only: Annotated[str | None, typer.Option(help="On a GPU, just this: timing, training or scenarios.")] = None,
) -> None:
    """Run every scenario on torch and write down what it does; on a GPU also the trainings and the timings."""
    from autograder import oracles
    from autograder.cli import need_repository, stop
    from course.compare.provenance import GPUS

    if device in GPUS:
        need_repository()
    if only is not None and only not in PARTS:
        stop(f"there is no {only!r} to record, only {', '.join(PARTS)}")
    try:
        if device in GPUS:
            changed = _record_gpu(device, (only,) if only else PARTS, typer.echo)
        else:
            changed = oracles.record(device)
    except (RuntimeError, ValueError) as error:
        stop(str(error))
    for path in changed:
        typer.echo(f"Recorded: {_short(path)}")
    if not changed:
        typer.echo("torch does what was recorded: nothing to write.")
    elif device in GPUS:
        _what_to_commit(device)


@oracle.command("check")
def check_record(device: Device = "cpu") -> None:
    """Run every scenario on torch and compare with the record; see that all recorded files are in order."""
    from autograder import oracles
    from autograder.cli import stop

    if wrong := malformed():
        stop("\n".join(["recorded files are not in order", *(f"  {one}" for one in wrong)]))
    try:
        found = oracles.check(device)
    except (RuntimeError, ValueError) as error:
        stop(str(error))
    if found:
        lines = "\n".join(f"  {one}" for one in found)
        stop(f"torch and the record disagree\n{lines}\nIf torch is right: gradschool oracle record --device {device}")
    typer.echo("torch does what was recorded.")


def malformed() -> list[str]:
    """Return everything that is wrong with any recorded file: of scenarios, trainings and timings."""
    from autograder.oracles import form
    from course.compare import recorded

    return [*form.problems(), *(f"course/compare/recorded/{one}" for one in recorded.problems())]


def _record_gpu(device: str, parts: Sequence[str], say: Callable[[str], None]) -> list[Path]:
    """Measure and write. What fails of a measurement is said, and the rest goes on."""
    from autograder import oracles
    from autograder.oracles.gpu import by_topic
    from course.compare import provenance as origin
    from course.compare import recorded
    from course.compare.backends import DTYPES

    facts = origin.provenance(device)
    count = sum(len(found) for hidden in (False, True) for found in by_topic(device, hidden).values())
    say(_PLAN.format(**facts, count=count, dtypes=" and ".join(DTYPES[device])))
    changed = []
    for kind in (part for part in parts if part in recorded.KINDS):
        say(f"Measuring: {kind}")
        try:
            changed.append(recorded.write(kind, _measured(kind, device, say), facts))
        except (RuntimeError, ValueError) as error:
            say(f"Not recorded: {kind}: {error}")
    if "scenarios" in parts:
        changed += oracles.record(device, say=say)
    return changed


def _measured(kind: str, device: str, say: Callable[[str], None]) -> Mapping[str, Any]:
    """Measure, with the reference parts plugged in: the engine is measured beside torch."""
    from course.compare import recorded
    from course.nptorch import use
    from course.parts import reference

    with use(**reference()):
        data: Mapping[str, Any] = importlib.import_module(recorded.KINDS[kind]).measure(device, say=say)
        return data


def _what_to_commit(device: str) -> None:
    typer.echo("To contribute it, commit what was written:")
    typer.echo(f"  git add autograder/oracles/{device} course/compare/recorded")
    typer.echo("  gradschool check")
    typer.echo('  git commit -m "Recorded on ..."')


def _short(path: Path) -> str:
    from course.workspace import ROOT

    return Path(os.path.relpath(path, ROOT)).as_posix() if path.is_relative_to(ROOT) else path.name
