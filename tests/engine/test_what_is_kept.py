"""What each operation keeps for backward, in which order, its graph, and its first and second gradients.

Each expression runs on torch and on the engine: with both inputs requiring grad, and with each of them alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

import course.nptorch as nptorch
from course.parts import reference
from tests.engine.expressions import expressions, value


@pytest.fixture(autouse=True, scope="module")
def parts() -> Iterator[None]:
    with nptorch.use(**reference()):
        yield


def numbers(x: Any) -> Any:
    return None if x is None else np.array(x.detach().double().clone().numpy())


def graph(node: Any, depth: int = 4) -> Any:
    """Return the names of a graph's nodes as deep as that, and to which of their results the edges lead."""
    if node is None or depth == 0:
        return None
    edges = node.next_functions
    return node.name(), [graph(below, depth - 1) for below, _ in edges], [number for _, number in edges]


def seen(T: Any, text: str, wanted: tuple[bool, bool]) -> tuple[list[Any], list[Any]]:
    """Return what must be equal, and the numbers, which must be close."""
    kept: list[Any] = []

    def pack(t: Any) -> Any:
        kept.append((tuple(t.shape), str(t.dtype), numbers(t)))
        return t

    with T.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        result, leaves = value(T, text, wanted)
    exact: list[Any] = [result.requires_grad, str(result.dtype), [one[:2] for one in kept]]
    close = [numbers(result), *(one[2] for one in kept)]
    if not result.requires_grad:
        return exact, close
    leaves = [leaf for leaf in leaves if leaf.requires_grad]
    grads = T.autograd.grad(result.sum(), leaves, allow_unused=True, create_graph=True)
    exact += [graph(result.grad_fn), [grad is not None and (grad.requires_grad, str(grad.dtype)) for grad in grads]]
    close += [numbers(grad) for grad in grads]
    again = [(grad * grad).sum() for grad in grads if grad is not None and grad.requires_grad]
    if again:
        close += [numbers(one) for one in T.autograd.grad(sum(again), leaves, allow_unused=True)]
    return exact, close


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("text", expressions())
def test_each_operation(text: str) -> None:
    for wanted in ((True, True), (True, False), (False, True)):
        (exact, close), (ours, near) = (seen(T, text, wanted) for T in (torch, nptorch))
        assert ours == exact, wanted
        assert [one is None for one in near] == [one is None for one in close]
        for a, b in zip(close, near, strict=True):
            if a is not None:
                np.testing.assert_allclose(b, a, rtol=1e-7, atol=1e-12, err_msg=str(wanted))
