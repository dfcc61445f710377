"""What Canvas and Moodle import: read back by the rules that their importers go by."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from nbgrader.apps import NbGrader
from traitlets.config import Config

from autograder.plugins.canvas import CanvasExport
from autograder.plugins.moodle import MoodleExport
from tests.report.conftest import LESSON

pytestmark = pytest.mark.filterwarnings("ignore:Object of type <SubmittedNotebook> not in session")
# Points after the penalty, of the eleven there are.
AFTER = {"ada": "11", "bert": "4.75", "chloe": "0", "dora": "5", "emil": "7.5", "fay": "", "gus": ""}


def export(plugin: Any, gradebook: Any, to: Path, **settings: Any) -> list[list[str]]:
    app = NbGrader(config=Config({plugin.__name__: settings}))
    made = plugin(parent=app)
    made.to = str(to)
    made.export(gradebook)
    with to.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def test_canvas_takes_the_header_and_the_points_possible(gradebook: Any, tmp_path: Path) -> None:
    """The tests that Canvas's importer makes on the first two lines."""
    head, most, *lines = export(CanvasExport, gradebook, tmp_path / "out.csv")
    assert "Student" in head[0]
    assert "ID" in head[1]
    assert head[2:5] == ["SIS User ID", "SIS Login ID", "Section"]
    assert head[5:] == [LESSON], "nobody handed the other lesson in yet"
    assert "Points Possible" in most[0]
    assert most[5:] == ["11"]
    assert {len(line) for line in (head, most, *lines)} == {6}


def test_canvas_finds_everybody(gradebook: Any, tmp_path: Path) -> None:
    lines = export(CanvasExport, gradebook, tmp_path / "out.csv")[2:]
    assert {line[3]: line[5] for line in lines} == AFTER
    assert [line[1] for line in lines if line[1]] == ["77"], "the id that Canvas gave, where it is known"
    names = [line[0] for line in lines]
    assert names[:3] == ["Lovelace, Ada", 'O"Neil, Jr., Bert', "Müller-Łuź, Chloé 李"]
    assert names[-1] == "gus", "who has no name is called by the id"


def test_no_field_is_a_formula(gradebook: Any, tmp_path: Path) -> None:
    for plugin in (CanvasExport, MoodleExport):
        lines = export(plugin, gradebook, tmp_path / "out.csv", columns={LESSON: "=1+1"})
        assert any("=HYPERLINK" in field for line in lines for field in line)
        assert not [field for line in lines for field in line if field.strip()[:1] in tuple("=+-@")]


def test_an_id_that_is_a_formula_is_left_out(gradebook: Any, tmp_path: Path) -> None:
    """Guarded, it would be another id, and match nobody."""
    lines = export(CanvasExport, gradebook, tmp_path / "out.csv")
    assert not [line for line in lines if "Odd, Id" in line[0]]


def test_canvas_names_and_columns_can_be_chosen(gradebook: Any, tmp_path: Path) -> None:
    settings = {"columns": {LESSON: "Lesson 5 (1234)"}, "student_id_is": "SIS User ID", "missing_is_zero": True}
    head, _, *lines = export(CanvasExport, gradebook, tmp_path / "out.csv", section="A", **settings)
    assert head[5] == "Lesson 5 (1234)"
    assert {line[2]: line[5] for line in lines} == {**AFTER, "fay": "0"}, "gus waits for the grade, fay for nothing"
    assert {line[3] for line in lines} == {""}
    assert {line[4] for line in lines} == {"A"}


def test_moodle_finds_everybody_who_is_in_the_file(gradebook: Any, tmp_path: Path) -> None:
    """A line without the field would give its grades to the user of the line before."""
    head, *lines = export(MoodleExport, gradebook, tmp_path / "out.csv")
    assert head == ["First name", "Last name", "Email address", LESSON]
    found = {line[2].removesuffix("@example.org"): line[3] for line in lines}
    assert "" not in found
    assert found == {**{name: points for name, points in AFTER.items() if name != "gus"}, "odd": ""}
    assert not [line for line in lines if "Possible" in "".join(line)], "to Moodle that would be a user"


def test_moodle_can_go_by_username(gradebook: Any, tmp_path: Path) -> None:
    head, *lines = export(MoodleExport, gradebook, tmp_path / "out.csv", map_from="username")
    assert head[2] == "Username"
    assert {line[2]: line[3] for line in lines} == AFTER


def test_who_is_left_out_and_who_waits_is_said(course: Path, gradebook: Any, root: Path) -> None:
    """Through the command, as a teacher runs it."""
    grade = gradebook.find_grade("grade-saved-tensor", LESSON, LESSON, "chloe")
    grade.needs_manual_grade = True
    gradebook.db.commit()
    for plugin, left_out in (("moodle.MoodleExport", "gus"), ("canvas.CanvasExport", "=cmd")):
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", "export", f"--exporter=autograder.plugins.{plugin}", "--to=x.csv"],
            cwd=course,
            env={**os.environ, "PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert f"Left out, enter the grade by hand: '{left_out}'" in done.stderr
        assert f"Still waits for a grade by hand: chloe ({LESSON})" in done.stderr
        assert (course / "x.csv").read_bytes().count(b"\r\n") >= 8


@pytest.mark.parametrize("plugin", [CanvasExport, MoodleExport])
def test_only_some_can_be_asked_for(gradebook: Any, tmp_path: Path, plugin: Any) -> None:
    made = plugin(parent=NbGrader())
    made.to, made.student, made.assignment = str(tmp_path / "x.csv"), ["ada"], [LESSON, "l06_versions"]
    made.export(gradebook)
    lines = (tmp_path / "x.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].endswith(f"{LESSON},l06_versions")
    assert lines[-1].endswith("11,"), "of the second lesson nothing was handed in"
    assert "bert" not in "".join(lines).lower()
