"""Running a scenario on a GPU until one knows whether it is the same each time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from autograder.oracles import files
from autograder.oracles.seen import SEEDS, Unrecordable, refuse_unknown
from course.compare.backends import Backend
from course.scenarios.observation import Observation, Observations, observe
from course.scenarios.registry import Scenario
from course.scenarios.spread import Spread

#: So many equal runs are taken to be all equal.
ALIKE = 3

#: So many are made where they are not, and what is recorded is between which numbers they were.
RUNS = 20


def run(scenario: Scenario, engine: Backend, dtype: str) -> dict[str, Observations]:
    """Return what the device does, by seed; what differs from run to run has a spread.

    Raises
    ------
    Unrecordable
        If something other than a number differs, an exception escapes, or its message is unknown.
    """
    by_seed = {}
    for seed in SEEDS:
        runs = [observe(scenario, engine, seed, dtype) for _ in range(ALIKE)]
        for one in runs:
            refuse_unknown(scenario, one)
        if any(one.to_json() != runs[0].to_json() for one in runs):  # as JSON, nan equals nan
            runs += [observe(scenario, engine, seed, dtype) for _ in range(RUNS - ALIKE)]
            for one in runs[ALIKE:]:
                refuse_unknown(scenario, one)
        merged = merge(scenario.id, runs)
        if not merged.drew:
            return {files.ANY_SEED: merged}
        by_seed[str(seed)] = merged
    return by_seed


def merge(id: str, runs: Sequence[Observations]) -> Observations:
    """Make one observation of several: as it is where all are equal, else the middle one and the spread.

    Raises
    ------
    Unrecordable
        If they differ in anything that is no number, or in infinities or nan.
    """
    first = runs[0]
    if any([item.label for item in one] != [item.label for item in first] for one in runs):
        raise Unrecordable(f"{id} yields other labels when it is run again")
    items = tuple(_merged(f"{id}, {seen[0].label}", seen) for seen in zip(*runs, strict=True))
    return replace(first, items=items)


def _merged(place: str, seen: Sequence[Observation]) -> Observation:
    first = seen[0]
    if all(one.to_json() == first.to_json() for one in seen):
        return first
    if any((one.kind, one.dtype, one.shape, one.device) != _form(first) for one in seen):
        raise Unrecordable(f"{place}: kind, dtype, shape or device differ from run to run")
    if first.kind in ("list", "dict"):
        inner = [[item.label for item in one.value] for one in seen]
        if any(labels != inner[0] for labels in inner):
            raise Unrecordable(f"{place}: the items are others from run to run")
        rows = zip(*(one.value for one in seen), strict=True)
        return replace(first, value=[_merged(f"{place}{items[0].label}", items) for items in rows])
    if first.kind not in ("tensor", "number") or first.dtype == "bool":
        raise Unrecordable(f"{place}: differs from run to run, and is no number")
    return _spread(place, seen)


def _form(one: Observation) -> tuple[Any, ...]:
    return one.kind, one.dtype, one.shape, one.device


def _spread(place: str, seen: Sequence[Observation]) -> Observation:
    first = seen[0]
    flat = [one.value if first.kind == "tensor" else [one.value] for one in seen]
    columns = [sorted(column) for column in zip(*flat, strict=True)]
    if not all(math.isfinite(number) for column in columns for number in column):
        raise Unrecordable(f"{place}: differs from run to run, and not all numbers are finite")
    # The middle one is a number that was really seen, not an average of two.
    middle = [column[(len(column) - 1) // 2] for column in columns]
    spread = Spread(tuple(column[0] for column in columns), tuple(column[-1] for column in columns), len(seen))
    return replace(first, value=middle if first.kind == "tensor" else middle[0], spread=spread)
