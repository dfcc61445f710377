"""Watching changes nothing: random programs show the same with and without somebody who looks."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

import course.nptorch as nptorch
from course.fuzz.corpus import load
from course.fuzz.look import Numbers
from course.fuzz.program import Program
from course.fuzz.run import engine, run
from course.fuzz.writer import write
from course.parts import reference
from course.widgets.theatre import record

BACKENDS = {"nptorch": "nptorch", "torch": "torch-cpu"}
CORPUS = Path(__file__).resolve().parents[1] / "fuzz" / "corpus"
SEED, COUNT = 20_261_122, 60


@pytest.fixture(autouse=True)
def reference_parts() -> Any:
    with nptorch.use(**reference()):
        yield


def plain(thing: Any) -> Any:
    """Return what was seen with arrays as their bytes: not one bit may differ."""
    if isinstance(thing, Numbers):
        return thing.array.dtype.str, thing.array.shape, thing.array.tobytes()
    if isinstance(thing, dict):
        return {key: plain(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [plain(value) for value in thing]
    return thing


def shown(program: Program, name: str) -> list[Any]:
    return [(step.failed, plain(step.log), plain(step.seen)) for step in run(program, engine(BACKENDS[name]))]


def same(program: Program, name: str) -> int:
    """Assert that a program shows the same watched; return how many events there were."""
    expected = shown(program, name)
    with record(engine=name) as story:
        got = shown(program, name)
    for statement, one, other in zip(program.statements, expected, got, strict=True):
        assert other == one, f"after {statement}\nin\n" + "\n".join(program.statements)
    return len(story.events)


def programs(name: str) -> list[Program]:
    """Return kept programs and random ones; for torch without hooks on leaves' nodes, which live longer watched."""
    kept = [entry.program for entry in load(CORPUS)]
    chance = random.Random(SEED)
    fresh = [write(chance, engine("torch-cpu"))[0] for _ in range(COUNT)]
    found = [*kept, *fresh] if name == "nptorch" else [*kept[::3], *fresh]
    return [one for one in found if name == "nptorch" or "next_functions" not in "".join(one.statements)]


@pytest.mark.parametrize("name", BACKENDS)
def test_nobody_notices_that_somebody_looks(name: str) -> None:
    events = [same(program, name) for program in programs(name)]
    assert sum(count > 10 for count in events) > 40
