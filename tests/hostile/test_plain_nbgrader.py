"""The same through plain ``nbgrader autograde``: one class, hostile submissions between honest ones."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder.quiet import quiet
from course.building.release import generate, nbgrader_in
from tests.hostile.case import ALL, LESSON, NOTHING, RIGHT, ROOT, Case
from tests.hostile.harness import HONEST
from tests.hostile.test_hostile import FAMILIES

#: One of each family that can be told by its file, and those that stopped stock nbgrader or gave it full points.
CHOSEN = (
    *("forgeries-cells-skipped", "forgeries-marks-swapped"),
    *("forgeries-own-carried-texts", "files-course-removed", "crashes-exit", "survivors-double-fork"),
    *("outputs-html-in-outputs", "outputs-html-in-an-error", "notebooks-schema-4"),
    *(
        "notebooks-cell-copied-and-changed",
        "notebooks-file-cut",
        "notebooks-rubbish-beside",
        "notebooks-link-to-the-solution",
    ),
    *("protocol-warns-without-end", "patches-seed-raises"),
)


@dataclass
class Class:
    """A course that nbgrader has graded."""

    course: Path
    cases: dict[str, Case]
    scores: dict[str, dict[str, float]]
    needs: dict[str, bool]
    log: str


def _late(folder: Path) -> None:
    """A date that stock nbgrader breaks off at."""
    (folder / "timestamp.txt").write_text("yesterday /etc/passwd\n")


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory, need_walls: None) -> Iterator[Class]:
    from autograder.plugins import autograde
    from autograder.sandbox import judge as judging

    course = tmp_path_factory.mktemp("class").resolve()
    shutil.copytree(ROOT / "source" / LESSON, course / "source" / LESSON)
    cases = {f"m-{name}": _named(name) for name in CHOSEN}
    for student, kind in (("a-right", "right"), ("b-wrong", "wrong"), ("z-right", "right")):
        cases[student] = Case(student, "nothing", base=HONEST[kind])
    with pytest.MonkeyPatch.context() as patch, quiet():
        patch.setattr(judging, "SECONDS", 1.0)
        patch.setattr(judging, "CELLS", 2.0)
        api = nbgrader_in(course, ROOT, gradebook=True)
        generate(api, course, [LESSON])
        for student, case in cases.items():
            case.put(course / "submitted" / student / LESSON, course)
        _late(course / "submitted" / "a-right" / LESSON)
        said = api.autograde(LESSON, "*", force=True, create=True)
        api.generate_feedback(LESSON, "*", force=True)
    scores: dict[str, dict[str, float]] = {}
    needs = {}
    with api.gradebook as gradebook:
        for found in gradebook.assignment_submissions(LESSON):
            grades = {grade.cell.name.removeprefix("grade-"): grade for grade in found.notebooks[0].grades}
            scores[found.student.id] = {id: grade.auto_score for id, grade in grades.items()}
            needs[found.student.id] = found.needs_manual_grade
    yield Class(course, cases, scores, needs, str(said.get("log")))
    autograde.close()


def _named(name: str) -> Case:
    family, _, id = name.partition("-")
    return next(case for case in FAMILIES[family].CASES if case.id == id)


def test_the_batch_goes_on_and_everybody_has_a_grade(graded: Class) -> None:
    assert set(graded.scores) == set(graded.cases), graded.log


def test_neighbours_have_theirs(graded: Class) -> None:
    assert graded.scores["a-right"] == graded.scores["z-right"] == ALL
    assert sum(graded.scores["b-wrong"].values()) < 11


@pytest.mark.parametrize("name", CHOSEN)
def test_the_gradebook_has_the_points(graded: Class, name: str) -> None:
    case = graded.cases[f"m-{name}"]
    expected = case.points if len(case.points) == 3 else {**_others(case), **case.points}
    assert graded.scores[f"m-{name}"] == expected


def _others(case: Case) -> dict[str, float]:
    """What the exercises earn that the other test leaves out: right ones all, others nothing."""
    return ALL if case.base is RIGHT else NOTHING


def test_who_could_not_be_read_is_for_a_person(graded: Class) -> None:
    for name in ("notebooks-file-cut", "notebooks-link-to-the-solution"):
        assert graded.needs[f"m-{name}"]
    assert not graded.needs["a-right"]


def test_notebooks_hold_plain_text_alone(graded: Class) -> None:
    files = sorted(graded.course.glob(f"autograded/*/{LESSON}/{LESSON}.ipynb"))
    assert len(files) == len(graded.cases)
    for file in files:
        for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]:
            for output in cell.get("outputs", []):
                assert output["output_type"] in ("stream", "execute_result")
                assert set(output.get("data", {})) <= {"text/plain"}


def test_feedback_has_no_script_of_a_student(graded: Class) -> None:
    pages = sorted(graded.course.glob(f"feedback/*/{LESSON}/{LESSON}.html"))
    assert len(pages) == len(graded.cases)
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not re.search(
            r"<(script|img|svg)[^>]*>?\s*alert|onerror=alert\(|<svg onload", re.sub("&lt;.*?&gt;", "", text)
        ), page


def test_nothing_else_was_copied(graded: Class) -> None:
    for folder in sorted(graded.course.glob(f"autograded/*/{LESSON}")):
        assert {path.name for path in folder.iterdir()} <= {f"{LESSON}.ipynb", "given", "timestamp.txt"}, folder
