"""Lesson text and parts become nbgrader notebooks, the same bytes every time."""

from __future__ import annotations

import ast
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from autograder.exercises import exercises
from course import build as builder
from course.build import BuildError, build, check
from course.building.compare import differing
from course.building.solution import PartModule, solution_cell
from course.building.stubs import CODE_STUB, name_gaps

LESSON = "l05_toy"
TEXT = """\
# %% [markdown]
# # A toy lesson

# %%
import numpy as np
from autograder import grade

# %% tags=["exercise:box", "points:5"]
from course.parts.l05_toy import Box

# %% tags=["grade:box"]
grade("box", Box=Box)

# %% tags=["exercise:double", "points:2.5"]
from course.parts.l05_toy import double

# %% tags=["grade:double"]
grade("double", double=double, Box=Box)
"""
PARTS = '''\
"""A toy."""

from __future__ import annotations

import math
from collections.abc import (
    Callable,
)

import numpy as np


def _half(x: float) -> float:
    return x / 2  # SECRET


class Box:
    """Holds a value."""

    __slots__ = ("secret_value",)

    def __init__(
        self, value: float = 1.0  # a colon: here
    ) -> None:
        # SECRET: a comment in front
        self.secret_value = np.float64(_half(value))

    def get(self) -> float:
        """Return it."""
        return self.secret_value * 2
        # SECRET: a comment behind

    def _secret(self) -> None:
        """SECRET helper."""


def double(f: Callable[[float], float]) -> float:
    """Return twice ``f(1)``."""
    def inner(x: float) -> float:
        """SECRET inner docstring."""
        return math.floor(2) * f(x)

    return inner(Box(1.0).get())
'''
POINTS = {"box": 5.0, "double": 2.5}


