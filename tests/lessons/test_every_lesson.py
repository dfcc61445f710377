"""What holds for every lesson, whoever wrote it: its text, its notebooks, and that they run."""

from __future__ import annotations

import ast
import json
import re
import shutil
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

from autograder.exercises import exercises
from autograder.sandbox.judge import Judge
from autograder.sandbox.transplant import grade_id, solutions, text_of
from autograder.sandbox.worker import Worker
from course.scenarios import get

ROOT = Path(__file__).resolve().parents[2]
LESSONS = sorted(path.stem for path in (ROOT / "course" / "lessons").glob("l[0-9][0-9]_*.py"))
GRADED = [lesson for lesson in LESSONS if exercises(lesson)]
LONGEST = 520  # lines of text: what can be read in one sitting


def text(lesson: str) -> str:
    return (ROOT / "course" / "lessons" / f"{lesson}.py").read_text(encoding="utf-8")


def cells(lesson: str) -> list[Any]:
    return list(jupytext.reads(text(lesson), fmt="py:percent").cells)


def code(lesson: str) -> str:
    return "\n".join(cell.source for cell in cells(lesson) if cell.cell_type == "code")


def notebook(folder: str, lesson: str) -> Any:
    return nbformat.read(ROOT / folder / lesson / f"{lesson}.ipynb", as_version=4)


def run(folder: str, lesson: str, tmp_path: Path, *, allow_errors: bool) -> Any:
    """Run a notebook in a copy of its folder, as JupyterLab would."""
    place = shutil.copytree(ROOT / folder / lesson, tmp_path / lesson)
    made = nbformat.read(place / f"{lesson}.ipynb", as_version=4)
    client = NotebookClient(made, timeout=120, allow_errors=allow_errors, resources={"metadata": {"path": str(place)}})
    return client.execute()


def errors(cell: Any) -> list[Any]:
    return [output for output in cell.get("outputs", []) if output.output_type == "error"]


def printed(cell: Any) -> str:
    return "".join(output.text for output in cell.get("outputs", []) if output.output_type == "stream")


@pytest.mark.parametrize("lesson", LESSONS)
def test_source_runs_from_top_to_bottom_and_earns_everything(lesson: str, tmp_path: Path) -> None:
    earned = 0.0
    for cell in run("source", lesson, tmp_path, allow_errors=False).cells:
        assert not [one for one in cell.get("outputs", []) if one.get("name") == "stderr"], cell.source
        marks = cell.metadata.get("nbgrader", {})
        if marks.get("grade"):
            results = [one.data["text/plain"] for one in cell.outputs if one.output_type == "execute_result"]
            assert float(results[-1]) == marks["points"], printed(cell)
            earned += marks["points"]
    assert earned == sum(one.points for one in exercises(lesson))


@pytest.mark.parametrize("lesson", GRADED)
def test_release_fails_honestly(lesson: str, tmp_path: Path) -> None:
    """With nothing written every grade cell still runs, gives 0, and says what is missing."""
    for cell in run("release", lesson, tmp_path, allow_errors=True).cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            assert not errors(cell), cell.source
            results = [one.data["text/plain"] for one in cell.outputs if one.output_type == "execute_result"]
            assert results == ["0.0"]
            assert printed(cell).strip(), cell.source
        for output in errors(cell):
            expected = {"NotImplementedError", "MissingPart", "NameError", "PartFileError"}
            assert output.ename in expected, (cell.source, output.evalue)


@pytest.mark.parametrize("lesson", GRADED)
def test_the_reference_earns_everything_in_the_sandbox(lesson: str) -> None:
    """There the judge is outside, and the process that runs the cells has no reference."""
    place = ROOT / "source" / lesson
    source = json.loads((place / f"{lesson}.ipynb").read_text(encoding="utf-8"))
    right = {grade_id(one): text_of(one) for one in solutions(source)}
    with Worker(place / "given") as worker:
        judge = Judge(worker, source)
        earned = {one.id: judge.judge(one, right, 20_260_101).verdict.points for one in exercises(lesson)}
    assert earned == {one.id: one.points for one in exercises(lesson)}


@pytest.mark.parametrize("folder", ["source", "release"])
@pytest.mark.parametrize("lesson", LESSONS)
def test_notebooks_open_clean(folder: str, lesson: str) -> None:
    made = notebook(folder, lesson)
    assert made.metadata.kernelspec.name == "python3"
    for cell in made.cells:
        assert not cell.get("outputs"), "outputs are not kept in git"
        assert cell.get("execution_count") is None


@pytest.mark.parametrize("lesson", LESSONS)
def test_text_is_short_plain_and_has_a_head(lesson: str) -> None:
    whole = text(lesson)
    assert whole.isascii()
    assert len(whole.splitlines()) <= LONGEST
    head = cells(lesson)[0].source
    assert head.startswith(f"# Lesson {int(lesson[1:3])}: ")
    assert re.search(r"https?://", head) or "https://" in cells(lesson)[1].source, "where people meet it"
    assert re.search(r"\b(hours?|minutes)\b", head), "the time it takes"
    if points := sum(one.points for one in exercises(lesson)):
        assert f"{points:g} points" in head


@pytest.mark.parametrize("lesson", GRADED)
def test_every_exercise_of_the_grader_is_in_the_lesson(lesson: str) -> None:
    tags = [tag for cell in cells(lesson) for tag in cell.metadata.get("tags", [])]
    for one in exercises(lesson):
        assert tags.count(f"grade:{one.id}") == 1
        assert f"exercise:{one.id}" in tags


@pytest.mark.parametrize("lesson", LESSONS)
def test_compared_programs_are_known_and_public(lesson: str) -> None:
    for call in ast.walk(ast.parse(re.sub(r"(?m)^(\s*)[%!].*$", r"\1pass", code(lesson)))):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "compare":
            assert isinstance(call.args[0], ast.Constant)
            assert not get(str(call.args[0].value)).hidden


@pytest.mark.parametrize("lesson", [lesson for lesson in LESSONS if lesson != "l00_watch_it_run"])
def test_no_lesson_imports_torch(lesson: str) -> None:
    """It opens and can be solved where torch is not installed. Lesson 0 has what torch did on record."""
    for statement in ast.walk(ast.parse(re.sub(r"(?m)^(\s*)[%!].*$", r"\1pass", code(lesson)))):
        names = [alias.name for alias in statement.names] if isinstance(statement, ast.Import) else []
        names += [statement.module or ""] if isinstance(statement, ast.ImportFrom) else []
        assert not [name for name in names if name.split(".")[0] == "torch"]


def test_points_add_up() -> None:
    """100 for the whole course; what is not written yet is missing from both sides."""
    worth = {
        "l01_derivatives": 6,
        "l02_engine": 14,
        "l03_shapes": 10,
        "l04_graph": 10,
        "l05_retain_graph": 11,
        "l06_versions": 13,
        "l07_optim": 8,
        "l08_hooks": 10,
        "l09_function": 4,
        "l10_double": 7,
        "l11_srgan": 7,
        "l12_numbers": 5,
    }
    assert sum(worth.values()) - worth["l12_numbers"] == 100
    for lesson in GRADED:
        assert sum(one.points for one in exercises(lesson)) == worth[lesson]
