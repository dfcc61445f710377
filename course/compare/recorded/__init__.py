"""Measurements that were made on somebody's GPU, kept for those who have none.

What is read here was measured, on the machine and the day that its provenance
names, and is never mixed with what is measured now: a `Record` always brings its
title, ``recorded on ...``, and whoever shows its numbers shows the title.

Scenarios are recorded elsewhere (`autograder/oracles/`). Here are the two kinds
that are more than one program each: ``training`` and ``timing``.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.compare import provenance as origin

HERE = Path(__file__).parent

#: What is recorded, and the module that makes it and knows its format (``measure``, ``problems``).
KINDS = {"training": "course.compare.training", "timing": "course.compare.timing"}

#: What who has no GPU is told while nobody has recorded one.
NONE = "There is no GPU here, and none has been recorded yet."

_WIDE = 100

#: How the README begins while there is nothing, and what stands there once there is something.
_EMPTY = "Nothing yet. "
_FILLED = """\
The files here come from real GPUs, and each says from which. What is not recorded is not shown: no
number is ever made up.
"""


@dataclass(frozen=True)
class Record:
    """One measurement of one GPU.

    Attributes
    ----------
    kind
        ``training`` or ``timing``.
    name
        The file's name without ``.json``: kind of device and name of the GPU.
    provenance
        Where it comes from; see `course.compare.provenance`.
    data
        What ``measure`` of that kind returned.
    """

    kind: str
    name: str
    provenance: Mapping[str, str]
    data: Mapping[str, Any]

    @property
    def title(self) -> str:
        """``recorded on <GPU>, torch <version>, <date>``; to be shown wherever the data are."""
        return origin.title(self.provenance)


def read(kind: str) -> list[Record]:
    """Return all records of a kind, the latest first; an empty list while there is none.

    Raises
    ------
    ValueError
        If there is no such kind.
    """
    records = [Record(kind, file.stem, content["provenance"], content["data"]) for file, content in _files(kind)]
    return sorted(records, key=lambda one: one.provenance["date"], reverse=True)


def write(kind: str, data: Mapping[str, Any], provenance: Mapping[str, str]) -> Path:
    """Write what was measured on a GPU, in the place of an earlier record of the same GPU.

    Parameters
    ----------
    kind
        ``training`` or ``timing``.
    data
        What ``measure`` returned: JSON data without nan and infinity.
    provenance
        That of a GPU. What runs on a CPU everybody measures for themselves.

    Returns
    -------
    Path
        The file, in a folder named after the kind.

    Raises
    ------
    ValueError
        If there is no such kind, or the record would not pass `problems`.
    """
    text = _text({"provenance": dict(sorted(provenance.items())), "data": data})
    if found := _wrong(kind, json.loads(text)):
        raise ValueError(f"this is no record of {kind}: {'; '.join(found)}")
    file = HERE / kind / f"{_name(provenance)}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="ascii", newline="\n")
    _no_longer_empty(HERE / "README.md")
    return file


def _no_longer_empty(readme: Path) -> None:
    """Take the paragraph out of the README that says that there is nothing."""
    if readme.is_file():
        paragraphs = readme.read_text(encoding="ascii").split("\n\n")
        kept = [_FILLED.rstrip() if one.startswith(_EMPTY) else one for one in paragraphs]
        readme.write_text("\n\n".join(kept), encoding="ascii", newline="\n")


def problems() -> list[str]:
    """Return everything that is wrong with any recorded file, each with the file's name."""
    found = []
    files = [file for kind in KINDS for file in (HERE / kind).glob("*")]
    readme = HERE / "README.md"
    if readme.is_file() and (_EMPTY in readme.read_text(encoding="ascii")) == bool(files):
        found.append(f"README.md says that there is {'nothing' if files else 'something'}, which is not so")
    for kind in KINDS:
        for file in sorted((HERE / kind).glob("*")):
            found += [f"{kind}/{file.name}: {one}" for one in _wrong_file(kind, file)]
    return found


def _wrong_file(kind: str, file: Path) -> list[str]:
    if file.suffix != ".json":
        return ["only records (.json) belong here"]
    try:
        text = file.read_text(encoding="ascii")
        content = json.loads(text)
    except ValueError as error:
        return [f"cannot be read: {error}"]
    if found := _wrong(kind, content):
        return found
    if file.stem != _name(content["provenance"]):
        return [f"its provenance asks for the name {_name(content['provenance'])}.json"]
    return [] if text == _text(content) else ["is not as `write` writes it: was it edited by hand?"]


def _wrong(kind: str, content: Any) -> list[str]:
    """Say what is wrong with one record: its provenance first, then its data."""
    if not isinstance(content, dict) or set(content) != {"provenance", "data"}:
        return ["a record has provenance and data, and nothing else"]
    facts = content["provenance"]
    if found := origin.problems(facts):
        return found
    if facts["device"] not in origin.GPUS:
        return [f"recorded on {facts['device']}, and only what was measured on a GPU is kept"]
    found = importlib.import_module(_module(kind)).problems(content["data"])
    if not found and not any(one["device"] == facts["device"] for one in content["data"]["columns"].values()):
        found = [f"recorded on {facts['device']}, and no column was measured there"]
    return found


def _name(provenance: Mapping[str, str]) -> str:
    return f"{provenance['device']}-{origin.slug(provenance)}"


def _module(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"nothing is recorded as {kind!r}; there are {', '.join(KINDS)}")
    return KINDS[kind]


def _files(kind: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    _module(kind)
    for file in sorted((HERE / kind).glob("*.json")):
        yield file, json.loads(file.read_text(encoding="ascii"))


def _text(content: Any, indent: str = "") -> str:
    """Return JSON with what is short on one line, so that a diff shows which measurement changed."""
    flat = json.dumps(content, allow_nan=False)
    plain = isinstance(content, list) and not any(isinstance(one, list | dict) for one in content)
    if plain or len(flat) <= _WIDE or not isinstance(content, list | dict):
        return flat + ("" if indent else "\n")
    deeper = indent + " "
    if isinstance(content, dict):
        rows = [f"{deeper}{json.dumps(key)}: {_text(value, deeper)}" for key, value in content.items()]
    else:
        rows = [deeper + _text(value, deeper) for value in content]
    ends = "{}" if isinstance(content, dict) else "[]"
    return "\n".join([ends[0], ",\n".join(rows), indent + ends[1]]) + ("" if indent else "\n")
