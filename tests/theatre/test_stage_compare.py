"""Two stories on one timeline."""

from __future__ import annotations

import copy
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from course.widgets import theatre
from course.widgets.theatre import Story
from course.widgets.theatre.align import align
from tests.theatre.stories import TOLD, tell


def changed(name: str, change: Callable[[list[dict[str, Any]]], None]) -> Story:
    story = Story.from_json(copy.deepcopy(tell(name).to_json()))
    change(story.events)
    for at, event in enumerate(story.events):
        event["at"] = at
    return story


def first(events: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next(event for event in events if event["kind"] == kind)


@pytest.mark.parametrize("name", TOLD)
def test_a_story_agrees_with_itself(name: str) -> None:
    story = tell(name)
    aligned = align(story, story)
    assert aligned.differ is None
    assert aligned.counts == [(n, n) for n in range(len(story.events) + 1)]


@pytest.mark.parametrize("name", TOLD)
def test_our_engine_agrees_with_torch(name: str) -> None:
    import torch

    from course.widgets.theatre import record_torch
    from course.widgets.theatre.programs import PROGRAMS

    with record_torch(name) as theirs:
        kept = PROGRAMS[name](torch)
    del kept
    aligned = align(tell(name), theirs)
    assert aligned.why == ""
    assert aligned.counts[-1] == (len(tell(name).events), len(theirs.events))


def _value(events: list[dict[str, Any]]) -> None:
    first(events, "accumulate")["total"]["text"] = "[1.0, 2.0]"


def _missing(events: list[dict[str, Any]]) -> None:
    events.remove(first(events, "free"))


def _early(events: list[dict[str, Any]]) -> None:
    events.insert(4, events.pop(events.index(first(events, "run"))))


def _bytes(events: list[dict[str, Any]]) -> None:
    first(events, "save")["bytes"] = 32


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (_value, "accumulate", ".grad differs"),
        (_missing, "free", "only the first tells: "),
        (_early, None, "only the second tells"),
        (_bytes, "save", "keeps"),
    ],
)
def test_the_first_difference_is_found(change: Callable[[Any], None], kind: str | None, words: str) -> None:
    story = tell("diamond")
    aligned = align(story, changed("diamond", change))
    assert words in aligned.why
    assert aligned.differ == (first(story.events, kind)["at"] + 1 if kind else 5)


def test_rounding_is_no_difference() -> None:
    def rounded(events: list[dict[str, Any]]) -> None:
        value = first(events, "accumulate")["total"]
        value["text"] = value["text"].replace("16.3097", "16.3098")

    other = changed("diamond", rounded)
    assert (
        first(other.events, "accumulate")["total"]["text"]
        != first(tell("diamond").events, "accumulate")["total"]["text"]
    )
    assert align(tell("diamond"), other).differ is None


def test_the_timeline_never_goes_back_and_leaves_nothing_out() -> None:
    for one, other in (("diamond", "retain"), ("hooks", "two_losses"), ("detach", "detach")):
        counts = align(tell(one), tell(other)).counts
        assert counts[0] == (0, 0)
        assert counts[-1] == (len(tell(one).events), len(tell(other).events))
        assert counts == sorted(counts)
        assert all(b >= a for (_, a), (_, b) in pairwise(counts))


def test_the_difference_is_told_everywhere() -> None:
    shown = theatre.compare(tell("diamond"), changed("diamond", _value))
    for text in (repr(shown), shown.html()):
        assert "First difference, at step" in text
        assert ".grad differs" in text
    assert "<b>first difference</b>" in shown.html()
    steps = len(tell("diamond").events)
    assert f"No difference in {steps} steps" in repr(theatre.compare(tell("diamond"), tell("diamond")))
