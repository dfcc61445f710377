"""What stands in a story: nodes, labels, lines, numbers; and that it is plain data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import course.nptorch as nptorch
from course.parts import reference
from course.widgets.theatre import Story, record, record_torch
from course.widgets.theatre.formulas import body, formula_by_name
from course.widgets.theatre.programs import PROGRAMS
from course.widgets.theatre.values import value_of
from tests.theatre.engines import SMALL, by_label, of_kind, watched

KINDS = {
    "diamond": "record save backward arrive run free accumulate end",
    "two_losses": "error",
    "detach": "detach",
    "inplace_error": "version",
    "hooks": "hook",
}


@pytest.fixture(autouse=True)
def reference_parts() -> Any:
    with nptorch.use(**reference()):
        yield


@pytest.mark.parametrize("engine", ["nptorch", "torch"])
@pytest.mark.parametrize("name", SMALL)
def test_it_is_plain_data_and_comes_back_from_a_file(name: str, engine: str, tmp_path: Path) -> None:
    story = watched(PROGRAMS[name], engine)
    story.save(tmp_path / "story.json")
    back = Story.load(tmp_path / "story.json")
    assert back == story
    assert json.loads(json.dumps(story.to_json())) == story.to_json()  # no tuples either
    assert [event["at"] for event in story.events] == list(range(len(story.events)))
    assert [node["id"] for node in story.nodes] == list(range(len(story.nodes)))
    assert all(event["says"].isascii() and event["says"] for event in story.events)
    known = set(range(len(story.nodes)))
    assert {event["node"] for event in story.events} <= known | {None}
    assert {edge[end] for edge in story.edges for end in ("from", "to")} <= known


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_event_comes_up(name: str) -> None:
    assert set(KINDS[name].split()) <= {event["kind"] for event in watched(PROGRAMS[name]).events}


def test_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="no story of format"):
        Story.from_json({"format": 0})


def test_the_log_reads_as_sentences() -> None:
    lines = [line[17:] for line in str(watched(PROGRAMS["retain"])).splitlines()]
    assert "MulBackward0 runs: g = [0.5, 0.5] -> ([2.0, 2.0], None)" in lines
    assert "leaf x: grad += [4.0, 8.0], now [8.0, 16.0]" in lines
    assert "PowBackward0 lets go of self: 16 bytes" in lines
    assert "pass 0 begins at MeanBackward0 (loss), retain_graph=True" in lines


def test_numbers_that_are_not_finite_are_text() -> None:
    with record() as story, np.errstate(all="ignore"):
        x = nptorch.tensor([0.0, -1.0], requires_grad=True)
        y = x.log()
        y.sum().backward()
    assert by_label(story, "y")["value"] == {"shape": [2], "text": "[-inf, nan]", "norm": "nan"}
    json.dumps(story.to_json(), allow_nan=False)


def test_many_numbers_are_told_by_their_norm() -> None:
    with record() as story:
        x = nptorch.ones(3, 4, requires_grad=True)
        _ = x + 1.0
    assert story.nodes[0]["value"] == {"shape": [3, 4], "text": "", "norm": pytest.approx(12**0.5)}
    assert str(story).endswith("AddBackward0 recorded, result <3x4, norm 6.9282>")


def test_values_are_those_of_the_moment() -> None:
    with record() as story:
        x = nptorch.tensor([1.0, 2.0], requires_grad=True)
        y = x * 1.0
        with nptorch.no_grad():
            y.zero_()
    assert [node["value"]["text"] for node in story.nodes] == ["[1.0, 2.0]", "[1.0, 2.0]"]
    assert value_of(None) is None


def test_a_node_knows_the_line_that_made_it() -> None:
    with record() as story:
        x = nptorch.tensor([1.0, 2.0], requires_grad=True)
        y = x.exp()  # here
    assert by_label(story, "y")["where"]["code"] == "y = x.exp()  # here"
    assert by_label(story, "y")["where"]["file"] == Path(__file__).name
    del y


def test_cells_of_a_notebook_have_lines_too() -> None:
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    cell = (
        "import course.nptorch as torch\nfrom course.widgets import theatre\n"
        "with theatre.record('in a cell') as story:\n"
        "    x = torch.tensor([1.0], requires_grad=True)\n"
        "    square = x * x\n"
    )
    try:
        shell.run_cell(cell).raise_error()
        node = by_label(shell.user_ns["story"], "square")
    finally:
        InteractiveShell.clear_instance()
    assert node["where"]["code"] == "square = x * x"
    assert node["where"]["file"] == "cell"


def test_names_that_are_given_win() -> None:
    x = nptorch.tensor([1.0, 2.0], requires_grad=True)
    with record("named", angle=x) as story:
        y = [x.sin(), x.cos()]
        z = {"sum": y[0] + y[1]}
    assert story.title == "named"
    assert [node["label"] for node in story.nodes] == ["angle", "y[0]", "y[1]", "z['sum']"]
    del z


def test_names_inside_a_function_that_has_returned_are_known_from_its_pass() -> None:
    def inner() -> None:
        hidden = nptorch.tensor([1.0], requires_grad=True)
        twice = hidden * 2.0
        twice.sum().backward()

    with record() as story:
        inner()
    assert [node["label"] for node in story.nodes] == ["hidden", "twice", ""]


@pytest.mark.parametrize("watch", [record, record_torch])
def test_a_graph_from_before_is_met_when_it_is_used(watch: Any) -> None:
    import torch

    T = torch if watch is record_torch else nptorch
    x = T.tensor([1.0, 2.0], dtype=T.float64, requires_grad=True)
    h = x.exp()
    loss = h.sum()
    with watch() as story:
        loss.backward()
    head = story.events[:4]
    assert [(event["kind"], event.get("before", False)) for event in head] == [
        ("record", False),
        ("record", True),
        ("save", False),
        ("record", True),
    ]
    assert by_label(story, "h")["value"] is by_label(story, "h")["where"] is None
    assert [(e["bytes"], e["slot"]) for e in of_kind(story, "save", "free")] == [(16, "result")] * 2


def test_a_named_tensor_is_met_without_being_used() -> None:
    x = nptorch.tensor([1.0, 2.0], requires_grad=True)
    y = x.exp()
    with record(y=y) as story:
        pass
    assert [node["name"] for node in story.nodes] == ["AccumulateGrad", "ExpBackward0"]


def test_detach_of_a_leaf_and_in_place() -> None:
    with record() as story:
        x = nptorch.tensor([1.0, 2.0], requires_grad=True)
        frozen = x.detach()
        y = x * 2.0
        y.detach_()
        z = (x * frozen + y).sum()
    first, second = of_kind(story, "detach")
    assert (story.nodes[first["node"]]["label"], story.nodes[first["of"]]["label"]) == ("frozen", "x")
    assert (story.nodes[second["node"]]["label"], story.nodes[second["of"]]["name"]) == ("y", "MulBackward0")
    cut = [(edge["from"], edge["to"]) for edge in story.edges if edge["cut"]]
    assert (first["node"], first["of"]) in cut
    assert {first["node"], second["node"]} <= {to for _, to in cut}
    del z


@pytest.mark.parametrize("watch", [record, record_torch])
def test_a_leaf_is_one_node_in_every_step_of_a_training(watch: Any) -> None:
    import torch

    T = torch if watch is record_torch else nptorch
    with watch() as story:
        w = T.tensor([1.0, 2.0], requires_grad=True)
        optimizer = T.optim.SGD([w], lr=0.1)
        for _ in range(3):
            loss = (w * w).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert [node["label"] for node in story.nodes if node["kind"] == "leaf"] == ["w"]
    assert [event["first"] for event in of_kind(story, "accumulate")] == [True] * 3
    assert len(of_kind(story, "version")) == 3  # each step writes to w
    assert len(of_kind(story, "end")) == 3


def test_nothing_is_told_of_what_needs_no_gradient() -> None:
    with record() as story:
        x = nptorch.ones(2)
        (x * 2).detach().add(1)
        with nptorch.no_grad():
            nptorch.ones(2, requires_grad=True) * 2
    assert story.events == story.nodes == []


@pytest.mark.parametrize("engine", ["nptorch", "torch"])
def test_a_number_is_kept_and_let_go_of(engine: str) -> None:
    def program(T: Any) -> Any:
        x = T.tensor([1.0, 2.0], requires_grad=True)
        loss = (x * 0 + x * float("inf")).sum()
        loss.backward()
        return x, loss

    kept, freed = (of_kind(watched(program, engine), kind) for kind in ("save", "free"))
    assert [(e["slot"], e["bytes"], e["memory"], e["number"]) for e in kept] == [
        ("other", 0, None, 0),
        ("other", 0, None, "inf"),
    ]
    assert sorted(str(event["number"]) for event in freed) == ["0", "inf"]
    assert kept[0]["says"].endswith("keeps other: the number 0")


def test_derivatives_are_read_off_the_table() -> None:
    assert formula_by_name("SubBackward0", [True, True]) == "self: g; other: -g"
    assert formula_by_name("SinhBackward0", [True]) == "g * cosh(self)"
    assert formula_by_name("NoSuchBackward0", [True]) == ""
    assert body(lambda g: g + 1) == "g + 1"
    assert body(len) == ""


def test_the_rule_is_the_students() -> None:
    def mul_self(g: Any, other: Any) -> Any:
        """Forget the gradient that came."""
        return other

    with nptorch.use(mul_self=mul_self), record() as story:
        x = nptorch.tensor([1.0], requires_grad=True)
        twice = x * 2.0
    assert by_label(story, "twice")["rule"] == "other"
    del twice


def test_several_results_and_views() -> None:
    with record() as story:
        x = nptorch.arange(4.0).requires_grad_()
        y = x * 1.0
        first, second = y.chunk(2)
        window = y[1:3]
        window.mul_(3.0)
        y.sum().backward()
    recorded = [node["name"] for node in story.nodes]
    assert "SplitBackward0" in recorded
    assert "torch::autograd::CopySlices" in recorded
    assert of_kind(story, "accumulate")[0]["total"]["text"] == "[1.0, 3.0, 3.0, 1.0]"
    del first, second


def test_saved_tensors_hooks_are_not_called_by_looking() -> None:
    called: list[str] = []
    x = nptorch.tensor([1.0, 2.0], requires_grad=True)

    def unpack(packed: Any) -> Any:
        called.append("unpack")
        return packed[0]

    with record() as story:
        with nptorch.autograd.graph.saved_tensors_hooks(lambda t: (t,), unpack):
            y = (x * x).sum()
        assert called == []
        y.backward()
    assert called == ["unpack", "unpack"]
    assert of_kind(story, "run")
