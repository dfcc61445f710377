"""Signatures: what each fault gets wrong, computed when the course is built and kept as data.

The same run proves the grader: a fault that no scenario catches is a hole in the tests, and two
faults with equal signatures cannot be told apart in feedback.
"""

from __future__ import annotations

import functools
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from autograder.exercises import get
from autograder.faults.registry import Fault, faults, lessons
from autograder.plugging import stage
from autograder.quiet import quiet
from autograder.trial import Mark, load_hidden, run

FOLDER = Path(__file__).parent / "signatures"

Signatures = dict[str, frozenset[Mark]]


def compute(wrong: Iterable[Fault]) -> Signatures:
    """Run every scenario of its exercise on each fault, the hidden ones too."""
    load_hidden()
    found: Signatures = {}
    with quiet():  # once for all: it ends with a collection of garbage, slow where torch is loaded
        for one in wrong:
            exercise = get(one.exercise)
            with stage(exercise, {**_others(one), one.part: one.wrong}).set():
                trials = run([*exercise.basics, *exercise.scenarios, *exercise.hidden])
            found[one.id] = frozenset().union(*(trial.marks for trial in trials))
    return found


def _others(one: Fault) -> dict[str, object]:
    """The exercise's other parts are right."""
    from autograder.plugging import reference_parts

    exercise = get(one.exercise)
    reference = reference_parts(exercise.number)
    return {name: reference[name] for name in exercise.parts if name != one.part}


def to_text(signatures: Signatures) -> str:
    """Write signatures as JSON, one mark a line, in a fixed order."""
    data = {id: sorted(list(mark) for mark in marks) for id, marks in sorted(signatures.items())}
    blocks = []
    for id, marks in data.items():
        lines = ",\n".join("    " + json.dumps(mark) for mark in marks)
        blocks.append(f"  {json.dumps(id)}: [\n{lines}\n  ]" if marks else f"  {json.dumps(id)}: []")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def write(only: Iterable[str] | None = None, folder: Path = FOLDER) -> list[Path]:
    """Compute and keep the signatures of every lesson that has faults."""
    written = []
    for lesson in lessons() if only is None else [id for id in lessons() if id in set(only)]:
        path = folder / f"{lesson}.json"
        path.write_bytes(to_text(compute(faults(lesson))).encode())
        written.append(path)
    return written


def check(folder: Path = FOLDER) -> list[str]:
    """List what is out of date, one line each."""
    stale = []
    for lesson in lessons():
        path = folder / f"{lesson}.json"
        if not path.is_file() or path.read_text(encoding="utf-8") != to_text(compute(faults(lesson))):
            stale.append(f"autograder/faults/signatures/{lesson}.json is out of date")
    return stale


def read(lesson: str, folder: Path = FOLDER) -> Signatures:
    """Return the kept signatures of a lesson; none if they were never computed."""
    path = folder / f"{lesson}.json"
    return _kept(path, path.stat().st_mtime_ns) if path.is_file() else {}


@functools.lru_cache(64)  # whoever grades a class asks for the same file for everybody
def _kept(path: Path, changed: int) -> Signatures:
    data = json.loads(path.read_text(encoding="utf-8"))
    return {id: frozenset((a, b, c) for a, b, c in marks) for id, marks in data.items()}


@dataclass(frozen=True)
class FaultReport:
    """What the fault dictionary cannot do yet.

    Attributes
    ----------
    uncaught : tuple of str
        Faults that no scenario tells from the truth: holes in the tests.
    alike : tuple of tuple of str
        Faults of one exercise that get exactly the same things wrong.
    """

    total: int
    uncaught: tuple[str, ...]
    alike: tuple[tuple[str, ...], ...]

    def __str__(self) -> str:
        lines = [f"{self.total} faults, {self.total - len(self.uncaught)} of them caught."]
        lines += [f"No scenario catches {id}." for id in self.uncaught]
        lines += [f"No scenario tells these apart: {', '.join(group)}." for group in self.alike]
        return "\n".join(lines)


def report(lesson: str | None = None) -> FaultReport:
    """Say which faults nothing catches and which cannot be told apart."""
    every = faults(lesson)
    groups: dict[tuple[str, frozenset[Mark]], list[str]] = defaultdict(list)
    uncaught = []
    kept: dict[str, Signatures] = {}
    for one in every:
        marks = kept.setdefault(one.lesson, read(one.lesson)).get(one.id, frozenset())
        if marks:
            groups[one.exercise, marks].append(one.id)
        else:
            uncaught.append(one.id)
    alike = tuple(tuple(group) for group in groups.values() if len(group) > 1)
    return FaultReport(len(every), tuple(uncaught), alike)
