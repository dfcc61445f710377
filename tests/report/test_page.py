"""The class report: what it counts, that it stays one page, and that nothing on it runs."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from autograder.batch.marker import Marker
from autograder.batch.result import ExerciseResult, Result
from autograder.exercises import exercises
from autograder.report import Row, collect, page, table
from autograder.report.charts import bins, histogram
from autograder.report.counts import hurdles, ideas
from autograder.report.message import parse
from autograder.report.page import duration
from autograder.sandbox.transplant import Carried
from tests.report.conftest import LESSON

FIRST, RULE, BYTES = exercises(LESSON)
WRONG = """saved-tensor: 3 of 5 points. 9 of 11 checks pass.
- exp keeps its own result: does the result then keep itself alive?
    Look at 'exp: gone':
      torch: True
      yours: False
    Likely cause: Keep output.detach().
    See it beside torch: compare("saved.no-cycle")
"""
STUB = """release-rule: 0 of 3 points. First make this work:
- After a graph was freed, can I simply compute the loss again?
    This is not written yet: write release_saved
"""
RIGHT = "saved-bytes: 3 of 3 points. 13 of 13 checks pass.\n"


def one(student: str, **options: Any) -> Row:
    said = {FIRST.id: parse(WRONG), RULE.id: parse(STUB), BYTES.id: parse(RIGHT)}
    return Row(student, {FIRST.id: 3.0, RULE.id: 0.0, BYTES.id: 3.0}, said, **options)


def test_a_wrong_idea_is_counted_once_for_each_student() -> None:
    (idea,) = ideas([one("ann"), one("bob")])
    assert (idea.exercise, idea.text, idea.students) == (FIRST.id, "Keep output.detach().", ["ann", "bob"])


def test_a_stub_says_nothing_about_scenarios() -> None:
    """From the feedback: only the failures that it names, and only of what was written."""
    (hurdle,) = hurdles([one("ann"), one("bob")])
    assert (hurdle.exercise, hurdle.id, hurdle.failed, hurdle.tried) == (FIRST.id, "saved.no-cycle", 2, 2)


def test_result_files_know_every_failure() -> None:
    failed = {FIRST.id: [("saved.no-cycle", "why?"), ("hidden.one", "and this?")], RULE.id: [("x.y", "stub")]}
    found = hurdles([one("ann", failed=failed), one("bob", failed={**failed, FIRST.id: [("saved.no-cycle", "why?")]})])
    assert [(hurdle.id, hurdle.failed, hurdle.tried) for hurdle in found] == [
        ("saved.no-cycle", 2, 2),
        ("hidden.one", 1, 2),
    ]


@pytest.mark.parametrize(
    ("scores", "counts"),
    [
        ([0, 0, 5], [2, 0, 0, 0, 0, 1]),
        ([0.01, 1.24, 1.25, 2.5, 4.99], [0, 2, 1, 1, 1, 0]),
        ([], [0, 0, 0, 0, 0, 0]),
        ([6], [0, 0, 0, 0, 0, 1]),  # extra credit
    ],
)
def test_scores_fall_into_bins(scores: list[float], counts: list[int]) -> None:
    found = bins(scores, 5)
    assert [n for _, n in found] == counts
    assert [label for label, _ in found] == ["0", "0-1.25", "1.25-2.5", "2.5-3.75", "3.75-5", "5"]


def test_a_chart_says_in_words_what_it_shows() -> None:
    drawn = histogram("<all>", [0, 5, 5], 5)
    assert "&lt;all&gt;. Number of students with 0 points: 1; 0-1.25 points: 0;" in drawn
    assert drawn.count('class="count"') == 6
    assert ">2</text>" in drawn


def test_how_late() -> None:
    assert duration(97_200) == "1 d 3 h"
    assert duration(59) == "less than a minute"
    assert duration(3_660) == "1 h 1 min"


def test_nothing_from_a_student_becomes_markup() -> None:
    nasty = "<script>alert(1)</script>"
    said = {FIRST.id: parse(f"x\n- {nasty}\n    Likely cause: {nasty}\n")}
    row = Row(nasty, {FIRST.id: 1.0}, said, [nasty], [nasty], {FIRST.id: [(nasty, nasty)]}, last_name=nasty)
    text = page(nasty, exercises(LESSON), [row])
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 10
    assert "default-src 'none'" in text
    # The name of a line is the same in the link and at the line, once the browser has decoded the link.
    assert re.search(r'id="student-%3Cscript', text)
    assert 'href="#student-%253Cscript' in text


def test_the_table_has_the_same_numbers_and_no_formulas() -> None:
    rows = [
        one("=ann", penalty=1.5, late=60.0, last_name="+x", first_name='O\'Hara, "B"'),
        Row("bob", dict.fromkeys((FIRST.id, RULE.id, BYTES.id))),
    ]
    ann, bob = csv.DictReader(io.StringIO(table(exercises(LESSON), rows)))
    assert (ann["student"], ann["last_name"], ann["first_name"]) == ("'=ann", "'+x", 'O\'Hara, "B"')
    assert (ann["total"], ann["late_penalty"], ann["points"], ann[FIRST.id]) == ("6", "1.5", "4.5", "3")
    assert ann["likely_causes"] == "Keep output.detach()."
    assert ann["failed_scenarios"] == "saved.no-cycle", "not what fails for want of anything written"
    assert (bob["total"], bob["points"], bob[FIRST.id]) == ("", "", "")


def test_five_hundred_students_are_one_usable_page() -> None:
    rows = [one(f"student{n:03}", late=60.0 * (n % 7), penalty=0.5 * (n % 2)) for n in range(500)]
    begun = time.process_time()
    text = page("Class report", exercises(LESSON), rows)
    assert time.process_time() - begun < 5
    assert len(text) < 2_000_000
    assert text.count("<details>") >= 500, "feedback is folded away"
    assert "<details><summary>and 492 more</summary>" in text
    assert "By points, lowest first" in text


def test_names_penalties_and_result_files_come_from_the_course(course: Path, gradebook: Any, root: Path) -> None:
    """A gradebook, a graded notebook with the texts that name its result, and the result."""
    for step in ("source", "release"):
        shutil.copytree(root / step / LESSON, course / step / LESSON)
    carried = Carried({FIRST.id: "x = 1"}, ("Look!",))
    told = {FIRST.id: ExerciseResult(5.0, 5.0, ["x"], [["saved.no-cycle", "why?"]])}
    marker = Marker(course, LESSON)
    marker.store.put(Result(marker.key(carried), LESSON, told))
    for student, metadata in {
        "ada": {"gradschool": asdict(carried)},
        "emil": {},
    }.items():
        place = course / "autograded" / student / LESSON
        place.mkdir(parents=True)
        (place / f"{LESSON}.ipynb").write_text(json.dumps({"metadata": metadata, "cells": []}))
    rows = {row.student: row for row in collect(gradebook, LESSON, course, {})}
    assert rows["ada"].failed == {FIRST.id: [("saved.no-cycle", "why?")]}
    assert rows["ada"].flags == ["Look!"]
    assert (rows["ada"].last_name, rows["ada"].total, rows["ada"].penalty) == ("Lovelace", 11.0, 0.0)
    assert (rows["emil"].total, rows["emil"].penalty, rows["emil"].final) == (10.0, 2.5, 7.5)
    assert rows["emil"].late == 97_200
    assert rows["emil"].failed is None
    assert rows["bert"].sentence == "Not graded yet."
    text = page("x", exercises(LESSON), list(rows.values()))
    assert "1 d 3 h" in text
    assert "After penalty" in text
    assert "Lovelace, Ada" in text
