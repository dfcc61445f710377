"""Recording what torch does, and checking that it still does."""

from __future__ import annotations

import datetime
import importlib
import importlib.util
import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder.oracles import files, simple
from course.compare.backends import Backend, backend
from course.scenarios.differences import differences
from course.scenarios.observation import Observation, Observations, observe
from course.scenarios.registry import Scenario, scenarios

#: The seeds that are recorded, and therefore those that a submission is graded on.
SEEDS = (0, 1, 2)


class Unrecordable(RuntimeError):
    """A scenario that may not enter the record, and why."""


@dataclass(frozen=True)
class Disagreement:
    """One place where torch, run now, and the record say different things."""

    scenario: str
    seed: str
    label: str
    why: str

    def __str__(self) -> str:
        place = f"{self.scenario} (seed {self.seed})" if self.seed else self.scenario
        return f"{place}: {self.label}: {self.why}" if self.label else f"{place}: {self.why}"


def record(device: str = "cpu", dtype: str = "float64") -> list[Path]:
    """Run every scenario on torch and write what it does; return the files that changed.

    A scenario whose observations agree with the record keeps its old entry, and a file
    with no new entry is not touched, so recording again leaves nothing to commit.

    Parameters
    ----------
    device
        ``cpu`` or ``cuda``. Records of different GPUs lie in different folders.

    Raises
    ------
    RuntimeError
        If torch or the device is not there.
    Unrecordable
        If torch raises a message in which no known phrase occurs, if an exception
        escapes from a scenario, or if two runs of it do not agree.
    """
    engine = _engine(device)
    changed = []
    for where, hidden, fresh in _records(engine, dtype):
        for topic in {*fresh, *files.topics(where, hidden)}:
            file = files.path(topic, where, hidden)
            if topic not in fresh:
                file.unlink()
                changed.append(file)
            elif _update(file, fresh[topic], _provenance(engine, dtype)):
                changed.append(file)
    files.read.cache_clear()
    return sorted(changed)


def check(device: str = "cpu", dtype: str = "float64") -> list[Disagreement]:
    """Run every scenario on torch again; return where it and the record disagree.

    Raises
    ------
    RuntimeError
        If torch or the device is not there.
    Unrecordable
        As `record` does.
    """
    engine = _engine(device)
    found: list[Disagreement] = []
    for where, hidden, fresh in _records(engine, dtype):
        for topic in sorted({*fresh, *files.topics(where, hidden)}):
            old = files.read(files.path(topic, where, hidden))["observations"]
            new = fresh.get(topic, {})
            for id in sorted({*old, *new}):
                if id not in new:
                    found.append(Disagreement(id, "", "", "recorded, but there is no such scenario"))
                elif id not in old:
                    found.append(Disagreement(id, "", "", "not recorded"))
                else:
                    found += _compare(new[id], old[id])
    return found


@dataclass(frozen=True)
class _Fresh:
    """What torch did just now in one scenario, by seed."""

    scenario: Scenario
    by_seed: dict[str, Observations]


def _engine(device: str) -> Backend:
    if device not in ("cpu", "cuda"):
        raise ValueError(f"no device {device!r}: records are made on cpu or cuda")
    return backend(f"torch-{device}")


def _where(engine: Backend) -> str:
    if engine.device == "cpu":
        return files.CPU
    return "cuda/" + re.sub(r"[^a-z0-9]+", "-", _gpu(engine).lower()).strip("-")


def _gpu(engine: Backend) -> str:
    return str(engine.T.cuda.get_device_name())


def _knows(hidden: bool) -> bool:
    """Students have no hidden scenarios: their absence must not look like a change."""
    return not hidden or importlib.util.find_spec("autograder.hidden") is not None


def _records(engine: Backend, dtype: str) -> Iterator[tuple[str, bool, dict[str, dict[str, _Fresh]]]]:
    """Make each record anew: its name, whether it is of hidden scenarios, and what was seen, by topic."""
    for hidden in (False, True):
        if _knows(hidden):
            yield _where(engine), hidden, _run_all(engine, dtype, hidden)
    # A step is kept where the reference agrees, so who has no reference cannot make this one.
    if engine.device == "cpu" and importlib.util.find_spec("course.parts") is not None:
        yield simple.WHERE, False, _run_simple(engine)


