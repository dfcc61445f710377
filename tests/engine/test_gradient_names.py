"""A recorded backward pass is called what torch calls it: ``x.grad`` is printed with its ``grad_fn``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

import course.nptorch as nptorch
from course.parts import reference
from tests.engine.expressions import expressions, value

MORE = """
    x.relu() | F.relu6(x) | F.hardtanh(x) | F.leaky_relu(x) | F.elu(x) | F.selu(x) | F.celu(x) | F.threshold(x, 0.5, 1)
    x.take(i) | x.index_select(1, k) | x.masked_select(x>0.5) | x[x>0.5] | x[k] | x[0] | x[:, 1] | x[:, 1:]
    x[..., None] | x[k, 0] | x.select(1, 0) | x.narrow(1, 0, 2) | x.max() | x.min() | x.median() | x.amin(1)
    x.min(1)[0] | x.softmax(1) | F.log_softmax(x, 1) | x.T | x.mT | x.permute(1, 0) | x.transpose(0, 1) | x.squeeze(0)
    x.unsqueeze(0) | x.view(3, 2) | x.flatten() | x.repeat(2, 1) | x.chunk(3, 1)[1] | x.split(1, 1)[2] | x.unbind(1)[0]
    x.movedim(0, 1) | x.sum(1) | x.sum(1, keepdim=True) | x.exp() | x.log() | x.sin() | x.cos() | x.tan() | x.sqrt()
    x.rsqrt() | x.abs() | x.neg() | x.reciprocal() | x.square() | x.sign() | x.floor() | x.clamp(0.3, 0.8)
    x.clamp(min=0.3) | x.asin() | x.acos() | x.sinh() | x.cosh() | x.log2() | x.frac() | x**3 | x**x | 3-x | x-3 | -x
    x.mv(y[0]) | x.matmul(y[0]) | F.nll_loss(F.log_softmax(x, 1), i[:, 0]) | F.cross_entropy(x, i[:, 0])
    F.binary_cross_entropy(x, y.detach()) | F.l1_loss(x, y.detach()) | F.mse_loss(x, y.detach(), reduction='none')
    F.kl_div(x, y.detach()) | F.cosine_similarity(x, y) | F.linear(x, y, y[:, 0]) | x@y.T | F.embedding(i[0], x.T)
    F.interpolate(x[None, None], scale_factor=2) | F.conv1d(x[None], y[None, :, :1]) | x.std() | x.var() | x.norm()
    x.norm(1) | x.cumsum(0) | x.cumprod(0) | x.prod() | x.logsumexp(0) | x.tile(2) | x.float() | x.where(x>0.5, y)
    x.rot90(1) | T.hstack([x, y]) | T.vstack([x, y]) | F.softplus(x) | F.softmin(x, 1) | F.tanhshrink(x)
    F.instance_norm(x[None]) | F.pad(x[None], (1, 1), mode='reflect') | x[:, 0].addmv(y, x[0]) | F.layer_norm(x, (3, ))
    F.group_norm(x, 1) | F.batch_norm(x, None, None, training=True) | F.conv2d(x[None, None], y[None, None, :, :2])
"""

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
