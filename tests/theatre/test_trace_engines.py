"""The stories of nptorch and of torch are the same, as far as torch lets itself be seen."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch

import course.nptorch as nptorch
from course.widgets.theatre import record
from course.widgets.theatre.programs import PROGRAMS
from tests.theatre.engines import SMALL, by_label, names, of_kind, watched

ALIKE = [name for name in SMALL if name not in ("node_hooks", "grad_of_grad")]


@pytest.mark.parametrize("name", ALIKE)
def test_the_stories_are_the_same(name: str) -> None:
    ours, theirs = (watched(PROGRAMS[name], engine) for engine in ("nptorch", "torch"))
    theirs_said = str(theirs).replace("keeps mat2", "keeps other").replace("lets go of mat2", "lets go of other")
    assert str(ours).splitlines()[1:] == theirs_said.splitlines()[1:]  # our table has one name for both
    assert ours.edges == theirs.edges
    drop = ("value", "rule")  # the last digits of a norm; and which inputs of a number's operation are shown
    for one, other in zip(ours.nodes, theirs.nodes, strict=True):
        assert {k: v for k, v in one.items() if k not in drop} == {k: v for k, v in other.items() if k not in drop}
        assert one["rule"] == other["rule"]


def test_of_node_hooks_torch_shows_only_what_they_change() -> None:
    ours, theirs = (watched(PROGRAMS["node_hooks"], engine) for engine in ("nptorch", "torch"))
    assert [event["on"] for event in of_kind(ours, "hook")] == ["pre", "post"]
    assert of_kind(theirs, "hook") == []
    assert names(ours, "run") == names(theirs, "run")
    assert of_kind(ours, "accumulate")[0]["total"] == of_kind(theirs, "accumulate")[0]["total"]


def test_a_recorded_pass_has_the_same_nodes_in_the_same_order() -> None:
    ours, theirs = (watched(PROGRAMS["grad_of_grad"], engine) for engine in ("nptorch", "torch"))
    assert names(ours, "run") == names(theirs, "run")
    during = [event["kind"] for event in ours.events[: ours.events.index(of_kind(ours, "end")[0])]]
    assert "record" in during[during.index("backward") :]
    assert by_label(ours, "slope")["where"] == by_label(theirs, "slope")["where"]  # the line that asked for it


def layers(T: Any) -> Any:
    """Two layers, one inside a block of its own."""
    net = T.nn.Sequential(T.nn.Linear(2, 3), T.nn.Sequential(T.nn.Tanh(), T.nn.Linear(3, 1)))
    x = T.ones(4, 2)
    out = net(x)
    loss = (out * out).mean()
    loss.backward()
    return net, loss


@pytest.mark.parametrize("engine", ["nptorch", "torch"])
def test_nodes_know_their_module(engine: str) -> None:
    story = watched(layers, engine)
    assert by_label(story, "out")["group"] == "net.1.1"
    assert by_label(story, "loss")["group"] == ""
    assert {node["group"] for node in story.nodes if node["name"] == "TanhBackward0"} == {"net.1.0"}
    leaves = [node["label"] for node in story.nodes if node["kind"] == "leaf"]
    assert set(leaves) == {"net.0.weight", "net.0.bias", "net.1.1.weight", "net.1.1.bias"}
    assert [node["label"] for node in story.nodes if node["name"] == "data"] == ["x"]


def inputs_asked_for(T: Any) -> Any:
    """Ask for one gradient of two, and accumulate into one leaf of two."""
    x = T.tensor([1.0, 2.0], requires_grad=True)
    w = T.tensor([3.0, 4.0], requires_grad=True)
    y = (x * w).sum()
    T.autograd.grad(y, x, retain_graph=True)
    y.backward(inputs=[w])
    return x, w, y


def test_only_what_is_asked_for_arrives() -> None:
    stories = [watched(inputs_asked_for, engine) for engine in ("nptorch", "torch")]
    for story in stories:
        arrived = [story.nodes[event["node"]]["label"] or "mul" for event in of_kind(story, "arrive")]
        assert arrived == ["y", "mul", "x", "y", "mul", "w"]
        assert [story.nodes[event["node"]]["label"] for event in of_kind(story, "accumulate")] == ["w"]


def several_roots(T: Any) -> Any:
    """Start at two roots at once, with hooks, recording the pass; then ask for a gradient."""
    x = T.tensor([1.0, 2.0], dtype=T.float64, requires_grad=True)
    y = (x * x).sum()
    z = (x * 3.0).sum()
    w = T.ones(2, dtype=T.float64)
    x.register_hook(lambda grad: [w.add_(1.0), None][1])
    T.autograd.backward([y, z], create_graph=True)
    T.autograd.grad(x.sin().sum(), x)
    return x, y, z, w


def test_a_pass_started_by_a_function_is_told_once() -> None:
    ours, theirs = (watched(several_roots, engine) for engine in ("nptorch", "torch"))
    for story in (ours, theirs):
        assert of_kind(story, "detach") == []
        assert [event["version"] for event in of_kind(story, "version")] == [1, 2]
        assert [len(event["roots"]) for event in of_kind(story, "backward")] == [2, 1]
        assert not [node for node in story.nodes if "View" in node["name"]]
    assert names(ours, "run") == names(theirs, "run")


def unusual() -> Any:
    """Use torch's tensors that NumPy does not know."""
    low = torch.ones(2, dtype=torch.bfloat16, requires_grad=True)
    (low * low).sum().backward()
    wave = torch.tensor([3.0 + 4.0j], requires_grad=True)
    wave.abs().sum().backward()
    table = torch.nn.Embedding(3, 2, sparse=True)
    table(torch.tensor([1, 1])).sum().backward()
    shape_only = torch.ones(2, device="meta", requires_grad=True)
    (shape_only * 2).sum().backward()
    per_row = torch.func.vmap(torch.func.grad(lambda x: (x * x).sum()))(torch.ones(2, 2))
    with torch.inference_mode():
        torch.ones(2).add_(1)
    return low.grad, wave.grad, table.weight.grad.to_dense(), per_row


