"""Where records lie, how they are read, and how they are written."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.oracles.seen import Disagreement, Fresh

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


def update(
    file: Path,
    fresh: Mapping[str, Fresh],
    provenance: dict[str, Any],
    products: dict[str, Any] | None = None,
) -> bool:
    """Write what was seen just now, if it is not what the file says; return whether it was written.

    Parameters
    ----------
    products
        For each scenario that has any, its matrix products and convolutions, where a tolerance needs them.
    """
    content = read(file)
    old = content["observations"]
    new = {id: one.entry(old.get(id)) for id, one in fresh.items()}
    if new == old and (products or {}) == content.get("products", {}):
        return False
    write(file, provenance, new, products)
    return True


def disagreements(fresh: Mapping[str, Fresh], old: Mapping[str, Any]) -> list[Disagreement]:
    """Return where what was seen just now and what was recorded of one topic say different things."""
    found: list[Disagreement] = []
    for id in sorted({*old, *fresh}):
        if id not in fresh:
            found.append(Disagreement(id, "", "", "recorded, but there is no such scenario"))
        elif id not in old:
            found.append(Disagreement(id, "", "", "not recorded"))
        else:
            found += fresh[id].against(old[id])
    return found


def write(
    file: Path, provenance: dict[str, Any], observations: dict[str, Any], products: dict[str, Any] | None = None
) -> None:
    """Write a record; see `text`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text(provenance, observations, products), encoding="ascii", newline="\n")
    read.cache_clear()


def text(provenance: dict[str, Any], observations: dict[str, Any], products: dict[str, Any] | None = None) -> str:
    """Return a record as text: sorted, and one line per observation, so that diffs can be read."""
    lines = ["{", f' "provenance": {json.dumps(provenance, sort_keys=True)},']
    if products:
        lines.append(f' "products": {json.dumps(products, sort_keys=True)},')
    entries = [_entry(id, observations[id]) for id in sorted(observations)]
    return "\n".join([*lines, ' "observations": {', ",\n".join(entries), " }", "}"]) + "\n"


def _entry(id: str, by_seed: dict[str, Any]) -> str:
    seeds = []
    for seed in sorted(by_seed):
        rows = ",\n".join("   " + json.dumps(row, allow_nan=False) for row in by_seed[seed])
        seeds.append(f"  {json.dumps(seed)}: [\n{rows}\n  ]")
    return f" {json.dumps(id)}: {{\n" + ",\n".join(seeds) + "\n }"