@pytest.fixture
def toy(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one small lesson, and a part of an earlier lesson and of a later one."""
    (tmp_path / "course" / "lessons").mkdir(parents=True)
    (tmp_path / "course" / "parts").mkdir()
    (tmp_path / "course" / "lessons" / f"{LESSON}.py").write_text(TEXT)
    (tmp_path / "course" / "parts" / f"{LESSON}.py").write_text(PARTS)
    (tmp_path / "course" / "parts" / "l04_before.py").write_text("BEFORE = 1\n")
    (tmp_path / "course" / "parts" / "l06_after.py").write_text("AFTER = 1\n")
    shutil.copy(root / "nbgrader_config.py", tmp_path)
    return tmp_path


def made(folder: Path, step: str) -> dict[str, Any]:
    path = folder / step / LESSON / f"{LESSON}.ipynb"
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


def cells(folder: Path, step: str) -> dict[str, dict[str, Any]]:
    """The cells that nbgrader knows, by grade_id."""
    return {
        cell["metadata"]["nbgrader"]["grade_id"]: cell
        for cell in made(folder, step)["cells"]
        if "nbgrader" in cell["metadata"]
    }


@pytest.fixture
def built(toy: Path) -> Path:
    build(root=toy, say=lambda line: None)
    return toy


def test_nothing_of_a_solution_is_released(built: Path) -> None:
    for path in (built / "release").rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert "SECRET" not in text
            assert "secret_value" not in text
            assert "math.floor" not in text


def test_the_author_sees_the_whole_solution(built: Path) -> None:
    source = "".join(cells(built, "source")["box"]["source"])
    namespace: dict[str, Any] = {"np": __import__("numpy")}
    exec(source, namespace)
    assert namespace["Box"](3.0).get() == 3.0


def test_the_stub_keeps_the_specification_and_says_what_to_write(built: Path) -> None:
    stub = "".join(cells(built, "release")["box"]["source"])
    namespace: dict[str, Any] = {"np": __import__("numpy")}
    exec(stub, namespace)
    box = namespace["Box"]
    assert box.__doc__ == "Holds a value."
    assert box.get.__doc__ == "Return it."
    with pytest.raises(NotImplementedError, match=r"^write Box.__init__$"):
        box()
    with pytest.raises(NotImplementedError, match=r"^write Box.get$"):
        box.get(object.__new__(box))
    function = "".join(cells(built, "release")["double"]["source"])
    exec(function, namespace)
    with pytest.raises(NotImplementedError, match=r"^write double$"):
        namespace["double"](abs)


def test_a_cell_brings_the_imports_it_needs_and_no_others(built: Path) -> None:
    box = "".join(cells(built, "source")["box"]["source"])
    double = "".join(cells(built, "source")["double"]["source"])
    assert "import numpy" not in box, "an earlier cell of the notebook brings it"
    assert double.startswith("import math\nfrom collections.abc import Callable\n")


def test_nbgrader_metadata(built: Path) -> None:
    for step in ("source", "release"):
        known = cells(built, step)
        assert list(known) == ["box", "grade-box", "double", "grade-double"]
        for exercise, points in POINTS.items():
            solution = known[exercise]["metadata"]["nbgrader"]
            check_cell = known[f"grade-{exercise}"]["metadata"]["nbgrader"]
            assert (solution["solution"], solution["grade"], solution["locked"]) == (True, False, False)
            assert (check_cell["solution"], check_cell["grade"], check_cell["locked"]) == (False, True, True)
            assert check_cell["points"] == points
        assert made(built, step)["metadata"]["kernelspec"]["name"] == "python3"
        assert all(not cell.get("outputs") for cell in made(built, step)["cells"])


def test_given_holds_the_parts_of_earlier_lessons_only(built: Path) -> None:
    for step in ("source", "release"):
        given = built / step / LESSON / "given"
        assert [path.name for path in given.iterdir()] == ["l04_before.py"]


def test_building_twice_gives_identical_bytes(built: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    again = tmp_path_factory.mktemp("again")
    build(root=built, into=again, say=lambda line: None)
    assert differing(again / "source", built / "source") == []
    assert differing(again / "release", built / "release") == []
    for path in (built / "release").rglob("*.ipynb"):
        assert b"\r" not in path.read_bytes()


def test_a_build_leaves_nothing_else_behind(built: Path) -> None:
    there = {path.name for path in built.iterdir()}
    assert there - {"__pycache__"} == {"course", "nbgrader_config.py", "release", "source"}


def test_check_names_what_is_stale_and_the_command(built: Path) -> None:
    assert check(root=built)
    assert str(check(root=built)) == "Everything built is up to date."
    part = built / "course" / "parts" / f"{LESSON}.py"
    part.write_text(part.read_text().replace("* 2", "* 3"))
    (built / "release" / LESSON / "stray.txt").write_text("left by somebody")
    found = check(root=built)
    assert not found
    assert found.stale == [
        f"source/{LESSON}/{LESSON}.ipynb is out of date",
        f"release/{LESSON}/stray.txt should not be there",
    ]
    assert str(found).endswith("Run: make build")


def test_cell_ids_depend_on_place_and_text_only(built: Path) -> None:
    before = [cell["id"] for cell in made(built, "source")["cells"]]
    assert len(set(before)) == len(before)
    lesson = built / "course" / "lessons" / f"{LESSON}.py"
    lesson.write_text(lesson.read_text().replace("toy lesson", "small lesson"))
    build(root=built, say=lambda line: None)
    after = [cell["id"] for cell in made(built, "source")["cells"]]
    assert [one == other for one, other in zip(before, after, strict=True)] == [False] + [True] * 5


BAD = {
    "no grade cell": (TEXT.replace('tags=["grade:double"]', ""), r"grade:double"),
    "grade cell too early": (TEXT.replace("exercise:box", "other:box"), r"after a cell exercise:box"),
    "two grade cells": (TEXT + '\n# %% tags=["grade:box"]\ngrade("box", Box=Box)\n', r"must come once"),
    "grades something else": (TEXT.replace('grade("box"', 'grade("double"'), r"end in grade\('box'"),
    "value hidden": (TEXT.replace("Box=Box)\n\n", "Box=Box);\n\n", 1), r"end in grade\('box'"),
    "no points": (TEXT.replace(', "points:5"', ""), r"exercise box needs a tag such as points:5"),
    "odd points": (TEXT.replace("points:5", "points:five"), r"'points:five' of exercise box is no number"),
    "not an import": (TEXT.replace("from course.parts.l05_toy import Box", "Box = 1"), r"must be one line"),
    "no such part": (TEXT.replace("import Box", "import Bax"), r"no function or class called Bax"),
    "no such module": (TEXT.replace("l05_toy import Box", "l05_try import Box"), r"no such file"),
}


@pytest.mark.parametrize(("text", "says"), BAD.values(), ids=BAD)
def test_a_lesson_that_cannot_work_is_refused(toy: Path, text: str, says: str) -> None:
    (toy / "course" / "lessons" / f"{LESSON}.py").write_text(text)
    with pytest.raises(BuildError, match=says):
        build(root=toy, say=lambda line: None)


def test_a_part_that_needs_what_the_notebook_lacks_is_refused(toy: Path) -> None:
    path = toy / "course" / "parts" / f"{LESSON}.py"
    path.write_text(PARTS.replace("_half", "half"))
    with pytest.raises(BuildError, match=r"Box uses 'half', which the student's notebook does not have"):
        solution_cell(PartModule.read(path), "Box")


def test_a_part_without_a_docstring_is_refused(toy: Path) -> None:
    path = toy / "course" / "parts" / f"{LESSON}.py"
    path.write_text(PARTS.replace('        """Return it."""\n', ""))
    with pytest.raises(BuildError, match=r"get has no docstring"):
        solution_cell(PartModule.read(path), "Box", frozenset({"np"}))


def test_an_unknown_lesson_is_named(toy: Path) -> None:
    with pytest.raises(BuildError, match=r"no lesson 'l99'; there are: l05_toy"):
        build(["l99"], root=toy)


def test_gaps_outside_functions_are_dropped() -> None:
    stub = "class A:\n    " + CODE_STUB.replace("\n", "\n    ") + "\n\n    def f(self):\n        "
    named = name_gaps(stub + CODE_STUB.replace("\n", "\n        "))
    assert named.count("raise NotImplementedError") == 1
    assert 'raise NotImplementedError("write A.f")' in named


@pytest.mark.xdist_group("pipeline")
def test_the_course_itself_is_up_to_date(root: Path) -> None:
    found = check(root=root)
    assert found, str(found)


def test_lesson_and_grader_agree_on_the_points(root: Path) -> None:
    for lesson in builder.lessons(root):
        worth = {}
        for cell in json.loads((root / "source" / lesson / f"{lesson}.ipynb").read_text(encoding="utf-8"))["cells"]:
            marks = cell["metadata"].get("nbgrader", {})
            if marks.get("grade"):
                worth[marks["grade_id"].removeprefix("grade-")] = marks["points"]
        assert worth == {exercise.id: exercise.points for exercise in exercises(lesson)}


def test_the_course_never_imports_the_grader(root: Path) -> None:
    for path in (root / "course").rglob("*.py"):
        if path.parent.name == "lessons":
            continue  # a lesson's grade cell is the one place
        text = path.read_text(encoding="utf-8")
        names = {node.module or "" for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)}
        names |= {a.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import) for a in node.names}
        assert not {name for name in names if name.partition(".")[0] == "autograder"}, path
