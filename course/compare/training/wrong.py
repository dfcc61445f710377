"""What is wrong with the data of a measurement: its form, and what cannot be true."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from course.compare.training.columns import COLUMNS, JUDGE, RUNS_ON_GPU
from course.compare.training.lines import relative
from course.compare.training.programs import PROGRAMS

#: All columns start from the same weights. Beyond this their first losses say that they did not.
FIRST = 0.05


def problems(data: Any) -> list[str]:
    """Say what is wrong with what `measure` is said to have returned; an empty list if nothing is.

    Numbers are not judged by their size, save that all columns have begun alike.
    """
    try:
        return list(_shape(data)) or list(_content(data))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return [f"not in the form that training.measure returns: {type(error).__name__}: {error}"]


def _shape(data: Any) -> Iterator[str]:
    if set(data) != {"steps", "programs", "columns"}:
        yield f"has {', '.join(sorted(data))}; expected columns, programs, steps"
        return
    if type(data["steps"]) is not int or data["steps"] < 1:
        yield f"steps is {data['steps']!r}, no positive whole number"
    for name in data["programs"]:
        if name not in PROGRAMS:
            yield f"no program {name!r}"
    for name, column in data["columns"].items():
        if name not in COLUMNS:
            yield f"no column {name!r}"
        elif set(column) - {"spread"} != {*COLUMNS[name].facts, "runs", "losses"}:
            yield f"{name}: has {', '.join(sorted(column))}"


def _content(data: Mapping[str, Any]) -> Iterator[str]:
    columns = data["columns"]
    if not data["programs"]:
        yield "no program was run"
    for name, settings in data["programs"].items():
        if set(settings) != set(PROGRAMS[name].experiment):
            yield f"{name}: has the settings {', '.join(sorted(settings))}"
    if JUDGE.name not in columns:
        yield f"{JUDGE.name} is missing, which the others are held against"
    devices = {one["device"] for name, one in columns.items() if name != JUDGE.name}
    if len(devices) != 1:
        yield f"columns of {len(devices)} devices, where there should be those of one"
    for name, column in columns.items():
        yield from (f"{name}: {one}" for one in _column(data, name, column))


def _column(data: Mapping[str, Any], name: str, column: Mapping[str, Any]) -> Iterator[str]:
    for key, value in COLUMNS[name].facts.items():
        if column[key] != value or type(column[key]) is not type(value):
            yield f"{key} is {column[key]!r}, not {value!r}"
    least = 1 if column["device"] == "cpu" else RUNS_ON_GPU
    if type(column["runs"]) is not int or column["runs"] < least:
        yield f"runs is {column['runs']!r}, and at least {least} are needed"
    elif (column["runs"] > 1) is not ("spread" in column):
        yield "spread belongs to several runs, and to them only"
    kinds = [("losses", column["losses"]), *((("spread", column["spread"]),) if "spread" in column else ())]
    complete = True
    for kind, found in kinds:
        for program in {*data["programs"], *found}:
            if program not in found or program not in data["programs"]:
                yield f"{kind} of {program}: only on one side"
                complete = False
            else:
                for one in _series(data["steps"], program, found[program]):
                    yield f"{kind} of {program}: {one}"
                    complete = False
        if kind == "spread" and complete and any(x is not None and x < 0 for _, x in _numbers(found)):
            yield "spread is negative"
    if complete and JUDGE.name in data["columns"]:
        yield from _begins(column["losses"], data["columns"][JUDGE.name]["losses"])


def _series(steps: int, program: str, found: Mapping[str, Any]) -> Iterator[str]:
    if set(found) != set(PROGRAMS[program].goals):
        yield f"has {', '.join(sorted(found))}; expected {', '.join(PROGRAMS[program].goals)}"
        return
    for goal, losses in found.items():
        if len(losses) != steps:
            yield f"{goal} has {len(losses)} steps, not {steps}"
        elif not all(one is None or (type(one) is float and math.isfinite(one)) for one in losses):
            yield f"{goal} has something that is neither a finite float nor null"


def _numbers(found: Mapping[str, Any]) -> Iterator[tuple[str, float | None]]:
    for program, goals in found.items():
        for losses in goals.values():
            yield from ((program, one) for one in losses)


def _begins(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[str]:
    for program, goals in ours.items():
        goal = PROGRAMS[program].goals[0]  # the first loss of all: nobody has taken a step yet
        first = relative(goals[goal][:1], theirs[program][goal][:1])
        if first[0] > FIRST:
            yield f"{program}: the first loss is {first[0]:.0%} away from the judge's, so it began elsewhere"
