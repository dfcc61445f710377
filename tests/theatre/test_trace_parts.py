"""Whatever parts are plugged in: a story tells what they did, not what they should have done."""

from __future__ import annotations

from typing import Any

import pytest

import course.nptorch as nptorch
from course.nptorch.parts import DECLARED, plugged
from course.parts import reference
from course.parts.l02_engine import run_backward
from course.parts.l05_retain_graph import SavedTensor, release_saved
from course.widgets.theatre import record
from course.widgets.theatre.programs import PROGRAMS
from tests.theatre.engines import names, of_kind, watched


def eager(roots: Any, run_node: Any) -> None:
    """Run a node whenever a gradient arrives, as often as that happens."""
    stack = [(node, gradient) for node, _, gradient in roots]
    while stack:
        node, gradient = stack.pop()
        for below, g in zip(node.edges, run_node(node, [gradient]), strict=True):
            if below is not None and g is not None:
                stack.append((below, g))


def test_an_engine_that_runs_nodes_twice_is_seen_to() -> None:
    story = watched(PROGRAMS["diamond"], run_backward=eager)
    assert names(story, "run").count("AccumulateGrad") == 2
    leaf = [event for event in story.events if event["node"] == 0 and event["kind"] in ("arrive", "accumulate")]
    assert [(event["kind"], event.get("have"), event.get("need")) for event in leaf] == [
        ("arrive", 1, 2),
        ("accumulate", None, None),
        ("arrive", 2, 2),
        ("accumulate", None, None),
    ]


def test_null_parts_keep_for_ever_and_count_nothing() -> None:
    story = watched(
        PROGRAMS["inplace_error"],
        **{name: DECLARED[name].null for name in ("SavedTensor", "release_saved", "VersionCounter", "check_version")},
    )
    assert len(of_kind(story, "save")) == 3
    assert of_kind(story, "free") == of_kind(story, "error") == []
    assert [event["version"] for event in of_kind(story, "version")] == [0]  # there was a write; nobody counted it
    assert of_kind(story, "accumulate")[0]["value"]["text"] != ""  # and the wrong gradient is there to see


def test_a_release_that_lets_nothing_go_frees_nothing() -> None:
    class Leaky(SavedTensor):
        def release(self) -> None:
            self.released = True

    assert of_kind(watched(PROGRAMS["diamond"], SavedTensor=Leaky), "free") == []


def test_letting_go_is_seen_however_it_is_done() -> None:
    class Boxed:
        """Keeps its value in a list, under another name."""

        def __init__(self, value: Any, is_output: bool = False) -> None:
            self.version = getattr(value, "_version", 0)
            self.box = [value.detach() if is_output else value]

        def unpack(self) -> Any:
            return self.box[0]

        def release(self) -> None:
            self.box.clear()

    class Closed:
        """Keeps its value among the variables of a function."""

        nbytes = 8  # which is no tensor for that

        def __init__(self, value: Any, is_output: bool = False) -> None:
            self.version = getattr(value, "_version", 0)
            value = value.detach() if is_output else value
            self.unpack = lambda: value

        def release(self) -> None:
            self.unpack = None

    for kind in (Boxed, Closed):
        story = watched(PROGRAMS["diamond"], SavedTensor=kind)
        assert len(of_kind(story, "free")) == len(of_kind(story, "save")) == 4
        story = watched(PROGRAMS["diamond"], SavedTensor=kind, release_saved=DECLARED["release_saved"].null)
        assert of_kind(story, "free") == []


def test_freeing_only_at_the_end_is_seen_at_the_end() -> None:
    waiting: list[Any] = []

    def late(roots: Any, run_node: Any) -> None:
        run_backward(roots, run_node)
        for node in waiting:
            release_saved(node, False)

    def remember(node: Any, retain_graph: bool) -> None:
        waiting.append(node)

    kinds = [event["kind"] for event in watched(PROGRAMS["diamond"], run_backward=late, release_saved=remember).events]
    assert kinds[-4:] == ["free", "free", "free", "end"]


def test_a_part_that_raises() -> None:
    def release(node: Any, retain_graph: bool) -> None:
        raise ValueError("not mine to free")

    with pytest.raises(ValueError, match="not mine"):
        watched(PROGRAMS["diamond"], release_saved=release)
    with nptorch.use(**{**reference(), "release_saved": release}), pytest.raises(ValueError), record() as story:  # noqa: PT011
        PROGRAMS["diamond"](nptorch)
    (error,) = of_kind(story, "error")
    assert (error["error"], error["text"]) == ("ValueError", "not mine to free")
    assert story.nodes[error["node"]]["name"] == "MulBackward0"
    assert names(story, "run") == ["SumBackward0", "MulBackward0"]


def test_a_part_that_is_missing() -> None:
    with nptorch.use(**{**reference(), "run_backward": None}), pytest.raises(NotImplementedError), record() as story:
        PROGRAMS["diamond"](nptorch)
    kinds = [event["kind"] for event in story.events]
    assert kinds[kinds.index("backward") :] == ["backward", "arrive", "error", "end"]
    assert "lesson 2" in of_kind(story, "error")[0]["text"]


def test_overwriting_instead_of_adding() -> None:
    def overwrite(leaf: Any, gradient: Any) -> None:
        leaf.grad = gradient.clone()

    first, second = of_kind(watched(PROGRAMS["retain"], accumulate_grad=overwrite), "accumulate")
    assert second["total"] == first["total"] == second["value"]
    assert not second["first"]


def test_parts_may_be_plugged_in_during_a_recording() -> None:
    with nptorch.use(**reference()), record() as story:
        with nptorch.use(run_backward=eager):
            assert nptorch.parts()["run_backward"].whose == "mine"
            PROGRAMS["diamond"](nptorch)
        assert nptorch.parts()["run_backward"].whose == "given"
        PROGRAMS["diamond"](nptorch)
    assert names(story, "run").count("AccumulateGrad") == 3


def test_a_block_of_use_may_end_after_the_recording() -> None:
    with nptorch.use(**reference()):
        before = vars(plugged)["run_backward"]
        with record():
            using = nptorch.use(run_backward=eager)
        using.__exit__(None, None, None)
        assert vars(plugged)["run_backward"] is before


def test_hooks_that_come_and_go_while_they_are_called() -> None:
    """What then happens is for the part to say: one that walks over the table itself fails as it does unwatched."""

    def careless(hooks: Any, gradient: Any) -> Any:
        for hook in hooks.values():
            changed = hook(gradient)
            gradient = gradient if changed is None else changed
        return gradient

    def program(T: Any) -> Any:
        x = T.ones(1, requires_grad=True)
        handle = x.register_hook(lambda grad: handle.remove())
        x.register_hook(lambda grad: grad * 2)
        (x * 1.0).sum().backward()
        return x

    with nptorch.use(**{**reference(), "run_tensor_hooks": careless}):
        with pytest.raises(RuntimeError) as expected:
            program(nptorch)
        with pytest.raises(RuntimeError) as got, record():
            program(nptorch)
    assert str(got.value) == str(expected.value) == "OrderedDict mutated during iteration"
