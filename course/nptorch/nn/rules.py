"""The vjp table of the neural-network operations; see `course.nptorch.rules` for how to read it.

Convolution is linear in its input and linear in its weight, so three operations serve each other:
``conv`` (x, w -> y), ``conv_input`` (y, w -> x) and ``conv_weight`` (x, y -> w). The gradients of
each are the other two, to any order. Pooling, padding and shuffling are linear too, and come in
pairs, each the other's gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from course.nptorch.math import (
    abs,
    as_numbers,
    beside,
    exp,
    held,
    log,
    log1p,
    log_sigmoid,
    reshape,
    sigmoid,
    softplus,
    squeeze,
    sum_over,
    tanh,
    tied,
    unsqueeze,
    where,
    zeros_like,
)
from course.nptorch.nn import conv_kernels, pool_kernels
from course.nptorch.nn import kernels as k
from course.nptorch.nn.group import NativeGroupNormBackward0, found_results, group_input
from course.nptorch.nn.lifted import constant, lifted
from course.nptorch.nn.normal import affine_sum, norm_input, standard
from course.nptorch.nn.slopes import (
    elu_backward,
    elu_curvature,
    gelu_backward,
    gelu_curvature,
    gelu_tanh_backward,
    gelu_tanh_curvature,
    log_sigmoid_backward,
    log_sigmoid_curvature,
    log_softmax_backward,
    prelu_backward,
    prelu_weight_backward,
    sigmoid_backward,
    softmax_backward,
    softplus_backward,
)
from course.nptorch.parts import plugged
from course.nptorch.record import share, vjp

FLOOR = 9.999999960041972e-13

conv = lifted("convolution", conv_kernels.conv, "windows")
conv_again = lifted("conv_again", conv_kernels.conv, "windows")
conv_input = lifted("conv_input", conv_kernels.conv_input, "windows")
conv_transpose = lifted("conv_transpose", conv_kernels.conv_input, "windows")
conv_weight = lifted("conv_weight", conv_kernels.conv_weight, "windows")
gather_plane = lifted("gather_plane", lambda x, indices, size: pool_kernels.gather_plane(x, indices), "size")
scatter_plane = lifted("scatter_plane", pool_kernels.scatter_plane, "size")
sandwich = lifted("sandwich", pool_kernels.sandwich, "rows", "cols")
rows_added = lifted("rows_added", k.rows_added, "rows", "skipped")
rows_picked = lifted("rows_picked", k.rows_picked, "rows", "skipped")
shuffle = lifted("pixel_shuffle", k.shuffle, "factor")
unshuffle = lifted("pixel_unshuffle", k.unshuffle, "factor")
bce_backward = lifted("bce_backward", lambda g, x, t: g * (x - t) / floored(x * (1 - x)))
frame = lifted("constant_pad_nd", k.frame, "pad", "value")
bent = lifted("bent", lambda x, limit: np.clip(x, -limit, limit), "limit")


def channel_sum(g: Any) -> Any:
    """Sum over all axes but the second: the gradient of something added to each channel."""
    return g.sum(axis=tuple(d for d in range(len(g.shape)) if d != 1))


def one_row(x: Any) -> Any:
    """Return signals as images of one row."""
    return unsqueeze(x, 2)


def turned(x: Any) -> Any:
    """Swap the two axes of a matrix."""
    return x.swapaxes(0, 1)


def values(x: Any) -> Any:
    """Return the array of a Tensor; an array as it is."""
    return getattr(x, "_data", x)


# ruff: noqa: E501 - a table is read by columns
# fmt: off
# -- linear: bias + mat1 @ mat2. mat2 is a transposed weight, and so its gradient should lie in memory
vjp("linear", self=lambda g: g, mat1=lambda g, mat2: plugged.matmul_self(g, mat2),
    mat2=lambda g, mat1: turned(plugged.matmul_self(turned(g), turned(mat1))), node_name="AddmmBackward0")

# -- convolution -----------------------------------------------------------------------------------
vjp("convolution",    input=lambda g, input, weight, windows: held(conv_input(g, weight, windows), g, input, weight),
    weight=lambda g, input, weight, windows: held(conv_weight(input, g, windows), g, input, weight), bias=lambda g, input, weight: held(channel_sum(g), g, input, weight))
vjp("conv1d", input=lambda g, input, weight, windows: held(squeeze(conv_input(one_row(g), one_row(weight), windows), 2), g, input, weight),
    weight=lambda g, input, weight, windows: held(squeeze(conv_weight(one_row(input), one_row(g), windows), 2), g, input, weight), bias=lambda g, input, weight: held(channel_sum(g), g, input, weight), node_name="ConvolutionBackward0")
vjp("conv_transpose", input=lambda g, input, weight, windows: held(conv_again(g, weight, windows), g, input, weight),
    weight=lambda g, input, weight, windows: held(conv_weight(g, input, windows), g, input, weight), bias=lambda g, input, weight: held(channel_sum(g), g, input, weight), node_name="ConvolutionBackward0")
vjp("conv_again",     input=lambda g, weight, windows: conv_transpose(g, weight, windows), weight=lambda g, input, windows: conv_weight(input, g, windows), node_name="ConvolutionBackward0")
vjp("conv_input",     input=lambda g, weight, windows: conv(g, weight, windows), weight=lambda g, input, windows: conv_weight(g, input, windows), node_name="ConvolutionBackward0")
vjp("conv_weight",    input=lambda g, grad, windows: conv_transpose(grad, g, windows), grad=lambda g, input, windows: conv(input, g, windows), node_name="ConvolutionBackward0")

# -- pooling and resampling ------------------------------------------------------------------------
vjp("max_pool2d",    self=lambda g, self, result1: held(beside(scatter_plane(g, result1, tuple(self.shape[-2:])), self), result1), result1=None, node_name="MaxPool2DWithIndicesBackward0")
vjp("gather_plane",  self=lambda g, index, size: scatter_plane(g, index, size), index=None, node_name="GatherBackward0")
vjp("scatter_plane", self=lambda g, indices, size: gather_plane(g, indices, size), indices=None, node_name="MaxPool2DWithIndicesBackwardBackward0")
vjp("avg_pool2d",    self=lambda g, self, rows, cols: beside(sandwich(g, rows.T, cols.T), self), node_name="AvgPool2DBackward0")
share("adaptive_avg_pool2d", "avg_pool2d", node_name="AdaptiveAvgPool2DBackward0")
vjp("sandwich",      self=lambda g, rows, cols: sandwich(g, rows.T, cols.T), node_name="AvgPool2DBackwardBackward0")
share("upsample_nearest2d",   "sandwich", node_name="UpsampleNearest2DBackward0")
share("upsample_bilinear2d",  "sandwich", node_name="UpsampleBilinear2DBackward0")
vjp("pixel_shuffle",   self=lambda g, factor: unshuffle(g, factor))
vjp("pixel_unshuffle", self=lambda g, factor: shuffle(g, factor))
vjp("constant_pad_nd", self=lambda g, pad: frame(g, tuple(-n for n in pad), 0.0))

# -- rows of a table -------------------------------------------------------------------------------
vjp("embedding",   weight=lambda g, indices, rows, skipped: rows_added(g, indices, rows, skipped), indices=None)
vjp("rows_added",  g=lambda g, indices, rows, skipped: rows_picked(g, indices, rows, skipped), indices=None, node_name="EmbeddingDenseBackwardBackward0")
vjp("rows_picked", x=lambda g, indices, rows, skipped: rows_added(g, indices, rows, skipped), indices=None, node_name="IndexSelectBackward0")

# -- normalisation (stats: which axes, and what was found along them) ------------------------------
vjp("native_batch_norm", input=lambda g, input, weight, stats: held(norm_input(g, input, weight, stats), g, input, weight),
    weight=lambda g, input, weight, stats: held(affine_sum(g * standard(input, stats), stats), g, input, weight), bias=lambda g, input, weight, stats: held(affine_sum(g, stats), g, input, weight),
    running_mean=None, running_var=None, result1=None, result2=None)
vjp("native_layer_norm", input=lambda g, input, weight, bias, stats: held(norm_input(g, input, weight, stats), g, input, weight, bias),
    weight=lambda g, input, weight, bias, stats: held(affine_sum(g * standard(input, stats), stats), g, input, weight, bias), bias=lambda g, input, weight, bias, stats: held(affine_sum(g, stats), g, input, weight, bias), result1=None, result2=None)
vjp("native_group_norm", input=lambda g, input, weight, result1, result2, stats, grouped, node: group_input(g, input, weight, found_results(result1, result2, stats, node), stats, grouped),
    weight=lambda g, input, weight, result1, result2, stats, grouped, node: g[0] if g[0] is None else held(affine_sum(reshape(g[0], grouped) * standard(reshape(input, grouped), stats, found_results(result1, result2, stats, node)), stats), input, weight),
    bias=lambda g, stats, grouped: g[0] if g[0] is None else affine_sum(reshape(g[0], grouped), stats), result1=None, result2=None).kind = NativeGroupNormBackward0

# -- activations -----------------------------------------------------------------------------------
vjp("prelu",    self=lambda g, self, weight: prelu_backward(g, self, weight), weight=lambda g, self, weight: prelu_weight_backward(g, self, weight), node_name="PreluKernelBackward0")
vjp("prelu_backward", grad=lambda g, self, weight: where(self >= 0, g, g * weight), self=lambda g, grad, self, weight: zeros_like(g),
    weight=lambda g, grad, self, weight: where(self >= 0, 0, grad * g), node_name="PreluKernelBackwardBackward0")
vjp("prelu_weight_backward", grad=lambda g, self, weight: where(self >= 0, 0, g * self), self=lambda g, grad, self, weight: where(self >= 0, 0, grad * g),
    weight=lambda g, grad, self, weight: zeros_like(g), node_name="PreluKernelBackwardBackward0")
vjp("softplus", self=lambda g, self, beta, threshold: softplus_backward(g, self, beta, threshold))
vjp("softplus_backward", grad=lambda g, self, beta, threshold: softplus_backward(g, self, beta, threshold),
    self=lambda g, grad, self, beta, threshold: sigmoid_backward(g * grad, sigmoid(self * beta)) * as_numbers(self * beta < threshold, self) * beta, node_name="SoftplusBackwardBackward0")
vjp("sigmoid_backward", grad=lambda g, output: sigmoid_backward(g, output), output=lambda g, grad, output: g * grad * (1 - output * 2), node_name="SigmoidBackwardBackward0")
vjp("log_sigmoid", self=lambda g, self, buffer: log_sigmoid_backward(g, self, buffer), buffer=None)
vjp("log_sigmoid_backward", grad=lambda g, self, buffer: log_sigmoid_backward(g, self, buffer), self=lambda g, grad, self: log_sigmoid_curvature(g * grad, self), buffer=None, node_name="LogSigmoidBackwardBackward0")
vjp("softmax",  self=lambda g, result, dim: softmax_backward(g, result, dim))
vjp("softmax_backward", grad=lambda g, output, dim: softmax_backward(g, output, dim),
    output=lambda g, grad, output, dim: grad * g - sum_over(output * grad, (dim,)) * g - grad * sum_over(output * g, (dim,)), node_name="SoftmaxBackwardDataBackward0")
vjp("log_softmax", self=lambda g, result, dim: log_softmax_backward(g, result, dim))
vjp("log_softmax_backward", grad=lambda g, output, dim: g - sum_over(g * exp(output), (dim,)), output=lambda g, grad, output, dim: -sum_over(grad, (dim,)) * exp(output) * g, node_name="LogSoftmaxBackwardDataBackward0")
vjp("elu",      self=lambda g, self, alpha, scale: elu_backward(g, self, alpha, scale, 1.0, False))
vjp("elu_",     self=lambda g, result, alpha, scale: elu_backward(g, result, alpha, scale, 1.0, True), node_name="EluBackward1")
vjp("celu",     self=lambda g, self, alpha: elu_backward(g, self, alpha, 1.0, 1 / alpha, False))
vjp("celu_",    self=lambda g, result, alpha: elu_backward(g, result, alpha, 1.0, 1 / alpha, True), node_name="CeluBackward1")
vjp("elu_backward", grad=lambda g, self, alpha, scale, input_scale, is_result: elu_backward(g, self, alpha, scale, input_scale, is_result),
    self=lambda g, grad, self, alpha, scale, input_scale, is_result: elu_curvature(g * grad, self, alpha, scale, input_scale, is_result), node_name="EluBackwardBackward0")
vjp("silu",     self=lambda g, self: g * sigmoid(self) * (1 + self * (1 - sigmoid(self))))
vjp("mish",     self=lambda g, self: g * mish_slope(self))
vjp("gelu",     self=lambda g, self: gelu_backward(g, self))
vjp("gelu_backward", grad=lambda g, self: gelu_backward(g, self), self=lambda g, grad, self: g * grad * gelu_curvature(self))
vjp("gelu_tanh", self=lambda g, self: gelu_tanh_backward(g, self), node_name="GeluBackward0")
vjp("gelu_tanh_backward", grad=lambda g, self: gelu_tanh_backward(g, self), self=lambda g, grad, self: g * grad * gelu_tanh_curvature(self), node_name="GeluBackwardBackward0")
vjp("hardtanh", self=lambda g, self, min_val, max_val: tied(where((self <= min_val) | (self >= max_val), 0, g), self))
vjp("threshold_", self=lambda g, self, threshold: tied(where(self <= threshold, 0, g), self), node_name="ThresholdBackward1")
vjp("threshold", self=lambda g, self, threshold: tied(where(self <= threshold, 0, g), self))

# -- losses (scale: 1 over the count for a mean, else 1) -------------------------------------------
vjp("mse_loss",    self=lambda g, self, target, scale: held(g * (2 * scale) * (self - target), g, self, target), target=lambda g, self, target, scale: held(g * (2 * scale) * (target - self), g, self, target))
vjp("smooth_l1_loss", self=lambda g, self, target, scale, beta: held(g * scale * bent(self - target, beta) / beta, g, self, target),
    target=lambda g, self, target, scale, beta: held(g * scale * bent(target - self, beta) / beta, g, self, target), node_name="SmoothL1LossBackward0")
vjp("huber_loss",  self=lambda g, self, target, scale, beta: held(g * scale * bent(self - target, beta), g, self, target),
    target=lambda g, self, target, scale, beta: held(g * scale * bent(target - self, beta), g, self, target))
vjp("bent", self=lambda g, self, limit: where(abs(self) < limit, g, g * 0))  # as torch multiplies, inf times 0
vjp("binary_cross_entropy", self=lambda g, self, target, scale, weight: held(bce_backward(weighted(g * scale, weight), self, target), g),
    target=lambda g, self, target, scale, weight: weighted((log(1 - self) - log(self)) * g, weight) * scale, weight=None)
vjp("bce_backward", grad=lambda g, self, target: g * (self - target) / ((self + 1e-12) * (1 - self + 1e-12)),
    self=lambda g, grad, self, target: g * grad * (self * self - 2 * self * target + target) / ((self + 1e-12) ** 2 * (1 - self + 1e-12) ** 2),
    target=lambda g, grad, self: -g * grad / floored(self * (1 - self), 1e-12), node_name="BinaryCrossEntropyBackwardBackward0")
vjp("binary_cross_entropy_with_logits",
    self=lambda g, self, target, scale, weight, pos_weight: weighted(logit_slope(self, target, pos_weight) * g, weight) * scale,
    target=lambda g, self, target, scale, weight, pos_weight: weighted(logit_target_slope(self, pos_weight) * g, weight) * scale, weight=None, pos_weight=None)
vjp("nll_loss",    self=lambda g, self, shares: beside(picked(g, shares), self), target=None, weight=None, total_weight=None)
share("nll_loss2d", "nll_loss", node_name="NllLoss2DBackward0")
# fmt: on


def weighted(g: Any, weight: Any) -> Any:
    """Multiply by weights if there are any."""
    return g if weight is None else g * weight


def floored(x: Any, least: float = FLOOR) -> Any:
    """Return `x`, but no less than 1e-12 as a float32: torch's guard against a division by 0."""
    return where(x > least, x, least)


