"""What is concluded from times: limits, crossings, sentences, what was disturbed, what is no data at all."""

from __future__ import annotations

import copy
import json
import math

import pytest

from course.compare.timing import problems
from course.compare.timing.crossing import crossing, floor, held_up, line
from course.compare.timing.disturbed import JUMP, disturbed
from course.compare.timing.limits import bandwidth, needs, raised
from course.compare.timing.operations import SIZES
from course.compare.timing.words import pairs, seconds, sentence, sentences, size, speed, why
from tests.compare import planted


def test_the_crossing_is_where_the_planted_times_are_equal() -> None:
    slow, fast = planted.column("cpu", 1e-6, 1e10, 1e15), planted.column("cuda", 1e-4, 1e12, 1e15)
    # 1e-6 + 68 n / 1e10 = 1e-4 + 68 n / 1e12
    exact = (1e-4 - 1e-6) / (68 / 1e10 - 68 / 1e12)
    found = crossing(("mine", slow), ("gpu", fast), "chain")
    assert (found.winner, found.loser) == ("gpu", "mine")
    assert found.at == pytest.approx(exact, rel=0.25)  # read off a line between two sizes
    assert SIZES[found.place - 1] < exact < SIZES[found.place]
    other = crossing(("gpu", fast), ("mine", slow), "chain")
    assert (other.winner, other.loser, other.place) == ("gpu", "mine", found.place)
    assert other.at == pytest.approx(found.at)


def test_each_side_is_held_up_by_what_was_planted() -> None:
    slow, fast = planted.column("cpu", 1e-6, 1e10, 1e15), planted.column("cuda", 1e-4, 1e12, 1e15)
    at = crossing(("mine", slow), ("gpu", fast), "chain").place
    for column, limit in ((slow, "bytes"), (fast, "overhead")):
        name, part = held_up(column, "chain", column["points"]["chain"][at])
        assert name == limit
        assert 0.5 < part <= 1.05
    product = planted.column("cpu", 1e-6, 1e12, 1e9)
    assert held_up(product, "matmul", product["points"]["matmul"][-1])[0] == "flops"


def test_who_wins_everywhere_has_no_crossing() -> None:
    slow, fast = planted.column("cpu", 1e-4, 1e9, 1e15), planted.column("cpu", 1e-6, 1e12, 1e15)
    for order in ((("a", slow), ("b", fast)), (("b", fast), ("a", slow))):
        found = crossing(*order, "chain")
        assert (found.winner, found.always, found.at) == ("b", True, SIZES[0])
        assert "b wins over a at every size, from 2^4 to 2^24" in sentence(*order, "chain")


def test_spreads_that_overlap_are_no_win() -> None:
    one = planted.column("cpu", 1e-5, 1e10, 1e15, spread=0.2)
    other = planted.column("cpu", 1.1e-5, 0.9e10, 1e15, spread=0.2)
    for order in ((("a", one), ("b", other)), (("b", other), ("a", one))):
        found = crossing(*order, "chain")
        assert (found.winner, found.loser, found.always) == ("", "", True)
    assert "cannot be told apart at any size" in sentence(("a", one), ("b", other), "chain")


def test_two_that_become_equal_are_told_apart_below() -> None:
    one, other = planted.column("cpu", 1e-6, 1e10, 1e15), planted.column("cpu", 1e-4, 1e10, 1e15)
    told = sentence(("hand", one), ("engine", other), "chain")
    assert told.startswith("From 2^")
    assert "hand and engine cannot be told apart" in told
    times = (1e-4 + 68 * 16 / 1e10) / (1e-6 + 68 * 16 / 1e10)
    assert f"hand is {times:.3g} times as fast at 2^4, equal at 2^24" in told


