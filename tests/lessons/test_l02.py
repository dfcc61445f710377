"""What lesson 2 says: the walks that fail, the walk by hand, the messages, and what it says of torch."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import course.nptorch as nptorch
from course.nptorch.grad_mode import recording
from course.parts import l02_engine as right
from course.scenarios.topics.l02_probes import at_leaves, edges_to_each, walked
from course.widgets import theatre
from tests.lessons.cells import cell, claims_linked, claims_there, parts, run, said, torch

LESSON = "l02_engine"
PARTS = {name: getattr(right, name) for name in ("make_grads", "count_consumers", "accumulate_grad", "run_backward")}
GRAPHS = ("diamond", "twice_doubled", "short_cut")


@pytest.fixture(scope="module")
def above() -> dict[str, Any]:
    """The walks and the graphs that the lesson defines."""
    names: dict[str, Any] = {"np": np, "recording": recording, "theatre": theatre, **PARTS}
    with parts(1):
        for holds in ("def depth_first", "def every_path", "def ladder"):
            names = run(cell(LESSON, holds), nptorch, **{k: v for k, v in names.items() if k != "torch"})[1]
    return {name: value for name, value in names.items() if name not in ("torch", "__builtins__")}


def printed(holds: str, names: dict[str, Any], T: Any = nptorch) -> str:
    """Run one cell of the lesson with the reference parts of lessons 1 and 2; return what it printed."""
    with parts(2):
        return run(cell(LESSON, holds), T, **names)[0]


def by_torch(graph: Any) -> float:
    x = torch().tensor(1.0, requires_grad=True)
    graph(x).backward()
    return float(x.grad)


def breadth_first(roots: Any, run_node: Any) -> None:
    """The walk of the folded answer: level by level, each node once, with what has come by then."""
    [(root, _, start)] = roots
    come, level, met = {root: start}, [root], {root}
    while level:
        following = []
        for node in level:
            for below, sent in zip(node.edges, run_node(node, [come[node]]), strict=True):
                if below is not None:
                    come[below] = come.get(below, 0) + sent
                    if below not in met:
                        met.add(below)
                        following.append(below)
        level = following


# --- the walks that fail ----------------------------------------------------------------------------


def test_the_opening_number_and_the_truth(above: dict[str, Any]) -> None:
    with parts(1):
        out = run(cell(LESSON, "def depth_first"), nptorch, np=np)[0]
    text = said(LESSON, "# Lesson 2:")
    wrong, truth = re.findall(r"gives `x.grad = (\d+)`. It should be (\d+)", text)[0]
    assert float(out.removeprefix("x gets")) == float(wrong)
    assert by_torch(above["diamond"]) == float(truth)


def rows(above: dict[str, Any]) -> dict[str, list[float]]:
    """The printed table: per graph the truth, and what each walk gives."""
    with parts(1):
        lines = run(cell(LESSON, "def every_path"), nptorch, **{**above, "x": leaf()})[0].splitlines()
    assert lines[0].split() == ["truth", "depth_first", "running_total", "every_path"]
    return {line.split()[0]: [float(one) for one in line.split()[1:]] for line in lines[1:]}


def leaf(T: Any = nptorch) -> Any:
    return T.tensor(1.0, requires_grad=True)


def test_one_of_three_walks_is_right_on_all_graphs(above: dict[str, Any]) -> None:
    table = rows(above)
    assert tuple(table) == GRAPHS
    for graph, (truth, depth_first, running_total, every_path) in table.items():
        assert truth == by_torch(above[graph]) == every_path
        assert depth_first != truth != running_total


def test_level_by_level_fails_on_the_short_cut_alone(above: dict[str, Any]) -> None:
    with parts(1):
        got = {graph: above["walk_back"](breadth_first, above[graph](leaf()))[0] for graph in GRAPHS}
    wrong = {graph: number for graph, number in got.items() if number != by_torch(above[graph])}
    said_of_it = re.findall(r"`(\w+)`: its short path .*? `x` gets (\d+) of its (\d+)", said(LESSON, "One more guess"))
    assert said_of_it == [(graph, f"{number:g}", f"{by_torch(above[graph]):g}") for graph, number in wrong.items()]
    assert list(wrong) == ["short_cut"]


def test_every_path_doubles_with_each_diamond_and_ends_at_pythons_limit(above: dict[str, Any]) -> None:
    with parts(1):
        out = run(cell(LESSON, "def ladder"), nptorch, **{**above, "x": leaf()})[0]
    for diamonds, nodes, runs in re.findall(r"(\d+) diamonds, +(\d+) nodes: every_path runs +([\d,]+)", out):
        assert int(nodes) == 3 * int(diamonds) + 1
        assert int(runs.replace(",", "")) == 4 * 2 ** int(diamonds) - 3
    assert "RecursionError" in out.splitlines()[-1]
    at_a_billion_a_second = 4 * 2**60 / 1e9 / 3600 / 24 / 365
    assert at_a_billion_a_second > 100, "years, for 60 diamonds"


def test_the_students_walk_does_all_of_it(above: dict[str, Any]) -> None:
    out = printed("60 diamonds: (what", {**above, "x": leaf()}).splitlines()
    assert out[0].split()[-1] == "run_backward"
    for line in out[1:4]:
        assert line.split()[1] == line.split()[-1]
    assert out[4].endswith(f"(1.0, {3 * 60 + 1})")
    assert out[5].endswith(f"(1.0, {3000 + 1})")


# --- the worked cases -------------------------------------------------------------------------------


def test_the_counts_of_the_diamond(above: dict[str, Any]) -> None:
    """In the order of the picture; torch's own edges are counted."""
    row = re.findall(r"edges that lead to it \|([ \d|]+)\|", said(LESSON, "## Exercise 2"))[0]
    told = sorted(int(one) for one in row.split("|"))
    loss = above["diamond"](leaf(torch()))
    assert told == sorted(int(one.split(": ")[1]) for one in edges_to_each(torch(), loss))
    assert told == sorted(
        int(line.split()[0]) for line in printed("count in count_consumers", {**above, "x": leaf()}).splitlines()
    )


