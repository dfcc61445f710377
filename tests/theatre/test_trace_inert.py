"""While a submission is graded nobody looks: recording does nothing, in the notebook and in the sandbox."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import course.nptorch as nptorch
from autograder.exercises import get
from autograder.sandbox.inside import theatre as stand_in
from autograder.sandbox.judge import Judge
from autograder.sandbox.transplant import grade_id, solutions, text_of
from autograder.sandbox.worker import Worker
from course.parts import reference
from course.widgets import theatre
from course.widgets.theatre.programs import PROGRAMS

LESSON = "l05_retain_graph"
ROOT = Path(__file__).resolve().parents[2]
CELL = """
from course.widgets import theatre
from course.widgets.theatre import record
import course.widgets.theatre as stage
import course.nptorch as torch

with theatre.record("mine", x=1) as story, record():
    print(story)
assert story.nodes == story.events == story.edges == []
stage.show(story)
theatre.show(story, height=300)
theatre.compare(story, story)
"""


def test_under_nbgrader_the_story_is_empty_and_nothing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    with nptorch.use(**reference()):
        plain = type(nptorch.Tensor.__dict__["_counter"]), nptorch.Tensor._counter
        for engine in ("nptorch", "torch"):
            with theatre.record("graded", engine=engine) as story:
                assert (type(nptorch.Tensor.__dict__["_counter"]), nptorch.Tensor._counter) == plain
                with theatre.record():  # nor is there anything to be in the way of
                    PROGRAMS["diamond"](nptorch)
            assert (story.nodes, story.edges, story.events) == ([], [], [])
            assert story.title == "graded"


def test_under_nbgrader_no_watcher_is_even_imported() -> None:
    code = (
        "import sys\nfrom course.widgets.theatre import record\n"
        "with record(engine='torch') as story: pass\n"
        "with record() as story: pass\n"
        "print([name for name in sys.modules if name == 'torch' or 'theatre.watch' in name])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"NBGRADER_EXECUTION": "autograde", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_without_a_grader_the_same_cell_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    with nptorch.use(**reference()), theatre.record() as story:
        PROGRAMS["diamond"](nptorch)
    assert len(story.events) > 20


def test_the_stand_in_has_what_the_theatre_has() -> None:
    for name in theatre.__all__:
        assert callable(getattr(stand_in, name))
    with stand_in.record_torch("title", x=1) as story:
        pass
    assert set(vars(story)) == set(vars(theatre.Story()))
    with pytest.raises(ValueError, match="goes on"), stand_in.record():
        raise ValueError("goes on")


@pytest.fixture(scope="module")
def judge() -> Judge:
    source = json.loads((ROOT / "source" / LESSON / f"{LESSON}.ipynb").read_text(encoding="utf-8"))
    with Worker(ROOT / "source" / LESSON / "given") as worker:
        yield Judge(worker, source)


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_solution_that_watches_itself_earns_its_points(judge: Judge, where: str) -> None:
    right = {grade_id(cell): text_of(cell) for cell in solutions(judge.source)}
    text = right["saved-tensor"]
    text = CELL + text if where == "before" else text + CELL
    found = judge.judge(get("saved-tensor"), right | {"saved-tensor": text}, 20_240_101)
    assert found.verdict.points == get("saved-tensor").points, str(found.verdict)
    wrong = judge.judge(get("saved-tensor"), right | {"saved-tensor": CELL + "1 / 0\n"}, 20_240_101)
    assert wrong.verdict.points == 0  # so the cell did run
