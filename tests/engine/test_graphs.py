"""Every operation records the nodes that torch records, by name and edge, and lays its result out as torch does."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import course.nptorch as engine
from tests.engine.forms import SHAPES, TABLES, WRITTEN, fits, leaves, run
from tests.engine.helper import plug_in

DEEPEST = 8


@pytest.fixture(autouse=True)
def parts() -> None:
    plug_in()


def graph(node: Any, depth: int = 0) -> str:
    """Return a graph as text."""
    if node is None or depth > DEEPEST:
        return "nothing" if node is None else "..."
    below = [f"{graph(one, depth + 1)} {slot}" for one, slot in node.next_functions]
    return f"{node.name()}({', '.join(below)})"


def seen(T: Any, result: Any) -> Any:
    """Return what is compared of a result."""
    if not isinstance(result, T.Tensor):
        return str(result)
    stride = [step if n > 1 else 0 for step, n in zip(result.stride(), result.shape, strict=True)]
    return graph(result.grad_fn), tuple(result.shape), stride, result._is_view(), result.requires_grad


@pytest.mark.parametrize("table", TABLES)
def test_graphs(table: str) -> None:
    for form in TABLES[table]:
        for shape in SHAPES:
            if fits(table, shape):
                expected, got = (seen(T, run(T, form, shape, leaves(T, shape, "plain"))) for T in (torch, engine))
                assert got == expected, (form, shape)


@pytest.mark.parametrize("table", WRITTEN)
@pytest.mark.parametrize("into", ["all", "a view"])
def test_graphs_of_writes(table: str, into: str) -> None:
    for form in WRITTEN[table]:
        if "//=" in form and into == "a view":
            continue  # torch gives a node without derivative no edge for a number, inside CopySlices as well
        for shape in SHAPES:
            looks = []
            for T in (torch, engine):
                names = leaves(T, shape, "plain")
                base = names["a"] * 1
                names["a"] = base if into == "all" else base[...]
                run(T, form, shape, names)
                looks.append((seen(T, names["a"]), seen(T, base), names["a"]._version))
            assert looks[1] == looks[0], (form, shape)
