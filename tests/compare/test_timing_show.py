"""What is shown of a sweep: readable by ear, in any theme, and never live and recorded in one."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ElementTree

import pytest

from course.compare import figure, recorded
from course.compare.recorded import Record
from course.compare.timing import Sweep, labels, plot, rows
from tests.compare import planted
from tests.test_compare import Table

RECORD = Record("timing", "cuda-planted-gpu", planted.GPU, planted.data("cuda"))
TITLE = "recorded on Planted GPU, torch 2.13.0, 2001-02-03"


def without_time(shown: Sweep) -> str:
    return " ".join(str(shown).split())


@pytest.fixture
def live() -> Sweep:
    return Sweep(planted.data())


@pytest.fixture
def both() -> Sweep:
    return Sweep(planted.data(), [RECORD])


def test_the_text_is_ascii_and_has_all_of_it(live: Sweep) -> None:
    text = str(live)
    assert text.isascii()
    assert repr(live) == text
    assert "a planted host" in text
    assert "median of 15 batches of at least 0.001 s" in without_time(live)
    for operation in live.data["operations"]:
        for one in live.sentences(operation):
            assert one in without_time(live)
    assert "2^24" in text
    assert max(map(len, text.splitlines())) < 125


def test_without_a_gpu_and_a_record_the_plain_sentence_is_said(live: Sweep) -> None:
    assert live.note == recorded.NONE
    assert recorded.NONE in without_time(live)
    assert recorded.NONE in live._repr_html_()
    assert "recorded on" not in without_time(live)


def test_recorded_columns_are_titled_and_only_the_gpu_is_taken(both: Sweep) -> None:
    assert list(both.columns) == [*planted.LIVE, f"torch-cuda, {TITLE}"]
    text = without_time(both)
    assert text.count("torch-cuda") == text.count(f"torch-cuda, {TITLE}") > 0
    assert "recorded on other machines" in both.note
    html = both._repr_html_()
    assert html.count("torch-cuda") == html.count(f"torch-cuda, {TITLE}") > 0
    assert f"torch-cuda, {TITLE} begins to win over nptorch at about" in text


def test_what_moving_the_inputs_would_take_is_said(both: Sweep, live: Sweep) -> None:
    moving = "torch-cuda, {0} starts with its inputs there: moving 2^24 numbers to it takes 3.36 ms (20 GB/s)."
    assert moving.format(TITLE) in without_time(both)
    assert "starts with its inputs" not in without_time(live)


def test_a_gpu_of_ones_own_is_not_called_recorded() -> None:
    shown = Sweep(planted.data("cuda"))
    assert shown.note == ""
    assert list(shown.columns)[-1] == "torch-cuda"
    assert "recorded" not in str(shown)


def test_a_record_can_be_shown_by_itself() -> None:
    assert "torch-cuda begins to win over nptorch" in without_time(Sweep(RECORD.data))


def test_the_html_can_be_read_by_ear_and_in_any_theme(both: Sweep) -> None:
    text = both._repr_html_()
    table = Table(text)
    assert table.open == []
    assert len(table.all("table")) == len(table.all("caption")) == 3 + 2
    assert {attrs["scope"] for attrs in table.all("th")} == {"row", "col"}
    assert not table.all("script")
    assert text.isascii()
    assert not re.search(r"(?<![-\w])(background|color):(#|black|white|rgb)", text)


def test_what_comes_from_students_is_escaped() -> None:
    data = planted.data()
    data["columns"]["nptorch"]["points"]["chain"] = []
    data["columns"]["nptorch"]["stopped"]["chain"] = "it raises ValueError: <b>no</b>"
    shown = Sweep(data)
    assert "&lt;b&gt;no&lt;/b&gt;" in shown._repr_html_()
    assert "<b>no" not in shown._repr_html_()
    assert "nptorch stops early: chain before its first size (it raises ValueError: <b>no</b>)." in without_time(shown)


def test_the_cells_have_time_spread_and_limit() -> None:
    columns = planted.data()["columns"]
    table = rows.of_operation(columns, "chain")
    assert table[0] == ["elements", *planted.LIVE]
    assert table[1][2] == "40.1 us (39.3 - 40.9 us) overhead"
    assert table[-1][2].endswith(" bytes")
    columns["numpy"]["points"]["chain"].pop()
    assert rows.of_operation(columns, "chain")[-1][1] == "-"
    assert rows.spread({"low": 9e-4, "high": 1.1e-3}) == "900 us - 1.1 ms"


def test_the_dishonest_timers_are_held_against_the_honest_one() -> None:
    ways = {"honest": 0.02, "no waiting": 1e-5, "no warm-up": 0.021}
    assert [row[:3] for row in rows.of_wrong({"ways": ways})[1:]] == [
        ["honest", "20 ms", "right"],
        ["no warm-up", "21 ms", "1.1 times too much"],
        ["no waiting", "10 us", "2,000 times too little"],
    ]
    ways["no warm-up"] = 0.0201
    assert rows.of_wrong({"ways": ways})[2][2] == "the same"


def test_disturbed_points_are_named(live: Sweep) -> None:
    live.data["columns"]["numpy"]["points"]["sum"][2]["best"] /= 10
    assert "numpy was disturbed, probably by other programs: sum at 2^8." in without_time(live)


def test_the_picture_is_svg_in_the_colours_of_the_page(both: Sweep) -> None:
    text = both.plot()._repr_html_()
    root = ElementTree.fromstring(text)
    assert root.get("role") == "img"
    assert text.count("currentColor") > 50
    assert figure.INK not in text
    assert "<style" not in text  # it would hold for the whole page
    assert "<metadata" not in text
    (title,) = (one for one in root if one.tag.endswith("title"))
    assert f"torch-cuda, {TITLE} begins to win" in " ".join(title.text.split())
    assert "#ffffff" not in text
    assert "fill: black" not in text
    words = " ".join("".join(one.itertext()) for one in root.iter() if one.tag.endswith("text"))
    for said in (
        *planted.LIVE,
        "recorded [1]",
        f"[1] {TITLE}",
        "overhead floor",
        "bandwidth line",
        "flops line",
        "2^24",
    ):
        assert said in words, said
    assert not any(one.tag.endswith("image") for one in root.iter())


def test_the_picture_is_the_same_every_time(both: Sweep) -> None:
    assert both.plot()._repr_html_() == both.plot()._repr_html_()


def test_the_picture_says_in_words_what_it_shows(live: Sweep) -> None:
    text = str(live.plot())
    assert text == repr(live.plot())
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 112
    assert live.sentences("chain")[0] in " ".join(text.split())


def test_each_line_has_a_style_of_its_own(both: Sweep) -> None:
    drawn = plot.draw(both.columns, both.data["operations"])
    assert len(drawn.axes) == 3
    for axes in drawn.axes:
        lines = [one for one in axes.get_lines() if one.get_marker() not in ("", "None", None)]
        assert len(lines) == 4
        assert len({(str(one.get_linestyle()), one._unscaled_dash_pattern[1]) for one in lines}) == 4
        assert len({one.get_marker() for one in lines}) == 4
        assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")


def test_an_operation_that_nobody_did_is_not_drawn(live: Sweep) -> None:
    for column in live.data["columns"].values():
        column["points"]["chain"] = []
    assert len(plot.draw(live.columns, live.data["operations"]).axes) == 2
    for column in live.data["columns"].values():
        column["points"] = {}
    assert plot.draw(live.columns, live.data["operations"]).axes == []


def test_labels_do_not_lie_on_each_other() -> None:
    for heights in ([0.5, 0.5, 0.5], [0.99, 0.98, 1.0], [0.1, 0.9, 0.12], [1.0]):
        moved = labels.apart(heights, least=0.1, top=1.0)
        assert max(moved) <= 1.0 + 1e-12
        assert sorted(range(len(moved)), key=lambda nth: moved[nth]) == sorted(
            range(len(moved)), key=lambda nth: heights[nth]
        )
        ordered = sorted(moved)
        assert all(two - one >= 0.1 - 1e-12 for one, two in itertools.pairwise(ordered))


def test_the_name_of_a_slope_is_put_where_there_is_room() -> None:
    sizes = (2**4, 2**12, 2**16, 2**18, 2**24)
    flat = {"overhead": [9.0] * 5, "bytes": [1.0] * 5, "flops": [2.0] * 5}
    assert labels.slope(sizes, flat) is None
    rising = flat | {"bytes": [1.0, 2.0, 10.0, 20.0, 30.0]}
    assert labels.slope(sizes, rising) == (2**18, 20.0, "bytes")
    late = flat | {"flops": [1.0, 2.0, 3.0, 4.0, 30.0]}
    assert labels.slope(sizes, late) == (2**24, 30.0, "flops")
