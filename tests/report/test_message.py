"""What the verdict writes, the report reads."""

from __future__ import annotations

import re
from pathlib import Path

from autograder import verdict as verdict_module
from autograder.exercises import exercises
from autograder.report.message import LABELS, parse
from autograder.trial import Trial
from autograder.verdict import judged, refused, stopped_at_basics
from autograder.words import contrast
from course.scenarios import load
from course.scenarios.differences import Difference
from course.scenarios.observation import Observation
from course.scenarios.registry import get

EXERCISE = next(one for one in exercises("l05_retain_graph") if one.id == "saved-tensor")
YES = Observation("x.grad", "bool", None, None, True)
NO = Observation("x.grad", "bool", None, None, False)


def trial(*differences: Difference, trouble: str = "") -> Trial:
    load()
    return Trial(get(EXERCISE.scenarios[0]), differences, trouble)


def test_what_torch_gives_and_what_the_idea_is() -> None:
    found = trial(Difference("x.grad", "value", YES, NO))
    verdict = judged(EXERCISE, [found], frozenset(), ["keep it", "let it go"], students=EXERCISE.parts)
    said = parse(str(verdict))
    assert said.head == verdict.lines[0]
    (message,) = said.messages
    assert message.question == found.scenario.asks
    assert message.place == "x.grad"
    assert message.said == [("torch", "True"), ("yours", "False")]
    assert message.ideas == said.ideas == ["keep it", "let it go"]
    assert message.command == f'compare("{found.scenario.id}")'
    assert said.first == "keep it"
    assert message.ran


def test_every_label_of_the_verdict_is_known() -> None:
    """A new one would be shown as a note: nothing lost, but not laid out."""
    source = Path(verdict_module.__file__).read_text(encoding="utf-8")
    written = set(re.findall(r'f" {6}([a-z ]+): \{', source)) | {"torch", "expected"}
    assert {"yours", "raised in"} <= written
    assert written == set(LABELS)
    lines = "\n".join(f"      {label}: 1" for label in LABELS)
    assert parse(f"x\n- why?\n{lines}\n").messages[0].said == [(label, "1") for label in LABELS]


def test_one_idea() -> None:
    verdict = judged(EXERCISE, [trial(Difference("x.grad", "value", YES, NO))], frozenset(), ["keep it"])
    assert parse(str(verdict)).ideas == ["keep it"]


def test_without_an_idea_the_question_is_said() -> None:
    found = trial(Difference("x.grad", "value", YES, NO))
    said = parse(str(judged(EXERCISE, [found], frozenset(), [])))
    assert said.first == f"Differs from torch: {found.scenario.asks}"


def test_a_part_that_hangs() -> None:
    said = parse(str(judged(EXERCISE, [trial(trouble="did not end within 5 seconds")], frozenset(), [])))
    assert said.first == "Your part did not end within 5 seconds."
    assert said.messages[0].ran


def test_why_nothing_could_be_run() -> None:
    said = parse(str(refused(EXERCISE, "Its cell does not run: SyntaxError: invalid syntax", "Three methods.")))
    assert said.first == "Its cell does not run: SyntaxError: invalid syntax"
    assert said.messages[0].notes == ["Three methods."]
    assert not said.messages[0].ran


def test_a_stub() -> None:
    stub = Observation(
        "raised", "raised", None, None, {"type": "NotImplementedError", "keywords": []}, "write SavedTensor.release"
    )
    found = trial(Difference("raised", "extra", None, stub))
    said = parse(str(stopped_at_basics(EXERCISE, [found], [])))
    assert said.unwritten == "write SavedTensor.release"
    assert said.first == "Not written yet: SavedTensor.release."


def test_no_line_gets_lost() -> None:
    """Each line of a long verdict is found again in what was taken apart."""
    found = trial(Difference("x.grad", "value", YES, NO))
    verdict = judged(EXERCISE, [found] * 4, frozenset([found.scenario.id]), ["a", "b"], waiting=2, absent=["x"])
    said = parse(str(verdict))
    kept = [said.head, *said.notes]
    for message in said.messages:
        kept += [message.question, message.place, message.command, message.hint, *message.ideas, *message.notes]
        kept += [text for _, text in message.said]
    for line in verdict.lines:
        words = line.strip(" -()").removesuffix(":")
        bare = words.partition(": ")[2] or words.removeprefix("Look at ").strip("'")
        assert any(bare in one for one in kept) or words == "Likely cause, one of", line


def test_everything_right_says_nothing() -> None:
    said = parse("saved-tensor: 5 of 5 points. 9 of 9 checks pass.\n")
    assert said.first == ""
    assert said.messages == []


def test_numbers_that_look_alike_are_shown_with_the_digits_that_differ() -> None:
    one, other = (
        Observation("v", "tensor", "float64", (8,), [1.5] * 7 + [last]) for last in (9.328140001, 9.328140002)
    )
    assert contrast(Difference("v", "value", one, other)) == (
        "9.328140001, number 7 of 8",
        "9.328140002, number 7 of 8",
    )
    single = (Observation("v", "tensor", "float64", (), [value]) for value in (0.1, 0.1 + 2**-40))
    assert contrast(Difference("v", "value", *single)) == ("0.1", "0.1000000000009095")
    far = (Observation("v", "number", "float", None, value) for value in (1.0, 2.0))
    assert contrast(Difference("v", "value", *far)) == ("1", "2")