def _run_simple(engine: Backend) -> dict[str, dict[str, _Fresh]]:
    by_topic: dict[str, dict[str, _Fresh]] = {}
    graded = simple.graded()
    for scenario in scenarios(hidden=False):
        if scenario.id in graded and (seen := simple.seen(engine, scenario)):
            by_topic.setdefault(scenario.topic, {})[scenario.id] = _Fresh(scenario, seen)
    return by_topic


def _run_all(engine: Backend, dtype: str, hidden: bool) -> dict[str, dict[str, _Fresh]]:
    if hidden:
        importlib.import_module("autograder.hidden").load()
    by_topic: dict[str, dict[str, _Fresh]] = {}
    for scenario in scenarios(hidden=hidden):
        fresh = _Fresh(scenario, _run(scenario, engine, dtype))
        by_topic.setdefault(scenario.topic, {})[scenario.id] = fresh
    return by_topic


def _run(scenario: Scenario, engine: Backend, dtype: str) -> dict[str, Observations]:
    by_seed = {}
    for seed in SEEDS:
        once = observe(scenario, engine, seed, dtype)
        again = observe(scenario, engine, seed, dtype)
        if not _same(once, again, scenario.ulps):
            raise Unrecordable(f"{scenario.id} gives other observations when it is run again")
        _refuse_unknown(scenario, once)
        if not once.drew:
            return {files.ANY_SEED: once}
        by_seed[str(seed)] = once
    return by_seed


def _refuse_unknown(scenario: Scenario, observations: Observations) -> None:
    for top in observations:
        if top.label == "raised":
            said = f"{top.value['type']}: {top.message}"
            raise Unrecordable(f"an exception escapes from {scenario.id}, use attempt(): {said}")
        for one in _exceptions(top):
            if not one.value["keywords"]:
                raise Unrecordable(
                    f"{scenario.id}, {top.label}: no phrase of course/scenarios/keywords.py "
                    f"occurs in {one.value['type']}: {one.message}"
                )


def _exceptions(observation: Observation) -> Iterator[Observation]:
    if observation.kind == "raised":
        yield observation
    elif observation.kind in ("list", "dict"):
        for item in observation.value:
            yield from _exceptions(item)


def _same(one: Observations, other: Observations, ulps: float) -> bool:
    if [item.label for item in one] != [item.label for item in other]:
        return False
    # Both ways: of two exceptions, the one with more phrases contains the other.
    return not differences(one, other, ulps) and not differences(other, one, ulps)


def _update(file: Path, fresh: dict[str, _Fresh], provenance: dict[str, str]) -> bool:
    old = files.read(file)["observations"]
    new = {id: _entry(one, old.get(id)) for id, one in fresh.items()}
    if new == old:
        return False
    files.write(file, provenance, new)
    return True


def _entry(fresh: _Fresh, old: dict[str, Any] | None) -> dict[str, Any]:
    if old is not None and set(old) == set(fresh.by_seed) and not _compare(fresh, old):
        return old
    return {seed: seen.to_json() for seed, seen in fresh.by_seed.items()}


def _compare(fresh: _Fresh, old: dict[str, Any]) -> list[Disagreement]:
    id = fresh.scenario.id
    if set(old) != set(fresh.by_seed):
        return [Disagreement(id, "", "", "recorded for other seeds")]
    found = []
    for seed, seen in fresh.by_seed.items():
        recorded = Observations.from_json(old[seed])
        if _same(recorded, seen, fresh.scenario.ulps):
            continue
        ones = differences(recorded, seen, fresh.scenario.ulps)
        found += [Disagreement(id, seed, one.label, f"{one.what} differs") for one in ones]
        if not ones:
            found.append(Disagreement(id, seed, "", "order or messages differ"))
    return found


def _provenance(engine: Backend, dtype: str) -> dict[str, str]:
    facts = {
        "torch": str(engine.T.__version__),
        "device": engine.device,
        "dtype": dtype,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }
    if engine.device == "cuda":
        facts["gpu"] = _gpu(engine)
    return facts
