"""Results lie in memory as torch lays them out, whatever the layout of the input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import course.nptorch as engine
from tests.engine.helper import plug_in

# ruff: noqa: E501 - a table
INPUTS = (
    *("x", "x.t()", "x.expand(2, 3, 4)", "x[:, :1].expand(3, 4)", "x[:1].expand(3, 4)", "x.t()[:2]", "x[:, ::2]"),
    *(
        "x.expand(2, 3, 4).transpose(0, 2)",
        "x[None].permute(2, 0, 1)",
        "x[:, 1:].t()",
        "x.unsqueeze(1).expand(3, 2, 4)",
    ),
)
FORMS = (
    *("y.clone()", "y.exp()", "y + 1", "y * y", "y.relu()", "y.cumsum(0)", "y.cumprod(0)", "y.softmax(0)", "y.contiguous()"),
    *("y.float()", "T.zeros_like(y)", "T.ones_like(y)", "T.full_like(y, 2.0)", "y.masked_fill(y > 0, 1.0)", "y.clamp(0, 1)"),
    *("y.flip(0)", "y.roll(1, 0)", "y.sort(0)[0]", "y.tril()", "y.log_softmax(0)", "y.detach().clone()", "y ** 2", "2 ** y"),
    *("T.cat([y, y])", "T.stack([y, y])", "y.repeat(2, 1, 1)", "y.mean(0)", "y.index_select(0, T.tensor([0, 0]))"),
    *("y.scatter(0, T.zeros(y.shape).long(), 1.0)", "y.index_add(0, T.tensor([0]), y[:1])", "y.lerp(y, 0.5)", "y.sgn()"),
    *("T.addcmul(y, y, y)", "T.maximum(y, y)", "y[[0, 0]]", "y.rot90()", "y.var(0)", "y.nan_to_num()", "y.data.clone()"),
    *("y.repeat_interleave(2, 0)", "y.mT * y.contiguous().mT", "y.contiguous() + y", "y - y.contiguous()", "T.rsub(y, y)"),
    *("T.where(y > 0, y, 1.0)", "T.nn.functional.logsigmoid(y)", "T.nn.functional.silu(y)", "T.clamp(y, min=y)", "y.sum(0)", "y.mean(-1, keepdim=True)", "y.prod(0)", "y.norm(2, 0)", "y.logsumexp(0)"),
)  # fmt: skip


def layout(T: Any, form: str, source: str) -> Any:
    """Return shape, steps and contiguity of a result."""
    x = T.tensor((np.arange(12.0).reshape(3, 4) + 1).tolist(), dtype=T.float64, requires_grad=True)
    made = eval(form, {"T": T, "y": eval(source, {"x": x})})
    steps = [step if n > 1 else 0 for step, n in zip(made.stride(), made.shape, strict=True)]
    return tuple(made.shape), steps, made.is_contiguous()


@pytest.mark.parametrize("form", FORMS)
def test_layout(form: str) -> None:
    plug_in()
    for source in INPUTS:
        assert layout(engine, form, source) == layout(torch, form, source), source
