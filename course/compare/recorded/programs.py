"""What small programs (scenarios) did on GPUs, as recorded: columns for a comparison.

The records lie with the grader's, in ``autograder/oracles/<kind of device>/<gpu>/<dtype>/``, as plain data.
They are read here as files: `course` imports nothing of the grader.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.compare.provenance import GPUS, title
from course.scenarios import Scenario
from course.scenarios.observation import Observations

HERE = Path(__file__).resolve().parents[3] / "autograder" / "oracles"

#: The entry of a program that draws nothing: it holds for every seed.
_ANY_SEED = "any"


@dataclass(frozen=True)
class Seen:
    """What one GPU did in one scenario.

    Attributes
    ----------
    title
        ``recorded on <GPU>, torch <version>, <date>``.
    device
        ``cuda`` or ``mps``.
    observations
        What was seen.
    tf32
        How many of the products may have been done with TF32.
    date
        The day, as ``2026-11-22``.
    """

    title: str
    device: str
    observations: Observations
    tf32: int
    date: str


def seen(scenario: Scenario, seed: int = 0, dtype: str = "float64", device: str | None = None) -> list[Seen]:
    """Return what GPUs were recorded to do in a scenario, the latest record first; empty if none was.

    Parameters
    ----------
    device
        ``cuda`` or ``mps``; None for both.
    """
    found = []
    for kind in (device,) if device else GPUS:
        for folder in _folders(kind, dtype):
            content = _read((folder / "hidden" if scenario.hidden else folder) / f"{scenario.topic}.json")
            by_seed = content["observations"].get(scenario.id, {})
            rows = by_seed.get(_ANY_SEED, by_seed.get(str(seed)))
            if rows is not None:
                facts = content["provenance"]
                tf32 = _tf32(content.get("products", {}).get(scenario.id, (0, 0)), facts.get("tf32", ""))
                found.append(Seen(title(facts), kind, Observations.from_json(rows, dtype), tf32, facts["date"]))
    return sorted(found, key=lambda one: one.date, reverse=True)


def any_recorded(device: str | None = None) -> bool:
    """Return whether any program was recorded on a GPU of this kind (None for any kind)."""
    return any(next(_folders(kind, "*"), None) for kind in ((device,) if device else GPUS))


def _folders(kind: str, dtype: str) -> Iterator[Path]:
    return (folder for folder in sorted((HERE / kind).glob(f"*/{dtype}")) if any(folder.rglob("*.json")))


def _tf32(products: Any, allowed: str) -> int:
    """Count the products that TF32 was allowed for; `allowed` names ``matmul`` and ``conv``."""
    matmuls, convs = products
    return int(matmuls * ("matmul" in allowed) + convs * ("conv" in allowed))


@functools.lru_cache(64)
def _parsed(file: Path, changed: int) -> Any:
    return json.loads(file.read_text(encoding="ascii"))


def _read(file: Path) -> Any:
    if not file.is_file():
        return {"provenance": {}, "observations": {}}
    return _parsed(file, file.stat().st_mtime_ns)
