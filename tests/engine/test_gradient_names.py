"""A recorded backward pass is called what torch calls it: ``x.grad`` is printed with its ``grad_fn``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

import course.nptorch as nptorch
from course.parts import reference
from tests.engine.expressions import MORE, expressions, value

STUDENTS = "the rule, or the sum over what was broadcast, is a part that students build, of the plainest operations"
SCALE = "one factor for what torch does in steps"
COPIED = "torch shows here that the gradient was written to; the engine has a mask"

APART = {
    "F.binary_cross_entropy(x.sigmoid(), y.sigmoid())": STUDENTS,
    "x.clone().sigmoid_()": STUDENTS,
    "x.clone().tanh_()": STUDENTS,
    "x.sigmoid()": STUDENTS,
    "x.tanh()": STUDENTS,
    "x.mean()": STUDENTS,
    "x.mean(1)": STUDENTS,
    "x.expand(2, 2, 3)": STUDENTS,
    "F.binary_cross_entropy_with_logits(x, y)": SCALE,
    "s(x, 0, y[0])": COPIED,
}


@pytest.fixture(autouse=True, scope="module")
def parts() -> Iterator[None]:
    with nptorch.use(**reference()):
        yield


def names(T: Any, text: str) -> list[Any]:
    """Return what the gradients of both tensors were made by."""
    result, leaves = value(T, text)
    arriving = T.ones(tuple(result.shape), dtype=result.dtype).requires_grad_()
    grads = T.autograd.grad(result, leaves, arriving, create_graph=True, allow_unused=True)
    return [None if grad is None else grad.grad_fn and grad.grad_fn.name() for grad in grads]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("text", [*expressions(), *expressions(MORE)])
def test_gradients_are_made_by(text: str) -> None:
    ours, theirs = names(nptorch, text), names(torch, text)
    assert (ours == theirs) == (text not in APART), (ours, theirs)
