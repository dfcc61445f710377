"""Results that were made elsewhere: seen to be what their names say, and taken over."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from autograder.batch.marker import Marker
from autograder.batch.result import NAME, Result
from autograder.exercises import exercises

LARGEST = 16 * 2**20  # bytes of a result


@dataclass
class Taken:
    """What came of taking results over.

    Attributes
    ----------
    new, known : int
        How many were copied, and how many were here already.
    strange : int
        How many belong to no submission here: to another course, an older submission, or another version.
    refused : list of str
        Files that are no results, each with the reason.
    """

    new: int = 0
    known: int = 0
    strange: int = 0
    refused: list[str] = field(default_factory=list)


def take(marker: Marker, folders: Iterable[Path], wanted: Collection[str]) -> Taken:
    """Copy results from folders into the course's own store.

    Parameters
    ----------
    marker : Marker
        Of the lesson.
    folders : iterable of Path
        Course directories, or folders with result files anywhere below.
    wanted : collection of str
        The names of the results that submissions here have.
    """
    taken = Taken()
    for folder in folders:
        for path in sorted(folder.rglob("*.json")):
            if not NAME.fullmatch(path.stem):
                continue  # the ledger, or whatever else lies there
            if path.stem not in wanted:
                taken.strange += 1
                continue
            if marker.store.get(marker.lesson, path.stem) is not None:
                taken.known += 1
                continue
            try:
                marker.store.put(checked(path, marker.lesson))
                taken.new += 1
            except (OSError, ValueError) as error:
                taken.refused.append(f"{path}: {error}")
    return taken


def checked(path: Path, lesson: str) -> Result:
    """Read a result file from elsewhere.

    Raises
    ------
    ValueError
        If it is not the result that its name says, or has points that cannot be.
    """
    if path.is_symlink() or path.stat().st_size > LARGEST:
        raise ValueError("is a link or too large")
    try:
        found = Result.from_json(path.read_text(encoding="utf-8"))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError("is damaged") from error
    if found.key != path.stem or found.lesson != lesson:
        raise ValueError("holds another result than its name says")
    most = {one.id: float(one.points) for one in exercises(lesson)}
    if {id: one.most for id, one in found.exercises.items()} != most:
        raise ValueError("has other exercises than this lesson")
    if not all(0 <= one.points <= one.most for one in found.exercises.values()):
        raise ValueError("has points that cannot be earned")
    return found
