"""What the stage shows after each step."""

from __future__ import annotations

import pytest

from course.widgets.theatre import Story
from course.widgets.theatre.picture import svg
from course.widgets.theatre.states import State, after, opening
from tests.theatre.stories import TOLD, tell


def moments(story: Story, kind: str) -> list[State]:
    """Return the stage right after each event of a kind."""
    return [after(story, event["at"] + 1) for event in story.events if event["kind"] == kind]


@pytest.mark.parametrize("name", TOLD)
def test_nodes_come_one_by_one_and_stay(name: str) -> None:
    story = tell(name)
    there = [sum(node.there for node in after(story, count).nodes) for count in range(len(story.events) + 1)]
    assert there[0] == 0
    assert there == sorted(there)
    assert there[-1] == len(story.nodes)


def test_memory_is_counted_once_and_let_go() -> None:
    """`h * h` saves the same memory twice, and `exp` its result: 16 bytes are alive, not 48."""
    story = tell("inplace_error")
    saves = moments(story, "save")
    assert [state.alive for state in saves] == [16, 16, 16]
    diamond = tell("diamond")
    assert max(state.alive for state in moments(diamond, "save")) == 32
    assert after(diamond, len(diamond.events)).alive == 0


def test_a_meeting_point_waits_for_all() -> None:
    state = moments(tell("diamond"), "arrive")
    x = [moment.nodes[0] for moment in state if moment.node == 0]
    assert [(node.phase, node.have, node.need) for node in x] == [("waits", 1, 2), ("ready", 2, 2)]


def test_a_second_pass_adds() -> None:
    first, second = (state.nodes[0] for state in moments(tell("retain"), "accumulate"))
    assert (first.plus, second.plus) == (False, True)
    assert first.grad != second.grad


def test_versions_differ_where_memory_was_written_to() -> None:
    (state,) = moments(tell("inplace_error"), "version")
    looks = [slot.look() for node in state.nodes for slot in node.slots.values()]
    assert looks == ["16@0!1"] * 3


def test_the_error_stands_on_its_node() -> None:
    for name, where in (("two_losses", "ExpBackward0"), ("inplace_error", "MulBackward0")):
        story = tell(name)
        end = after(story, len(story.events))
        assert [story.nodes[i]["name"] for i, node in enumerate(end.nodes) if node.error] == [where]


def test_a_new_pass_wipes_what_was_waiting() -> None:
    first, second = moments(tell("retain"), "backward")
    assert not first.went
    assert not second.went
    assert {node.phase for node in second.nodes} == {""}
    assert moments(tell("retain"), "end")[0].went


def test_hooks_are_counted_where_they_were_called() -> None:
    story = tell("hooks")
    calls = [event["node"] for event in story.events if event["kind"] == "hook"]
    end = after(story, len(story.events))
    assert [node.hooks for node in end.nodes] == [calls.count(i) for i in range(len(story.nodes))]
    assert sum(node.hooks for node in end.nodes) > 3


def test_hooks_that_change_what_is_kept_are_seen() -> None:
    """`retain_grad` gives an operation a ``.grad``; a hook after adding may change that of a leaf."""
    story = tell("hooks")
    end = after(story, len(story.events))
    kept = {event["node"]: event["after"]["text"] for event in story.events if event["kind"] == "hook"}
    told = {i: node.grad for i, node in enumerate(end.nodes) if node.grad}
    assert {story.nodes[i]["label"] for i in told} == {"x", "h"}
    assert told == kept
    (added,) = (state.nodes[0].grad for state in moments(story, "accumulate"))
    assert added != told[0]


def test_the_curtain_rises_before_the_first_pass() -> None:
    story = tell("diamond")
    assert story.events[opening(story)]["kind"] == "backward"
    assert opening(Story()) == 0


def test_a_story_with_less_in_it_is_no_error() -> None:
    """Nodes that no event records are there from the start; frees of what was never saved do nothing."""
    node = {"id": 0, "kind": "op", "name": "N", "label": "", "shape": [], "value": None}
    free = {"at": 0, "kind": "free", "node": 0, "slot": "self", "bytes": 8, "says": ""}
    state = after(Story("torch", "", [node], [], [free]), 1)
    assert state.nodes[0].there
    assert state.alive == 0


def test_a_plain_number_is_shown_and_weighs_nothing() -> None:
    node = {"id": 0, "kind": "op", "name": "N", "label": "", "shape": [], "value": None}
    save = {"kind": "save", "node": 0, "bytes": 0, "version": 0, "memory": None, "says": "", "at": 0}
    events = [{**save, "slot": "other", "number": 4}, {**save, "slot": "self", "bytes": 8, "at": 1}]
    story = Story("nptorch", "", [node], [], events)
    assert after(story, 2).alive == 8
    assert "other 4<" in svg(story)
    assert "self 8 B<" in svg(story)