def logit_slope(x: Any, target: Any, pos_weight: Any) -> Any:
    """Return the derivative of the cross entropy of ``sigmoid(x)`` with respect to x."""
    if pos_weight is None:
        return sigmoid(x) - target
    t = target * pos_weight
    return (t + 1 - target) * sigmoid(x) - t


def logit_target_slope(x: Any, pos_weight: Any) -> Any:
    """Return the derivative of the same with respect to the target."""
    if pos_weight is None:
        return -x
    return -log_sigmoid(x) * pos_weight + log_sigmoid(-x)


def spread(g: Any, shares: Any) -> Any:
    """Give a gradient per sample a class axis, to fit `shares`; one for all samples stays."""
    if len(g.shape) == 0 or len(shares.shape) == 1:
        return g
    return g[:, None]


def mish_slope(x: Any) -> Any:
    """Return the derivative of ``x * tanh(softplus(x))``."""
    # in torch the formula that is recorded has no form of softplus that stands large numbers
    t = tanh(softplus(x)) if isinstance(x, np.ndarray | np.generic) else tanh(log1p(exp(x)))
    return t + x * sigmoid(x) * (1 - t * t)


def picked(g: Any, shares: Any) -> Any:
    """Multiply a gradient by what each score has to do with the loss; 0 where it has nothing."""
    return where(constant(shares, g) == 0, 0, spread(g, shares) * constant(shares, g))
