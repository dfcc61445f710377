"""Programs of one expression, of two small tensors that require grad, to run on torch and on the engine."""

from __future__ import annotations

from typing import Any

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
    F.celu(x.clone(), inplace=True) | F.conv1d(x[None], y[None, :, :2]) | F.conv1d(x, y[None, :, :2], y[0, :1])
    F.conv1d(x[None], y[None, :, :2], padding=1, stride=2) | F.conv1d(x[None], y[None], padding='same')
    F.conv1d(x[None], y[None, :, :2], padding='same') | F.conv1d(x[None], y[:, None, :2], groups=2, dilation=(2, ))
"""

#: More of them, of what differs in its gradients only.
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

ONE = [[0.3, 0.2, 0.7], [0.9, 0.4, 0.6]]
OTHER = [[0.5, 0.8, 0.1], [0.25, 0.6, 0.95]]


def expressions(table: str = EXPRESSIONS) -> list[str]:
    """Return the expressions of a table, which are separated by bars."""
    return [one.strip() for line in table.splitlines() for one in line.split(" | ") if one.strip()]


def assigned(x: Any, at: Any, value: Any) -> Any:
    y = x.clone()
    y[at] = value
    return y


def value(T: Any, text: str, wanted: tuple[bool, bool] = (True, True)) -> tuple[Any, list[Any]]:
    """Return the result of an expression, and its two tensors, as many of them requiring grad as `wanted` says."""
    x, y = (T.tensor(v, dtype=T.float64, requires_grad=w) for v, w in zip((ONE, OTHER), wanted, strict=True))
    return evaluated(T, text, x, y), [x, y]


def evaluated(T: Any, text: str, x: Any, y: Any) -> Any:
    """Return the result of an expression of two tensors."""
    names = {"x": x, "y": y, "T": T, "F": T.nn.functional, "s": assigned}
    names |= {"i": T.tensor([[0, 1, 2], [2, 1, 0]]), "k": T.tensor([1])}
    return eval(text, names)
