"""Lesson 0: what it says of the picture is what the story holds, and it needs no torch."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from course.widgets import theatre
from course.widgets.theatre.recordings import __main__ as recorder

ROOT = Path(__file__).resolve().parents[2]


def test_the_second_pass_breaks_off_where_the_lesson_says() -> None:
    story = theatre.recorded("second-backward")
    names = {node["id"]: node["name"] for node in story.nodes}
    (error,) = [event for event in story.events if event["kind"] == "error"]
    assert names[error["node"]] == "MulBackward0"
    freed = [names[event["node"]] for event in story.events if event["kind"] == "free"]
    assert "PowBackward0" in freed
    assert "MeanBackward0" not in freed


def test_the_record_is_what_torch_does_now() -> None:
    import torch

    now, kept = recorder.second_backward(torch), theatre.recorded("second-backward")
    assert now.events == kept.events
    assert now.edges == kept.edges
    assert "recorded on torch 2" in kept.title


def test_an_unknown_record_is_named() -> None:
    with pytest.raises(ValueError, match="there are: second-backward"):
        theatre.recorded("third")


def test_it_runs_without_torch(tmp_path: Path) -> None:
    place = shutil.copytree(ROOT / "release" / "l00_watch_it_run", tmp_path / "l00")
    book = nbformat.read(place / "l00_watch_it_run.ipynb", as_version=4)
    hide = "import sys; sys.modules['torch'] = None"
    book.cells.insert(0, nbformat.v4.new_code_cell(hide))
    done = NotebookClient(book, timeout=60, resources={"metadata": {"path": str(place)}}).execute()
    said = "".join(out.get("text", "") for cell in done.cells for out in cell.get("outputs", []))
    assert "torch is not installed here" in said
    assert "recorded on torch" in said