def test_the_walk_by_hand_is_the_walk_of_torch(above: dict[str, Any]) -> None:
    text = cell(LESSON, "## Exercise 4", "markdown")
    table = [
        [one.strip() for one in line.strip("|").split("|")] for line in text.splitlines() if re.match(r"\| \d", line)
    ]
    assert [row[0] for row in table] == list("012345")
    given = [float(row[2].split("=")[-1]) for row in table[1:]]
    ran = walked(torch(), [above["diamond"](leaf(torch()))], [torch().tensor(1.0)])
    assert [label for label, _ in ran] == ["Add", "Mul", "Mul", "Mul", "Leaf"]
    assert given == [float(gradients[0]) for _, gradients in ran]
    assert at_leaves(ran)[0] == 21
    # What runs is named by its factor, and sends that times what it is given; y * 5 was recorded last.
    assert [row[1] for row in table[1:]] == ["`+`", "`*5`", "`*2`", "`*3`", "`x`"]
    for row, gradient in zip(table[2:5], given[1:4], strict=True):
        assert float(row[3]) == gradient * float(row[1].strip("`*"))
    # What still waits goes down by one with each gradient that comes, and who waits no more is ready.
    assert table[0][4] == "`*2`: 1, `*5`: 1, `*3`: 2, `x`: 1"


def test_the_heap_gives_what_the_rule_says() -> None:
    out = run(cell(LESSON, "import heapq"), nptorch)[0]
    assert eval(out) == ["number 9", "number 8", "number 8, complete later"]


def cases() -> list[tuple[str, str]]:
    """Calls of make_grads, and what the text says they give."""
    text = cell(LESSON, "## Exercise 1", "markdown")
    code = re.sub(r"\n +# torch.Size", " torch.Size", re.findall(r"```python\n(.*?)```", text, re.S)[0])
    return [(call.strip(), told.strip()) for call, _, told in (line.partition("  #") for line in code.splitlines())]


@pytest.mark.parametrize(("call", "told"), cases(), ids=[call for call, _ in cases()])
@pytest.mark.parametrize("engine", ["torch", "nptorch"])
def test_where_to_start(call: str, told: str, engine: str) -> None:
    T = torch() if engine == "torch" else nptorch
    made = right.make_grads
    if engine == "torch":
        made = lambda outputs, gradients: T.autograd._make_grads(outputs, gradients, is_grads_batched=False)  # noqa: E731
    with parts(2):
        names = {"make_grads": made, "g": T.tensor([1.0, 10.0, 100.0])}
        names |= {"loss": leaf(T) * 2, "y": T.tensor([1.0, 2.0, 3.0], requires_grad=True) * 2}
        if "Error" in told:
            kind, message = told.split(": ", 1)
            with pytest.raises((RuntimeError, TypeError)) as error:
                eval(call, names)
            assert (type(error.value).__name__, str(error.value)) == (kind, message)
            return
        got = list(eval(call, names))
    expected = eval(told.split(": g")[0], {"tensor": lambda value: value, "g": names["g"]})
    assert len(got) == len(expected)
    for one, wanted in zip(got, expected, strict=True):
        assert one is wanted if wanted is None or wanted is names["g"] else float(one) == wanted


def test_there_are_cases_of_every_kind() -> None:
    assert len(cases()) == 6
    assert sum("Error" in told for _, told in cases()) == 3