def test_only_sizes_that_both_have_are_compared() -> None:
    one, other = planted.column("cpu", 1e-6, 1e10, 1e15), planted.column("cpu", 1e-4, 1e12, 1e15)
    other["points"]["chain"] = other["points"]["chain"][2:4]
    assert crossing(("a", one), ("b", other), "chain").sizes == SIZES[2:4]
    other["points"]["chain"] = []
    assert crossing(("a", one), ("b", other), "chain") is None
    assert sentences({"nptorch": one, "b": other}, "chain") == []


def test_a_sentence_says_who_where_and_why() -> None:
    data = planted.data("cuda")
    (told,) = [one for one in sentences(data["columns"], "chain") if "torch-cuda" in one and "nptorch" in one]
    assert told.isascii()
    assert told.startswith("torch-cuda begins to win over nptorch at about ")
    assert "nptorch is held up by bytes" in told
    assert "torch-cuda by overhead" in told
    assert "nptorch is 2.24 times as fast at 2^4" in told  # 9e-5 by 4e-5 and the bytes
    assert told.count(".") - told.count("2.") == 1  # one sentence


def test_what_no_limit_explains_is_said_to_be_so() -> None:
    column = planted.column("cpu", 1e-6, 1e10, 1e15)
    assert why(column, "chain", SIZES[0]).startswith("by overhead (")
    assert why(column, "chain", SIZES[-1]) == "by bytes (copying as many would take all of its time)"
    for point in column["points"]["chain"]:
        point["median"] *= 10
    assert (
        why(column, "chain", SIZES[-1]) == "by none of the three limits (bytes, the nearest, explains 10% of its time)"
    )
    for point in column["points"]["chain"]:
        point["median"] *= 100
    assert "explains less than 1% of its time" in why(column, "chain", SIZES[-1])
    flops = planted.column("cpu", 1e-6, 1e12, 1e9)
    assert why(flops, "matmul", SIZES[-1]) == "by flops (at its best speed they would take all of its time)"


def test_pairs_are_those_with_the_students_engine_and_gpu_against_cpu() -> None:
    columns = planted.data("cuda")["columns"]
    assert pairs(columns) == [
        ("nptorch", "numpy"),
        ("nptorch", "torch-cpu"),
        ("nptorch", "torch-cuda"),
        ("torch-cpu", "torch-cuda"),
    ]
    del columns["nptorch"]
    assert pairs(columns)[0] == ("numpy", "torch-cpu")
    assert pairs({}) == []


def test_bandwidth_is_that_of_the_fastest_copy_of_as_much_or_more() -> None:
    copies = [[100, 5.0], [1000, 9.0], [10000, 2.0]]
    assert [bandwidth(copies, held) for held in (1, 100, 1000, 1001, 10000, 10**6)] == [9, 9, 9, 2, 2, 2]


def test_needs_are_floor_bytes_and_flops() -> None:
    limits = {"copies": [[100, 4.0]], "flops": 8.0}
    assert needs(limits, 3.0, {"moved": 8, "held": 1, "flops": 40}) == {"overhead": 3.0, "bytes": 2.0, "flops": 5.0}


def test_a_limit_that_was_broken_is_raised() -> None:
    point = {"flops": 100, "best": 2.0}
    assert raised({"flops": 10.0}, [point])["flops"] == 50.0
    assert raised({"flops": 60.0}, [point])["flops"] == 60.0
    assert raised({"flops": 60.0}, [])["flops"] == 60.0


def test_lines_and_floor_are_of_the_column() -> None:
    column = planted.column("cpu", 1e-6, 1e10, 1e15)
    drawn = line(column, "sum")
    assert drawn["overhead"] == [floor(column, "sum")] * len(SIZES)
    assert drawn["bytes"][-1] == pytest.approx(4 * SIZES[-1] / 1e10)


