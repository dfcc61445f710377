"""When the hooks of two tensors run in a first pass, and in a second one over what the first one recorded.

The second order hangs on the order in which a rule computes. Both tensors are leaves, or made in either order, and the
result is used as it is, or squared.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

import course.nptorch as nptorch
from course.parts import reference
from tests.engine.expressions import MORE, ONE, OTHER, evaluated, expressions

SGN = "torch cannot add to the zero that it hands back as the gradient of sgn"
PADS = "torch records that the gradient hangs on the input, with slope 0, even if only the loss does not"

APART = {
    "x.dist(y, 1)": SGN,
    "F.l1_loss(x, y)": SGN,
    "F.l1_loss(x, y.detach())": SGN,
    "x.abs()": SGN,
    "x.clone().abs_()": SGN,
    "x.norm(1)": SGN,
    "F.pad(x[None], (1, 1), mode='reflect')": PADS,
}


@pytest.fixture(autouse=True, scope="module")
def parts() -> Iterator[None]:
    with nptorch.use(**reference()):
        yield


def order(T: Any, text: str, made: str, squared: bool) -> list[Any]:
    """Return the order of hooks in both passes, for the gradient of each tensor and of both."""
    log: list[str] = []
    x, y = (T.tensor(values, dtype=T.float64, requires_grad=True) for values in (ONE, OTHER))
    for name in made:
        x, y = (x / 2, y) if name == "x" else (x, y / 2)
    x.register_hook(lambda g: log.append("x"))
    y.register_hook(lambda g: log.append("y"))
    seen: list[Any] = []
    for wanted in ([x], [y], [x, y]):
        log.clear()
        try:
            result = evaluated(T, text, x, y)
            result = result * result if squared else result
            arriving = T.full(tuple(result.shape), 1.25, dtype=result.dtype)
            grads = T.autograd.grad(result, wanted, arriving, create_graph=True, allow_unused=True)
            seen.append(list(log))
            log.clear()
            recorded = [one.sum() for one in grads if one is not None and one.requires_grad]
            if recorded:
                T.autograd.backward(recorded)
            seen.append(list(log))
        except RuntimeError as error:
            seen.append(type(error).__name__)
    return seen


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("text", [*expressions(), *expressions(MORE)])
def test_hooks_run_in_order(text: str) -> None:
    ways = [(made, squared) for made in ("", "xy", "yx") for squared in (False, True)]
    differing = {
        way: (ours, theirs)
        for way in ways
        if (ours := order(nptorch, text, *way)) != (theirs := order(torch, text, *way))
    }
    assert bool(differing) == (text in APART), differing
