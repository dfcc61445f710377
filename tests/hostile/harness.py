"""Grades a hostile submission between two honest ones, and looks at what is left of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
import warnings
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autograder.batch import marker as marking
from autograder.batch.marker import Marker
from autograder.batch.outputs import graded
from autograder.batch.result import ExerciseResult, Result
from autograder.exercises import Exercise, exercises, get
from autograder.sandbox.layers import probe
from autograder.sandbox.transplant import Carried
from tests.hostile.case import LESSON, RIGHT, Case

#: The neighbours: one is right, the other one counts memory twice that two values share.
HONEST = {
    "right": RIGHT,
    "wrong": RIGHT | {"saved-bytes": RIGHT["saved-bytes"].replace("value.data_ptr()", "id(value)")},
}
# What they are judged by, to save time: some checks of one exercise, which tell the two apart.
CHECKS = ("saved.bytes-of-shared-memory", "saved.bytes-of-a-diamond")
NEIGHBOURS = replace(get("saved-bytes"), scenarios=CHECKS, hidden=get("saved-bytes").hidden[:1])
LONGEST = 400  # characters of a line that anybody reads


class Ground:
    """A course directory and one warm marker, on which all cases are graded.

    Parameters
    ----------
    course : Path
        The course directory.
    temporary : Path
        The folder for temporary files.
    """

    def __init__(self, course: Path, temporary: Path) -> None:
        self.course, self.temporary = course, temporary
        self.marker = Marker(course, LESSON)
        self._turn = 0
        self.judge(Carried(dict(RIGHT)), RIGHT)  # with all checks
        self._first = {name: self._of(name) for name in HONEST}

    def _of(self, name: str) -> Result:
        """Judge a neighbour, anew each time."""
        return self._judge(Carried(dict(HONEST[name])), [NEIGHBOURS])

    def judge(self, carried: Carried, ids: Collection[str]) -> Result:
        """Judge some exercises of a submission."""
        return self._judge(carried, [one for one in exercises(LESSON) if one.id in ids])

    def _judge(self, carried: Carried, chosen: list[Exercise]) -> Result:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(marking, "exercises", lambda lesson: chosen)
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # what a student warns of is not for anybody's terminal
                return self.marker.judge(carried)

    def check_neighbour(self) -> None:
        """Judge the next neighbour, in turn one of each kind: points and words are what they were at first."""
        name = ("right", "wrong")[self._turn % 2]
        self._turn += 1
        now, first = self._of(name), self._first[name]
        assert now.exercises == first.exercises
        assert replace(now, seconds=0) == replace(first, seconds=0)
        assert (now.points == 3) == (name == "right")

    def check(self, case: Case) -> Result:
        """Grade a case after one neighbour and before the other; see that nothing is left of it."""
        folder = self.course / "submitted" / case.id / LESSON
        file = case.put(folder, self.course)
        before = self.surroundings()
        started = time.monotonic()
        carried = self.marker.carry(file)
        result = self.judge(carried, case.points)
        seconds = time.monotonic() - started
        self.check_neighbour()
        assert self.surroundings() == before, "something was left"
        assert {id: one.points for id, one in result.exercises.items()} == dict(case.points), told(result)
        assert case.student in told(result), told(result)
        assert case.instructor in "\n".join([*result.flags, result.unreadable]), result.flags
        assert seconds < case.seconds
        self._check_words(carried, result)
        shutil.rmtree(folder.parent)
        return result

    def _check_words(self, carried: Carried, result: Result) -> None:
        """All that anybody reads is plain text, of bounded length, and fits into a file."""
        printed = "\n".join(cell["printed"] for cell in result.cells.values())
        assert "WENT THROUGH" not in printed, printed
        lines = [line for one in result.exercises.values() for line in one.lines]
        assert all(line.isascii() and line.isprintable() and len(line) <= LONGEST for line in lines), lines
        for one in result.exercises.values():  # one verdict, and it is the judge's
            assert re.match(rf"[a-z-]+: {one.points:g} of {one.most:g} points\.", one.lines[0]), one.lines
            assert sum(" points." in line and line[0] not in " -" for line in one.lines) == 1, one.lines
        rest = {one.id: ExerciseResult(0.0, one.points, [f"{one.id}"]) for one in exercises(LESSON)}
        whole = replace(result, exercises={**rest, **result.exercises})
        notebook = graded(self.marker.source, self.marker.released, carried, whole)
        shown = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
        for output in shown:
            text = output["text"] if output["output_type"] == "stream" else output["data"]["text/plain"]
            assert set(output.get("data", ["text/plain"])) == {"text/plain"}
            assert len(text) <= 25_000
            assert all(line.isprintable() for line in re.split("[\n\t]", text)), text
        json.dumps(notebook, ensure_ascii=False).encode()
        assert Result.from_json(result.to_json()) == result

    def surroundings(self) -> dict[str, Any]:
        """Everything that a case could leave behind: processes, files, open files of the judge."""
        processes = self._processes()
        return {
            "processes": [name for _, name in processes],
            "course": _tree(self.course),
            "temporary": _tree(self.temporary),
            "inside": self._inside([pid for pid, _ in processes]),
            "descriptors": len(os.listdir("/proc/self/fd")),
        }

    def _processes(self) -> list[tuple[int, str]]:
        """The processes that descend from this one, or share a world with those that do."""
        parents, names, worlds = {}, {}, {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                name, _, rest = (entry / "stat").read_text().partition(") ")
                pid = int(entry.name)
                parents[pid], names[pid] = int(rest.split()[1]), name.partition("(")[2]
                worlds[pid] = os.readlink(entry / "ns" / "pid")
            except OSError:  # it ended just now, or is somebody else's
                continue
        found = {os.getpid()}
        while more := {pid for pid, parent in parents.items() if parent in found and pid not in found}:
            found |= more
        ours = {worlds.get(pid) for pid in found} - {worlds.get(os.getpid())}
        found |= {pid for pid, world in worlds.items() if world in ours}
        return sorted((pid, names[pid]) for pid in found - {os.getpid()})

    def _inside(self, processes: list[int]) -> list[str]:
        """What lies in the sandbox's own folder for files, which is in memory."""
        if "bubblewrap" not in probe().on:
            return []
        found: set[str] = set()
        for pid in processes:
            try:
                found |= {path.name for path in Path(f"/proc/{pid}/root/tmp").iterdir()}
            except OSError:
                continue
            if not (Path(f"/proc/{pid}/root") / "gradschool").exists():  # outside: that is everybody's folder
                return []
        return sorted(found)

    def close(self) -> None:
        """End everything."""
        self.marker.close()


def told(result: Result) -> str:
    """All that a student reads."""
    lines = [line for one in result.exercises.values() for line in one.lines]
    return "\n".join([*lines, *(f"{cell['printed']}{cell['error']}" for cell in result.cells.values())])


def _tree(folder: Path) -> dict[str, tuple[int, float]]:
    found = {}
    for path in sorted(folder.rglob("*")):
        seen = path.lstat()
        found[str(path.relative_to(folder))] = (seen.st_size if not path.is_dir() else 0, seen.st_mtime)
    return found