def test_a_disturbed_point_is_found_and_its_neighbours_are_not() -> None:
    points = planted.column("cpu", 1e-6, 1e10, 1e15)["points"]["chain"]
    assert disturbed(points) == []
    uneven = copy.deepcopy(points)
    uneven[3]["best"] = uneven[3]["median"] / 4
    assert disturbed(uneven) == [SIZES[3]]
    jumping = copy.deepcopy(points)
    for nth in (5, 6):
        for key in ("best", "low", "median", "high"):
            jumping[nth][key] *= 10 * JUMP
    assert disturbed(jumping) == [SIZES[5], SIZES[6]]
    columns = planted.data()["columns"]
    columns["numpy"]["points"]["chain"] = uneven
    assert [one.endswith("Some of these times were disturbed: see below.") for one in sentences(columns, "chain")] == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (seconds(2.5), "2.5 s"),
        (seconds(0.0123456), "12.3 ms"),
        (seconds(4.5e-7), "450 ns"),
        (seconds(3e-10), "0.3 ns"),
        (speed(3.35e12, "B/s"), "3.35 TB/s"),
        (speed(12e9, "flop/s"), "12 Gflop/s"),
        (speed(7, "B"), "7 B"),
        (size(2**20), "2^20"),
        (size(10000), "10,000 (2^13.3)"),
    ],
)
def test_words(text: str, wanted: str) -> None:
    assert text == wanted


@pytest.mark.parametrize("device", ["cpu", "cuda", "mps"])
def test_planted_data_are_in_order_and_survive_json(device: str) -> None:
    data = planted.data(device)
    assert problems(data) == []
    assert problems(json.loads(json.dumps(data))) == []


def _broken(change: str, data: dict) -> dict:
    exec(change, {"data": data, "nan": math.nan, "points": data["columns"]["torch-cuda"]["points"]})
    return data


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("del data['wrong']", "there is no 'wrong'"),
        ("data['format'] = 2", "format 2 is not 1"),
        ("data['columns'] = []", "columns is no dictionary"),
        ("data['device'] = 'tpu'", "no device 'tpu'"),
        ("data['columns'] = {}", "there are no columns"),
        ("del data['columns']['torch-cuda']", "no column torch-cuda"),
        ("del data['settings']['host']", "host is not named"),
        ("data['settings']['host'] = 'M\\xfcnchen'", "not ASCII"),
        ("data['columns']['numpy'] = 3", "numpy: a column has"),
        ("data['columns']['numpy']['device'] = 'mps'", "it is of device 'mps'"),
        ("data['columns']['numpy']['points'] = []", "numpy: points or stopped is no dictionary"),
        ("data['columns']['numpy']['limits']['flops'] = 0", "call and flops must be positive"),
        ("del data['columns']['torch-cuda']['limits']['bus']", "torch-cuda: limits: bus must be a positive number"),
        ("data['columns']['numpy']['limits']['copies'] = []", "copies must be pairs"),
        ("data['columns']['numpy']['limits']['copies'] = [[1, 2, 3]]", "copies must be pairs"),
        ("points['chain'][0]['median'] = nan", "no JSON"),
        ("points['chain'][0]['median'] = '3'", "torch-cuda: chain, point 0: median must be positive"),
        ("points['chain'][1]['low'] = 99", "chain, point 1: best, low, median and high do not rise"),
        ("points['chain'][2] = None", "chain, point 2: it is no dictionary"),
        ("points['chain'].reverse()", "chain: the sizes do not rise"),
        ("del points['sum']", "sum: points or why they stopped are missing"),
        ("points['sum'] = []", "sum: no points, and no reason"),
        ("data['wrong']['ways']['honest'] = True", "wrong: the ways must be"),
        ("data['wrong']['pretend'] = True", "only where there is no device may it be pretended"),
    ],
)
def test_what_is_wrong_with_data_is_said(change: str, said: str) -> None:
    found = problems(_broken(change, planted.data("cuda")))
    assert any(said in one for one in found), found


def test_data_that_are_no_dictionary_are_refused() -> None:
    assert problems(None) == ["the data are no dictionary"]
