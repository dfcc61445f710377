"""Where the nodes stand."""

from __future__ import annotations

import time
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from course.widgets.theatre import Story
from course.widgets.theatre.layout import Layout, lay_out, layers_of
from tests.theatre.stories import TOLD, tell, unrolled


def graph(kinds: list[str], edges: list[tuple[int, int]]) -> Story:
    """Make a story of a graph alone."""
    nodes = [
        {
            "id": i,
            "kind": kind,
            "name": kind,
            "label": "n" * (i % 20),
            "shape": [2] * (i % 3),
            "value": None,
            "where": None,
        }
        for i, kind in enumerate(kinds)
    ]
    told = [{"from": a, "to": b, "input": 0, "output": 0, "shape": [2], "cut": False} for a, b in edges]
    return Story("nptorch", "", nodes, told, [])


@st.composite
def graphs(draw: st.DrawFn) -> Story:
    """Draw graphs as engines record them: an operation uses nodes that were met before it; a leaf uses none."""
    kinds = draw(st.lists(st.sampled_from(["leaf", "op", "op", "op", "source"]), min_size=1, max_size=40))
    edges = []
    for node, kind in enumerate(kinds):
        if kind == "op" and node:
            edges += [(node, used) for used in draw(st.lists(st.integers(0, node - 1), max_size=3))]
    return graph(kinds, edges)


def check(story: Story, layout: Layout) -> None:
    """All nodes are placed, inside; no two boxes overlap; each edge goes from right to left."""
    assert {box.node for box in layout.boxes} == set(range(len(story.nodes)))
    assert len(layout.lines) == len(story.edges)
    for edge, (start, end) in zip(story.edges, layout.lines, strict=True):
        a, b = layout.boxes[start], layout.boxes[end]
        assert (a.node, b.node) == (edge["from"], edge["to"])
        assert b.x + b.w < a.x, "an input stands left of what uses it"
    for box in layout.boxes:
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.w <= layout.width
        assert box.y + box.h <= layout.height
    columns: dict[int, list] = {}
    for box in layout.boxes:
        columns.setdefault(round(box.x + box.w / 2), []).append(box)
    for one in layout.boxes:
        for other in columns[round(one.x + one.w / 2)]:
            assert one is other or one.y + one.h <= other.y or other.y + other.h <= one.y


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_every_graph_is_laid_out(story: Story) -> None:
    check(story, lay_out(story))


def test_boxes_of_different_columns_do_not_overlap_either() -> None:
    for name in TOLD:
        boxes = lay_out(tell(name)).boxes
        for nth, one in enumerate(boxes):
            for other in boxes[:nth]:
                apart_x = one.x + one.w <= other.x or other.x + other.w <= one.x
                apart_y = one.y + one.h <= other.y or other.y + other.h <= one.y
                assert apart_x or apart_y, name


def test_the_loss_is_at_the_right_and_leaves_are_at_the_left() -> None:
    story = tell("diamond")
    layer = layers_of(story)
    assert layer == [0, 1, 1, 2, 3]
    check(story, lay_out(story))


def test_a_leaf_of_many_steps_is_drawn_for_each() -> None:
    story = unrolled(6)
    layout = lay_out(story)
    drawn = [box.node for box in layout.boxes]
    leaves = [node["id"] for node in story.nodes if node["kind"] == "leaf"]
    assert all(drawn.count(leaf) == 6 for leaf in leaves)
    assert all(drawn.count(node["id"]) == 1 for node in story.nodes if node["kind"] == "op")


def test_a_long_chain_stays_level() -> None:
    layout = lay_out(unrolled(100))
    assert layout.height < 600


def test_a_loop_in_a_file_does_not_hang_the_layout() -> None:
    assert len(lay_out(graph(["op", "op", "op"], [(0, 1), (1, 0), (2, 1)])).boxes) == 3


def test_the_empty_story_has_a_layout() -> None:
    assert lay_out(Story()).boxes == []


def test_time_grows_as_the_graph_does() -> None:
    """A thousand nodes in a tenth of a second, on a machine of one's own; the CPU's time is what is held."""
    spent = []
    for steps in (200, 1000):
        story = unrolled(steps)
        taken = []
        for _ in range(3):
            begun = time.process_time()
            lay_out(story)
            taken.append(time.process_time() - begun)
        spent.append(min(taken))
    for small, large in pairwise(spent):
        assert large < 12 * small, spent
    assert spent[0] < 0.25, spent
