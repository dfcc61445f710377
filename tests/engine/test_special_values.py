"""First and second derivatives where numbers are special: zeros of both signs, infinities, nan, ties, huge ones.

Each expression is run on torch and on the engine, with gradients coming in that are special as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

import course.nptorch as nptorch
from course.parts import reference

INF, NAN = float("inf"), float("nan")
ENGINES = (torch, nptorch)

ALONE = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.5, 3.0, -3.0, 6.0, 20.0, -20.5, 100.0, -100.0, INF, -INF, NAN, 1e-30]
ELEMENTS = """
    x.exp() | x.log() | x.log1p() | x.log2() | x.log10() | x.expm1() | x.atan() | x.erf() | x.tanh() | x.sqrt()
    x.rsqrt() | x.reciprocal() | x.sin() | x.cos() | x.tan() | x.asin() | x.acos() | x.sinh() | x.cosh() | x.abs()
    x.square() | x.trunc() | x.frac() | x.floor() | x.round() | x.sign() | x.neg() | x.relu() | x.nan_to_num()
    F.logsigmoid(x) | F.gelu(x) | F.silu(x) | F.mish(x) | F.softplus(x) | F.softplus(x, 2.0, 3.0) | F.elu(x) | F.celu(x)
    F.selu(x) | F.leaky_relu(x) | F.tanhshrink(x) | F.threshold(x, 0.5, 1.0) | x * x | x * 2 | x / 2 | 2 / x | 1 - x
    x ** 2 | x ** 3 | x ** 0.5 | x ** -1 | x ** -0.5 | x ** 0 | x ** 1 | x ** -2 | x ** 2.5 | 2 ** x | 0.0 ** x
    (-1.0) ** x | x % 2 | x.fmod(2) | x.remainder(-2) | x.clamp(0, 1) | x.clamp(min=0) | x.clamp(max=0)
    T.where(x > 0, x, x) | x * 0 | x * x.detach() | x / x | x ** x | x - x | x.atan2(x) | x.hypot(x)
    T.atan2(x, T.ones_like(x)) | T.atan2(T.ones_like(x), x) | x.masked_fill(x > 0, 1.0) | x.lerp(x * 2, 0.5)
    T.addcmul(x, x, x) | T.addcdiv(x, x, x) | x.logaddexp(x) | x.xlogy(x) | x.pow(T.ones_like(x) * 2)
    x.pow(T.zeros_like(x)) | T.pow(T.zeros_like(x), x) | T.fmod(x, x) | F.mse_loss(x, T.zeros_like(x), reduction="none")
    F.smooth_l1_loss(x, T.zeros_like(x), reduction="none") | F.huber_loss(x, T.zeros_like(x), reduction="none")
    F.binary_cross_entropy_with_logits(x, T.zeros_like(x), reduction="none")
    F.prelu(x, T.ones(1, dtype=x.dtype) / 4)
