"""Where records lie, how they are read, and how they are written."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CPU = "torch-cpu"

#: The key of a scenario that draws nothing: its record holds for every seed.
ANY_SEED = "any"


def path(topic: str, where: str = CPU, hidden: bool = False) -> Path:
    """Return the file of one topic in the record called ``where``."""
    folder = HERE / where / "hidden" if hidden else HERE / where
    return folder / f"{topic}.json"


@functools.cache
def read(file: Path) -> dict[str, Any]:
    """Return a file's content; a file that does not exist is an empty record."""
    if not file.is_file():
        return {"provenance": {}, "observations": {}}
    content: dict[str, Any] = json.loads(file.read_text(encoding="ascii"))
    return content


def topics(where: str, hidden: bool) -> list[str]:
    """Return the topics that have a file in this record."""
    return sorted(file.stem for file in path("x", where, hidden).parent.glob("*.json"))


def write(file: Path, provenance: dict[str, Any], observations: dict[str, Any]) -> None:
    """Write a record: sorted, and one line per observation, so that diffs can be read."""
    lines = ["{", f' "provenance": {json.dumps(provenance, sort_keys=True)},', ' "observations": {']
    entries = [_entry(id, observations[id]) for id in sorted(observations)]
    text = "\n".join([*lines, ",\n".join(entries), " }", "}"]) + "\n"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="ascii", newline="\n")
    read.cache_clear()


def _entry(id: str, by_seed: dict[str, Any]) -> str:
    seeds = []
    for seed in sorted(by_seed):
        rows = ",\n".join("   " + json.dumps(row, allow_nan=False) for row in by_seed[seed])
        seeds.append(f"  {json.dumps(seed)}: [\n{rows}\n  ]")
    return f" {json.dumps(id)}: {{\n" + ",\n".join(seeds) + "\n }"
