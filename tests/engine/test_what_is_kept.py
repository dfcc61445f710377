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

EXPRESSIONS = """
    x*y | x/y | x+y | x-y | x**y | x@y.t() | x.mm(y.t()) | T.maximum(x, y) | T.minimum(x, y) | x.atan2(y)
    x.hypot(y) | T.where(x>0, x, y) | x.lerp(y, 0.3) | x.lerp(y, x) | x.fmod(y) | x.remainder(y) | x.logaddexp(y)
    x.xlogy(y) | T.addcmul(x, x, y) | T.addcdiv(x, y, x) | T.addmm(x[:, :2], x, y.t()) | x[0].dot(y[0])
    x[0].outer(y[0]) | T.bmm(x[None], y.t()[None]) | T.baddbmm(x[None, :, :2], x[None], y.t()[None])
    T.einsum('ij, ij->', x, y) | T.einsum('ij, kj->ik', x, y) | T.cat([x, y]) | T.stack([x, y]) | x.dist(y)
    x.dist(y, 1) | x.inner(y) | F.linear(x, y) | F.linear(x, y, y[:, 0]) | F.linear(x[0], y) | F.mse_loss(x, y)
    F.l1_loss(x, y) | F.smooth_l1_loss(x, y) | F.huber_loss(x, y) | F.binary_cross_entropy(x.sigmoid(), y.sigmoid())
    F.binary_cross_entropy_with_logits(x, y) | F.kl_div(x, y) | F.kl_div(x, y, log_target=True)
    F.cross_entropy(x, y) | F.prelu(x, y[0, :1]) | F.prelu(x, y[0]) | F.layer_norm(x, (3, ), y[0], y[1])
    F.group_norm(x, 3, y[0], y[1]) | F.batch_norm(x, None, None, y[0], y[1], True)
    F.conv2d(x[None, None], y[None, None, :1, :2]) | F.conv2d(x[None, None], y[None, None, :1, :2], y[0, :1])
    F.conv_transpose2d(x[None, None], y[None, None, :1, :2]) | x.masked_fill(y>0, 1.) | x.clamp(y, x)
    x.clamp(min=y) | x.clamp(max=y) | x.gather(1, i) | x.scatter(1, i, y) | x.scatter_add(1, i, y)
    x.index_add(0, k, y[:1]) | x.index_copy(0, k, y[:1]) | x.index_put((k, ), y[:1])
    x.index_put((k, ), y[:1], accumulate=True) | x.index_fill(0, k, y[0, 0]) | x.cross(y, dim=1)
    x.clone().copy_(y) | x.clone().mul_(y) | x.clone().add_(y) | x.clone().div_(y) | x.clone().sub_(y)
    x.clone().pow_(y) | x.clone().addcmul_(x, y) | x.clone().addcdiv_(x, y) | x.clone().lerp_(y, 0.3)
    x.clone().masked_fill_(y>0, 1.) | x.clone().index_add_(0, k, y[:1]) | x.clone().scatter_(1, i, y)
    x.clone().clamp_(min=y) | s(x, 0, y[0]) | s(x, k, y[:1]) | s(x, x>0, y[0, 0]) | x.clone().atan2_(y)
    x.clone().hypot_(y) | x.clone().fmod_(y) | x.clone().exp_() | x.clone().sigmoid_() | x.clone().tanh_()
    x.clone().sqrt_() | x.clone().relu_() | x.clone().log_() | x.clone().neg_() | x.clone().abs_()
    x.clone().reciprocal_() | x.clone().rsqrt_() | x.clone().square_() | x.clone().sin_() | x.clone().cos_()
    x.clone().tan_() | x.clone().clamp_(0, 1) | x.clone().floor_() | x.clone().round_() | x.clone().frac_()
    x.clone().trunc_() | x.clone().sign_() | x.clone().zero_() | x.clone().fill_(2.) | x.clone().fill_(y[0, 0])
    x.clone().t_() | x.clone().unsqueeze_(0) | x.clone().transpose_(0, 1) | x.clone().squeeze_()
    x.clone().expm1_() | x.clone().log1p_() | x.clone().erf_() | x.clone().atan_() | x.clone().asin_()
    x.clone().acos_() | x.clone().sinh_() | x.clone().cosh_() | x.clone().tril_() | x.clone().triu_()
    F.relu(x.clone(), inplace=True) | F.leaky_relu(x.clone(), inplace=True) | F.elu(x.clone(), inplace=True)
    F.hardtanh(x.clone(), inplace=True) | F.silu(x.clone(), inplace=True) | F.selu(x.clone(), inplace=True)
    F.threshold(x.clone(), 0, 1, inplace=True) | F.relu6(x.clone(), inplace=True) | F.mish(x.clone(), inplace=True)
    F.normalize(x) | F.softmax(x*y, 1) | x.clone().remainder_(y) | x.clone().remainder_(2) | x.clone().logaddexp(y)
    F.embedding(k, x) | F.embedding(k, x, padding_idx=0) | x.repeat_interleave(2, 0) | x.var(1) | x.std(1)
    x.norm(dim=1) | x.norm(3, 1) | x.logsumexp(1) | x.prod(1) | x.cumprod(1) | x.cumsum(1) | x.max(1)[0] | x.amax(1)
    x.median(1)[0] | x.sort(1)[0] | x.topk(2, 1)[0] | x.flip(0) | x.roll(1) | x.tril() | x.diagonal() | T.diag(x[0])
    x.trace() | x.kron(y) | x.expand(2, 2, 3) | x.pow(2) | x.pow(3) | x.pow(0.5) | x.pow(1) | x.pow(0) | 2**x | x*2
    x/2 | 2/x | x+1 | x.mean() | x.sum() | x.mean(1) | x.nanmean() | T.nan_to_num(x) | x.double() | x.half()
    x.reshape(6) | x.t() | x.contiguous() | x.clone() | x.detach().requires_grad_()*y | F.pad(x, (1, 1))
    F.pixel_shuffle(x[None, :, :, None].expand(1, 2, 3, 4)[:, :1].expand(1, 4, 3, 4), 2)
    F.max_pool2d(x[None, None], (1, 2)) | F.avg_pool2d(x[None, None], (1, 2))
    F.adaptive_avg_pool2d(x[None, None], 1) | F.dropout(x, 0.) | F.dropout(x, 1.) | F.gelu(x) | F.softplus(x)
    F.logsigmoid(x) | F.silu(x) | F.mish(x) | x.erf() | x.sigmoid() | x.tanh() | x.log1p() | x.expm1()
    F.celu(x.clone(), inplace=True)
"""

