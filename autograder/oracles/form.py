"""The form of all records: whether each is whole, says where it comes from, and lies where it belongs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.oracles import files, repeat, simple
from autograder.oracles.seen import SEEDS, knows
from course.compare import provenance as origin
from course.compare.backends import DTYPES
from course.scenarios.observation import Observation, Observations
from course.scenarios.registry import get


def problems() -> list[str]:
    """Return everything that is wrong with any recorded file, each with the file's place."""
    if knows(hidden=True):
        import autograder.hidden

        autograder.hidden.load()
    found = []
    for where in (files.CPU, simple.WHERE):
        for file in sorted((files.HERE / where).rglob("*.json")):
            found += [f"{_place(file)}: {one}" for one in _of_cpu(file)]
    for device in origin.GPUS:
        for file in sorted((files.HERE / device).rglob("*")):
            if file.is_file() and file != files.HERE / device / "README.md":
                found += [f"{_place(file)}: {one}" for one in _of_gpu(file, device)]
    return found


def _place(file: Path) -> str:
    return f"autograder/oracles/{file.relative_to(files.HERE).as_posix()}"


def _of_cpu(file: Path) -> list[str]:
    content = _content(file)
    if isinstance(content, str):
        return [content]
    if content["provenance"].get("device") != "cpu":
        return [f"recorded on {content['provenance'].get('device')}, and this is the folder of the CPU's record"]
    found = []
    for id, entry in content["observations"].items():
        for one in _leaves(entry):
            if one.device or one.spread:
                found.append(f"{id}: {one.label} comes from a device of its own")
    return found


def _of_gpu(file: Path, device: str) -> list[str]:
    parts = file.relative_to(files.HERE / device).parts
    hidden = "hidden" in parts
    if file.suffix != ".json" or len(parts) != 3 + hidden or (hidden and parts[2] != "hidden"):
        return ["only <gpu>/<dtype>/<topic>.json and <gpu>/<dtype>/hidden/<topic>.json belong here"]
    content = _content(file)
    if isinstance(content, str):
        return [content]
    facts = content["provenance"]
    if found := [*origin.problems(facts), *_misplaced(facts, device, parts)]:
        return found
    found = list(_wrong_ids(file, content, hidden))
    for id, entry in content["observations"].items():
        found += [f"{id}: {one}" for one in dict.fromkeys(_wrong_rows(entry, device))]
    if not found and file.read_text(encoding="ascii") != files.text(
        facts, content["observations"], content.get("products")
    ):
        found.append("is not as the recorder writes it: was it edited by hand?")
    return found


def _content(file: Path) -> Any:
    """Return what a file holds, or what is wrong with it."""
    try:
        content = json.loads(file.read_text(encoding="ascii"))
        rows = [row for entry in content["observations"].values() for rows in entry.values() for row in rows]
        for row in rows:
            Observation.from_json(row)
        if not rows or not isinstance(content["provenance"], dict):
            return "holds no observation, or no provenance"
        return content
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return f"cannot be read: {type(error).__name__}: {error}"


def _misplaced(facts: dict[str, str], device: str, parts: tuple[str, ...]) -> Iterator[str]:
    if facts["device"] != device:
        yield f"recorded on {facts['device']}, and this is the folder of {device}"
    elif origin.slug(facts) != parts[0]:
        yield f"recorded on {facts['hardware']}, which has the folder {origin.slug(facts)}"
    if facts.get("dtype") != parts[1] or parts[1] not in DTYPES[device]:
        yield f"recorded in {facts.get('dtype')}, which does not belong into the folder {parts[1]} of {device}"
    if device == "cuda" and facts.get("tf32") not in ("off", "matmul", "conv", "matmul and conv"):
        yield "provenance does not say what may use TF32"


def _wrong_ids(file: Path, content: dict[str, Any], hidden: bool) -> Iterator[str]:
    for id in {**content["observations"], **content.get("products", {})}:
        if id not in content["observations"]:
            yield f"{id}: products are counted, and nothing was observed"
        if id.partition(".")[0] != file.stem:
            yield f"{id} belongs into another file"
        elif knows(hidden) and not _known(id, hidden):
            yield f"there is no {'hidden' if hidden else 'public'} scenario {id}"


def _known(id: str, hidden: bool) -> bool:
    try:
        return get(id).hidden == hidden
    except KeyError:
        return False


def _wrong_rows(entry: dict[str, Any], device: str) -> Iterator[str]:
    if set(entry) not in ({files.ANY_SEED}, {str(seed) for seed in SEEDS}):
        yield f"recorded for the seeds {', '.join(sorted(entry))}"
    for one in _leaves(entry):
        if one.kind == "tensor" and one.device not in (device, "cpu"):
            yield f"{one.label}: a tensor on {one.device or 'no device'}, in the record of {device}"
        if one.kind != "tensor" and one.device:
            yield f"{one.label}: no tensor, and has a device"
        if one.spread:
            low, high, size = one.spread.low, one.spread.high, len(one.value) if one.kind == "tensor" else 1
            if one.spread.runs < repeat.RUNS:
                yield f"{one.label}: a spread over {one.spread.runs} runs, and {repeat.RUNS} are wanted"
            if not (len(low) == len(high) == size and all(a <= b for a, b in zip(low, high, strict=True))):
                yield f"{one.label}: a spread that is none"


def _leaves(entry: dict[str, Any]) -> Iterator[Observation]:
    """Give all observations of a scenario that hold no others."""
    waiting = [one for rows in entry.values() for one in Observations.from_json(rows)]
    while waiting:
        one = waiting.pop()
        if one.kind in ("list", "dict"):
            waiting += one.value
        else:
            yield one