"""

ROWS = [
    *([1.0, 2.0, 3.0], [0.0, 0.0, 0.0], [-0.0, 0.0, -0.0], [INF, 1.0, 2.0], [INF, INF, 1.0], [-INF, 1.0, 2.0]),
    *([-INF, -INF, -INF], [NAN, 1.0, 2.0], [2.0, 2.0, 1.0], [0.0, 1.0, 2.0], [-1.0, -2.0, -2.0], [5.0, 5.0, 5.0]),
]
TOGETHER = """
    x.sum() | x.mean() | x.prod() | x.amax() | x.amin() | x.max() | x.min() | x.norm() | x.norm(1) | x.norm(3)
    x.norm(INF) | x.norm(-INF) | x.norm(0.5) | x.norm(-1) | x.std() | x.var() | x.std(unbiased=False)
    x.logsumexp(0) | x.median() | x.median(0)[0] | x.max(0)[0] | x.amax(0) | x.cumsum(0) | x.cumprod(0) | x.softmax(0)
    x.log_softmax(0) | x.sort()[0] | x.topk(2)[0] | x.nansum() | x.nanmean() | x.prod(0) | x.std(0) | x.var(0)
    x.var(correction=2) | x.var(correction=3) | x.std(correction=3) | x[:1].std() | x[:1].var() | x.dot(x) | x.outer(x)
    x @ x | F.normalize(x, dim=0) | F.cosine_similarity(x, r, dim=0) | F.layer_norm(x, (3,)) | x.dist(r) | x.dist(r, 1)
    F.cross_entropy(x, T.tensor(1)) | F.nll_loss(x, T.tensor(1)) | F.mse_loss(x, x.detach() * 2) | F.softmin(x, 0)
    F.l1_loss(x, x.detach() * 2) | F.smooth_l1_loss(x, x.detach() * 2) | F.huber_loss(x, x.detach() * 2)
    F.kl_div(x, x.detach().softmax(0)) | T.stack([x, x]).amax(0) | T.stack([x, r]).amax(0) | T.stack([x, r]).max(0)[0]
    T.stack([x, r]).logsumexp(0) | T.stack([x, r]).norm(dim=0) | T.stack([x, r]).std(0) | T.maximum(x, r)
    T.minimum(x, r) | T.where(x > 1, x, r) | x * r | x / r | x ** r | x.atan2(r) | x.hypot(r)
    x.fmod(r) | x.remainder(r)
    x.logaddexp(r) | x.xlogy(r) | x.lerp(r, 0.25) | x.lerp(r, x) | x.clamp(r, x) | x.clamp(min=r)
    T.addcdiv(x, x, r) | T.addcmul(x, x, r) | x.div(r, rounding_mode="trunc") | x.aminmax()[0] + x.aminmax()[1]
    x.masked_fill(x > 1, INF) | x[x > 0].sum() | x.gather(0, T.tensor([0, 0, 2])) | T.einsum("i,i->", x, r)
    F.binary_cross_entropy_with_logits(x, x.detach().tanh().abs()) | T.cross(x, r, dim=0) | x[:0].sum() | x[:0].mean()
    x[:0].prod() | x[:0].norm() | x[:0].logsumexp(0) | x[:0].softmax(0)
    F.batch_norm(x[:, None], None, None, training=True)
"""


@pytest.fixture(autouse=True, scope="module")
def parts() -> Iterator[None]:
    with nptorch.use(**reference()):
        yield


def expressions(table: str) -> list[str]:
    return [one.strip() for line in table.splitlines() for one in line.split(" | ") if one.strip()]


def numbers(x: Any) -> Any:
    return None if x is None else np.array(x.detach().clone().numpy())


def derivatives(T: Any, text: str, values: list[float], arriving: float) -> list[Any]:
    """Return value, gradient, and what comes of that when 1 and 0 are sent back through it."""
    x = T.tensor(values, dtype=T.float64, requires_grad=True)
    names = {"x": x, "r": x.flip(0), "T": T, "F": T.nn.functional, "INF": INF}
    y = eval(text, names)
    if not y.requires_grad:
        return [numbers(y)]
    up = T.full_like(y, arriving).requires_grad_()
    (grad,) = T.autograd.grad(y, x, up, create_graph=True)
    found = [y, grad]
    for one in (1.0, 0.0) if grad.requires_grad else ():
        found += T.autograd.grad(grad, (x, up), T.full_like(grad, one), allow_unused=True, retain_graph=True)
    return [numbers(each) for each in found]


def compare(text: str, values: list[float], arriving: float) -> None:
    with np.errstate(all="ignore"):
        theirs, ours = (derivatives(T, text, values, arriving) for T in ENGINES)
    assert [one is None for one in theirs] == [one is None for one in ours]
    for a, b in zip(theirs, ours, strict=True):
        if a is not None:
            np.testing.assert_allclose(b, a, rtol=1e-7, atol=1e-12, err_msg=f"{values}, {arriving} arrives")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("text", expressions(ELEMENTS))
def test_of_single_elements(text: str) -> None:
    # of numbers whose squares are next to nothing, rounding is left where both gradients of atan2 cancel
    values = ALONE[:-1] if text == "x.atan2(x)" else ALONE
    for arriving in (1.0, 0.0, INF, NAN):
        compare(text, values, arriving)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("text", expressions(TOGETHER))
def test_of_several_elements(text: str) -> None:
    # what arrives at a product of zeros is finite: torch differs from its own formula for what is not
    arriving = (1.0, 0.0) if "prod" in text else (1.0, INF, NAN)
    for values in ROWS:
        for one in arriving:
            compare(text, values, one)