# --- aliasing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["torch", "nptorch"])
def test_a_sum_sends_one_memory_to_both(engine: str) -> None:
    T = torch() if engine == "torch" else nptorch
    with parts(1):
        out, names = run(cell(LESSON, "to_x, to_w ="), T)
        assert out.strip().endswith("the same memory: True")
        out, _ = run(cell(LESSON, "x.grad += 10"), T, **{name: names[name] for name in ("x", "w", "to_x", "to_w")})
    assert "w.grad: tensor([11., 11.])" in out


def test_the_worked_case_of_the_leaf() -> None:
    out = printed("    kept = x.grad", {"recording": recording, **PARTS})
    assert "memory of its own: True" in out
    assert "after two: tensor([ 2., 20.])  the same tensor: True  g: tensor([ 1., 10.])" in out
    with parts(2), recording(True):
        x, g = nptorch.tensor([1.0, 2.0], requires_grad=True), nptorch.tensor([1.0, 10.0])
        right.accumulate_grad(x, g)
        kept = x.grad
        right.accumulate_grad(x, g)
    assert x.grad is not kept
    assert kept.tolist() == g.tolist()


def test_where_nobody_else_has_the_gradient_torch_makes_no_copy() -> None:
    T = torch()
    x, w = (T.tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    places: list[int] = []
    x.register_hook(lambda g: places.append(g.data_ptr()))
    (x * 3).backward(T.ones(2))
    assert places == [x.grad.data_ptr()]
    x.grad = None
    (x + w).backward(T.ones(2))
    assert len({places[1], x.grad.data_ptr(), w.grad.data_ptr()}) == 3


# --- the engine runs --------------------------------------------------------------------------------


def test_the_two_stories_part_where_the_text_asks(above: dict[str, Any]) -> None:
    with parts(2):
        out, names = run(cell(LESSON, "theatre.compare"), nptorch, **above)
        told = [str(story).splitlines() for story in names["stories"]]
    assert out.splitlines() == ["depth first: x.grad is 6.0", "yours: x.grad is 21.0"]
    for story, had in zip(told, ("1 of 2", "2 of 2"), strict=True):
        runs = next(i for i, line in enumerate(story) if "(y) runs" in line)
        arrived = [line for line in story[:runs] if "(y) gets" in line]
        assert arrived[-1].endswith(had)


def test_the_predictions_are_those_of_torch(above: dict[str, Any]) -> None:
    assert printed("for value in (3.0, 4.0, 5.0)", above) == printed("for value in (3.0, 4.0, 5.0)", above, torch())
    out = printed("for value in (3.0, 4.0, 5.0)", above)
    assert re.findall(r"\d+\. (.*)", out) == ["tensor(6.)", "tensor(0.) None", "tensor(6.)"]


def test_counting_costs_little(above: dict[str, Any]) -> None:
    import time

    out = printed("count_consumers([y.grad_fn])", {**above, "time": time})
    figures = [
        [float(one.replace(",", "")) for one in re.findall(r"[\d,]+\.\d", line)] for line in out.splitlines()[1::2]
    ]
    (_, of_one, counting_one), (_, of_many, counting_many) = figures
    assert counting_one < of_one
    assert counting_many < of_many / 20


def test_grad_leaves_every_grad_alone() -> None:
    with parts(2):
        x = leaf()
        (got,) = nptorch.autograd.grad(x * 3, x)
    assert got.item() == 3
    assert x.grad is None


def test_one_graph_may_be_walked_twice_before_lesson_5() -> None:
    with parts(2):
        x = leaf()
        y = x.exp()
        y.backward()
        y.backward()
    x = leaf(torch())
    y = x.exp()
    y.backward()
    with pytest.raises(RuntimeError, match="a second time"):
        y.backward()


def test_the_claims_it_links_are_there() -> None:
    assert claims_linked(LESSON) >= {"a14", "a16"}
    assert claims_linked(LESSON) <= claims_there()


# --- a walk that calls a part of another cell is saved ----------------------------------------------

USES_ANOTHER = """
def run_backward(roots, run_node):
    for node in reversed(list(count_consumers([node for node, _, _ in roots]))):
        run_node(node, [None])
"""


def test_a_saved_walk_counts_with_the_part_that_is_plugged_in(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with parts(2):
        _, names = run(USES_ANOTHER, nptorch, count_consumers=None, __name__="__main__")
        path = nptorch.save_part(names["run_backward"])
        assert 'count_consumers = latest("count_consumers")' in path.read_text(encoding="utf-8")
        nptorch.load_parts("mine")
        assert nptorch.parts()["run_backward"].whose == "mine"
        assert nptorch.parts()["count_consumers"].whose == "given"
        asked: list[Any] = []
        nptorch.use(count_consumers=lambda roots: asked.append(roots) or {})
        leaf().backward()
    assert len(asked) == 1
