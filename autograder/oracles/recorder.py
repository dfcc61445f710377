"""Recording what torch does, and checking that it still does. What runs on a GPU is in `autograder.oracles.gpu`."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path

from autograder.oracles import files, gpu, simple
from autograder.oracles.seen import SEEDS, Disagreement, Fresh, Unrecordable, knows, refuse_unknown, same
from course.compare.backends import Backend, backend
from course.compare.provenance import DEVICES, GPUS, provenance
from course.scenarios.observation import Observations, observe
from course.scenarios.registry import Scenario, scenarios

#: What is kept of the provenance of the record that everybody is graded on: torch does the same on every CPU.
_KEPT = ("torch", "device", "dtype", "date", "python", "numpy")


def record(device: str = "cpu", dtype: str | None = None, say: Callable[[str], None] = print) -> list[Path]:
    """Run every scenario on torch and write what it does; return the files that changed.

    A scenario whose observations agree with the record keeps its old entry, and a file
    with no new entry is not touched, so recording again leaves nothing to commit.

    Parameters
    ----------
    device
        ``cpu``, ``cuda`` or ``mps``. Records of different GPUs lie in different folders.
    dtype
        In which the inputs are drawn. None is float64 on the CPU, and on a GPU all that it has.
    say
        Called with one line for each scenario that could not be recorded on a GPU: the
        others are written all the same.

    Raises
    ------
    RuntimeError
        If torch or the device is not there.
    Unrecordable
        On the CPU, if torch raises a message in which no known phrase occurs, if an
        exception escapes from a scenario, or if two runs of it do not agree.
    """
    if _kind(device) in GPUS:
        return gpu.record(device, dtype, say)
    engine, dtype = backend("torch-cpu"), dtype or "float64"
    changed = []
    for where, hidden, fresh in _records(engine, dtype):
        for topic in {*fresh, *files.topics(where, hidden)}:
            file = files.path(topic, where, hidden)
            if topic not in fresh:
                file.unlink()
                changed.append(file)
            elif files.update(file, fresh[topic], _provenance(dtype)):
                changed.append(file)
    files.read.cache_clear()
    return sorted(changed)


def check(device: str = "cpu", dtype: str | None = None) -> list[Disagreement]:
    """Run every scenario on torch again; return where it and the record disagree.

    Raises
    ------
    RuntimeError
        If torch or the device is not there.
    Unrecordable
        As `record` does.
    """
    if _kind(device) in GPUS:
        return gpu.check(device, dtype)
    engine, dtype = backend("torch-cpu"), dtype or "float64"
    found: list[Disagreement] = []
    for where, hidden, fresh in _records(engine, dtype):
        for topic in sorted({*fresh, *files.topics(where, hidden)}):
            old = files.read(files.path(topic, where, hidden))["observations"]
            found += files.disagreements(fresh.get(topic, {}), old)
    return found


def _kind(device: str) -> str:
    if device not in DEVICES:
        raise ValueError(f"no device {device!r}: records are made on {', '.join(DEVICES)}")
    return device


def _records(engine: Backend, dtype: str) -> Iterator[tuple[str, bool, dict[str, dict[str, Fresh]]]]:
    """Make each record anew: its name, whether it is of hidden scenarios, and what was seen, by topic."""
    for hidden in (False, True):
        if knows(hidden):
            yield files.CPU, hidden, _run_all(engine, dtype, hidden)
    # A step is kept where the reference agrees, so who has no reference cannot make this one.
    if importlib.util.find_spec("course.parts") is not None:
        yield simple.WHERE, False, _run_simple(engine)


def _run_simple(engine: Backend) -> dict[str, dict[str, Fresh]]:
    by_topic: dict[str, dict[str, Fresh]] = {}
    graded = simple.graded()
    for scenario in scenarios(hidden=False):
        if scenario.id in graded and (seen := simple.seen(engine, scenario)):
            by_topic.setdefault(scenario.topic, {})[scenario.id] = Fresh(scenario, seen)
    return by_topic


def _run_all(engine: Backend, dtype: str, hidden: bool) -> dict[str, dict[str, Fresh]]:
    if hidden:
        importlib.import_module("autograder.hidden").load()
    by_topic: dict[str, dict[str, Fresh]] = {}
    for scenario in scenarios(hidden=hidden):
        fresh = Fresh(scenario, _run(scenario, engine, dtype), dtype)
        by_topic.setdefault(scenario.topic, {})[scenario.id] = fresh
    return by_topic


def _run(scenario: Scenario, engine: Backend, dtype: str) -> dict[str, Observations]:
    by_seed = {}
    for seed in SEEDS:
        once = observe(scenario, engine, seed, dtype)
        again = observe(scenario, engine, seed, dtype)
        if not same(once, again, scenario.ulps):
            raise Unrecordable(f"{scenario.id} gives other observations when it is run again")
        refuse_unknown(scenario, once)
        if not once.drew:
            return {files.ANY_SEED: once}
        by_seed[str(seed)] = once
    return by_seed


def _provenance(dtype: str) -> dict[str, str]:
    facts = provenance("cpu", dtype)
    return {key: facts[key] for key in _KEPT}
