"""To torch a tensor of no axes has one where an axis is asked for: numbers as index, as source and as target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

import course.nptorch as nptorch
from course.parts import reference
from tests.engine.expressions import expressions

FORMS = """
    v.gather(0, zero) | v.gather(-1, zero) | v.gather(0, zeros) | s.gather(0, zero) | s.gather(0, zeros)
    v.scatter(0, zero, s) | v.scatter(0, zeros, s) | v.scatter(0, zero, 5.) | v.scatter(0, zeros, 5.)
    v.scatter_add(0, zero, s) | v.scatter_add(0, zeros, s) | s.scatter(0, zero, s) | s.scatter(0, zeros, v[:1])
    s.scatter_add(0, zero, s) | v.index_select(0, zero) | s.index_select(0, zero) | v.index_add(0, zero, s)
    v.index_add(0, zeros, v[:1]) | v.index_copy(0, zero, s) | v.index_fill(0, zero, s) | v.index_fill(0, zero, 2.)
    s.index_fill(0, zero, 2.) | v.take(zero) | s.take(zero) | T.take_along_dim(v, zeros, 0)
    v.clone().scatter_(0, zero, 5.) | v.clone().scatter_add_(0, zero, s) | v.gather(0, zero + 5) | v.gather(1, zero)
    v.scatter(0, zero + 3, s) | m.gather(0, zero) | m.scatter(0, zero, s)
"""


@pytest.fixture(autouse=True, scope="module")
def parts() -> Iterator[None]:
    with nptorch.use(**reference()):
        yield


def shown(T: Any, form: str) -> Any:
    """Return the result of a form with its first and second gradients, or the error."""
    v, s, m = (T.tensor(x, requires_grad=True) for x in ([1.5, 2.5, 3.0], 0.5, [[1.0, 2.0], [3.0, 4.0]]))
    names = {"T": T, "v": v, "s": s, "m": m, "zero": T.tensor(0), "zeros": T.tensor([0])}
    try:
        y = eval(form, names)
        first = T.autograd.grad((y * y).sum(), (v, s), allow_unused=True, create_graph=True)
        total = sum((g * g).sum() for g in first if g is not None)
        second = T.autograd.grad(total, (v, s), allow_unused=True)
    except (RuntimeError, IndexError) as error:
        return type(error).__name__, str(error).split("\n")[0]
    return [None if x is None else (x.tolist(), tuple(x.shape)) for x in (y, *first, *second)], y.grad_fn.name()


@pytest.mark.parametrize("form", expressions(FORMS))
def test_as_in_torch(form: str) -> None:
    assert shown(nptorch, form) == shown(torch, form)
