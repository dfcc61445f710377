"""What came of one submission: one JSON file, named by everything it depends on.

The name is a digest of the student's texts, the lesson, what judges it and the limits. So a submission
that did not change costs nothing, a result from another machine can be trusted to be the same, and a run
that was killed goes on where it stopped.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from autograder.sandbox.transplant import Carried

VERSION = 1  # of the judge; raise it when the same submission may earn other points
ROOT = Path(__file__).resolve().parents[2]
# What decides about points and words. The lessons' texts come in as the notebook that is judged.
JUDGING = ("autograder", "course/models", "course/nptorch", "course/parts", "course/scenarios", "course/compare")
_SUFFIXES = (".py", ".json")
NAME = re.compile(r"[0-9a-f]{64}")  # of a result


@dataclass(frozen=True)
class ExerciseResult:
    """One exercise: points, what the student reads, and what failed.

    Attributes
    ----------
    points, most : float
        Earned, and to be earned.
    lines : list of str
        The feedback.
    failed : list of list of str
        ``[scenario id, its question]`` of each scenario that failed.
    ideas : list of str
        What wrong idea may be behind it.
    """

    points: float
    most: float
    lines: list[str]
    failed: list[list[str]] = field(default_factory=list)
    ideas: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Result:
    """One submission.

    Attributes
    ----------
    key : str
        The digest that names it.
    lesson : str
        Lesson id.
    exercises : dict
        By exercise id.
    cells : dict
        For each solution cell, what it printed and how it failed: ``{"printed": ..., "error": ...}``.
    flags : list of str
        What a person should know about how the texts were found.
    unreadable : str
        Why the file is no notebook, if so.
    sandbox : str
        Which layers stood around the student's code, in one line.
    seconds : float
        Wall time that judging took.
    """

    key: str
    lesson: str
    exercises: dict[str, ExerciseResult]
    cells: dict[str, dict[str, str]] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    unreadable: str = ""
    sandbox: str = ""
    seconds: float = 0.0

    @property
    def points(self) -> float:
        """Points of the whole submission."""
        return sum(one.points for one in self.exercises.values())

    def to_json(self) -> str:
        """Write it down, the same bytes for the same result."""
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Result:
        """Read what `to_json` wrote.

        Raises
        ------
        ValueError, TypeError, KeyError
            If it is anything else.
        """
        return cls.from_plain(json.loads(text))

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Result:
        """Rebuild what `plain` returned; it raises as `from_json` does."""
        listed = {id: ExerciseResult(**one) for id, one in data["exercises"].items()}
        return cls(**{**data, "exercises": listed})


class Store:
    """Results in a folder, one file each.

    Parameters
    ----------
    folder : Path
        Made when the first result is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, lesson: str, key: str) -> Path:
        """Return where the result of this name is, or would be."""
        return self.folder / lesson / f"{key}.json"

    def get(self, lesson: str, key: str) -> Result | None:
        """Return a result, or None if there is none, or its file is damaged."""
        try:
            found = Result.from_json(self.path(lesson, key).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError, AttributeError):  # half written by something else: do it again
            return None
        return found if found.key == key and found.lesson == lesson else None

    def put(self, result: Result) -> Path:
        """Keep a result. The file appears whole or not at all, whenever the machine stops."""
        path = self.path(result.lesson, result.key)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(result.to_json())
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(name, path)
        return path


def key_of(carried: Carried, lesson: str, notebook: bytes, salt: str, limits: Iterable[object]) -> str:
    """Name the result of a submission by all that it depends on.

    Parameters
    ----------
    carried : Carried
        What was taken from the submission.
    lesson : str
        Lesson id.
    notebook : bytes
        The author's notebook.
    salt : str
        The course's secret, which chooses the inputs.
    limits : iterable
        Limits of time and memory.
    """
    told = [VERSION, judging(), lesson, hashlib.sha256(notebook).hexdigest(), salt, [str(one) for one in limits]]
    told += [sorted(carried.texts.items()), list(carried.flags), carried.unreadable]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


@functools.cache
def judging() -> str:
    """Digest of the code and the records that judge."""
    digest = hashlib.sha256()
    for path in files_that_judge():
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def files_that_judge() -> Iterator[Path]:
    """List the code and the records that judge, in a fixed order."""
    for name in JUDGING:
        for path in sorted((ROOT / name).rglob("*")):
            if path.suffix in _SUFFIXES and "examples" not in path.parts:
                yield path


def plain(result: Result) -> dict[str, Any]:
    """Return a result as plain data."""
    return asdict(result)