def test_tensors_that_numpy_does_not_know_do_no_harm() -> None:
    expected = unusual()
    with record(engine="torch") as story:
        got = unusual()
    assert all(one.equal(other) for one, other in zip(expected, got, strict=True))
    leaves = [(node["dtype"], node["value"]["text"]) for node in story.nodes if node["kind"] == "leaf"]
    assert leaves[:2] == [("bfloat16", "[1.0, 1.0]"), ("complex64", "[(3+4j)]")]
    assert story.nodes[of_kind(story, "accumulate")[1]["node"]]["value"]["norm"] == 5.0
    json.dumps(story.to_json(), allow_nan=False)


@pytest.mark.parametrize("engine", ["nptorch", "torch"])
def test_a_root_that_is_a_leaf(engine: str) -> None:
    def program(T: Any) -> Any:
        x = T.tensor(2.0, requires_grad=True)
        x.backward()
        return x

    story = watched(program, engine)
    assert [event["kind"] for event in story.events] == ["record", "backward", "arrive", "accumulate", "run", "end"]


@pytest.mark.parametrize("T", [nptorch, torch])
def test_a_function_of_ones_own(T: Any) -> None:
    def program(_: Any) -> Any:
        class Double(T.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                ctx.save_for_backward(x)
                return x * 2

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                return g * 2

        x = T.tensor([1.0, 2.0], requires_grad=True)
        y = Double.apply(x)
        y.sum().backward()
        return x, y

    story = watched(program, "torch" if T is torch else "nptorch")
    node = by_label(story, "y")
    assert (node["name"], node["rule"]) == ("DoubleBackward", "Double.backward(ctx, g)")
    assert [(event["slot"], event["bytes"]) for event in of_kind(story, "save", "free")] == [("0", 8), ("0", 8)]