ONE = [[0.3, 0.2, 0.7], [0.9, 0.4, 0.6]]
OTHER = [[0.5, 0.8, 0.1], [0.25, 0.6, 0.95]]


@pytest.fixture(autouse=True, scope="module")
def parts() -> Iterator[None]:
    with nptorch.use(**reference()):
        yield


def expressions() -> list[str]:
    return [one.strip() for line in EXPRESSIONS.splitlines() for one in line.split(" | ") if one.strip()]


def numbers(x: Any) -> Any:
    return None if x is None else np.array(x.detach().double().clone().numpy())


def graph(node: Any, depth: int = 4) -> Any:
    """Return the names of a graph's nodes as deep as that, and to which of their results the edges lead."""
    if node is None or depth == 0:
        return None
    edges = node.next_functions
    return node.name(), [graph(below, depth - 1) for below, _ in edges], [number for _, number in edges]


def assigned(x: Any, at: Any, value: Any) -> Any:
    y = x.clone()
    y[at] = value
    return y


def seen(T: Any, text: str, wanted: tuple[bool, bool]) -> tuple[list[Any], list[Any]]:
    """Return what must be equal, and the numbers, which must be close."""
    kept: list[Any] = []

    def pack(t: Any) -> Any:
        kept.append((tuple(t.shape), str(t.dtype), numbers(t)))
        return t

    x, y = (T.tensor(v, dtype=T.float64, requires_grad=w) for v, w in zip((ONE, OTHER), wanted, strict=True))
    names = {"x": x, "y": y, "T": T, "F": T.nn.functional, "s": assigned}
    names |= {"i": T.tensor([[0, 1, 2], [2, 1, 0]]), "k": T.tensor([1])}
    with T.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        result = eval(text, names)
    exact: list[Any] = [result.requires_grad, str(result.dtype), [one[:2] for one in kept]]
    close = [numbers(result), *(one[2] for one in kept)]
    if not result.requires_grad:
        return exact, close
    leaves = [leaf for leaf in (x, y) if leaf.requires_grad]
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
