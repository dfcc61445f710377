"""``gradschool my-engine``: whose each part is, and how far the student's own engine agrees with torch."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import course.nptorch as torch
from autograder.cli import app
from autograder.my_engine import Survey, survey
from course.nptorch.loading import load_parts, my_folders
from course.parts import reference

RIGHT = """
import course.nptorch as torch

def release_saved(node, retain_graph):
    if not retain_graph:
        for saved in node.saved():
            saved.release()
"""
WRONG = RIGHT.replace("if not retain_graph", "if retain_graph")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two lessons, in which a part was built twice."""
    for lesson, text in (("l05_retain_graph", WRONG), ("l06_versions", RIGHT)):
        folder = tmp_path / "my_course" / lesson / "my_engine"
        folder.mkdir(parents=True)
        (folder / "release_saved.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["my-engine", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_later_lesson_wins_and_all_agree(home: Path) -> None:
    said = run("buffers.")
    assert "lesson  5  your own: release_saved; given: SavedTensor" in said
    agree, _, whole = said.splitlines()[-1].split()[:3]
    assert agree == whole
    assert int(whole) > 5
    assert "first that differs" not in said
    assert "on 1 parts of your own out of" in said


@pytest.mark.parametrize("place", ["my_course", "my_course/l05_retain_graph"])
def test_it_can_be_asked_from_where_a_terminal_of_jupyterlab_opens(
    home: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home / place)
    assert "your own: release_saved" in run("buffers.")


def test_what_differs_is_named_with_the_command_that_shows_it(home: Path) -> None:
    (home / "my_course" / "l06_versions" / "my_engine" / "release_saved.py").write_text(WRONG)
    said = run("buffers.")
    assert "first that differs: gradschool compare buffers." in said
    assert said.isascii()


def test_beside_a_notebook_its_own_folder_comes_last(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home / "my_course" / "l05_retain_graph")
    assert [str(one) for one in my_folders()] == ["../l06_versions/my_engine", "my_engine"]
    with torch.use(**reference()), load_parts("mine"):
        assert torch.parts()["release_saved"].whose == "mine"


def test_without_parts_of_ones_own_it_says_where_they_come_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["my-engine"])
    assert result.exit_code == 1
    assert "Lessons save them at their end" in result.output


def test_a_missing_part_is_told_as_missing() -> None:
    with torch.use(**{**reference(), "release_saved": None}):
        found = survey("buffers.")
    assert found.parts["release_saved"] == "null"
    assert "missing: release_saved" in str(found)
    assert found.differ, "buffers that nobody frees are seen"


def test_bars_are_as_long_as_their_share() -> None:
    told = str(Survey({"a": "mine"}, {"a": 1}, {1: ["x", "y"]}, {1: ["z"]}))
    assert "[####################..........]    2 of 3" in told
    assert told.endswith("2 of 3 programs agree with torch, on 1 parts of your own out of 1.")


def test_the_command_that_is_shown_runs_on_the_whole_stack(home: Path) -> None:
    (home / "my_course" / "l06_versions" / "my_engine" / "release_saved.py").write_text(WRONG)
    (line,) = [line for line in run("buffers.").splitlines() if "gradschool compare" in line]
    result = CliRunner().invoke(app, line.split("gradschool ")[1].split())
    assert result.exit_code == 1
    assert "DIFFERS" in result.stdout
