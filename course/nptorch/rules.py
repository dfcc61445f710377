"""The vjp table: how a gradient flows back through each operation.

One line per input. ``g`` is the gradient of the loss with respect to the result; the other
parameter names say what the operation keeps for it: ``self``, ``other`` ... are inputs,
``result`` is the output, and after those come plain facts such as ``dim``. The same line runs on
NumPy arrays, and on Tensors under ``create_graph=True``. Names follow torch's own table [1]_.

``built(lesson, part, ...)`` marks the rules that students build. ``mask=None`` marks an input that
is kept for the rules and has no gradient. Where an operation has several outputs, ``g`` is the
list of their gradients.

References
----------
.. [1] https://github.com/pytorch/pytorch/blob/main/tools/autograd/derivatives.yaml
"""

from __future__ import annotations

import math

from course.nptorch.math import (
    along,
    as_numbers,
    as_shaped,
    below,
    between,
    concatenate,
    cosh,
    cross,
    exp,
    expand,
    expand_as_summed,
    flip,
    gather,
    held,
    index_put,
    isfinite,
    isnan,
    laid,
    log,
    log_number,
    masked_fill,
    matmul,
    no_derivative,
    number_over,
    one_minus,
    outer,
    piece,
    power,
    put_along,
    put_diagonal,
    put_picked,
    quotient,
    raw,
    reshape,
    roll,
    scaled,
    select,
    sgn,
    sin,
    sinh,
    sqrt,
    squeeze,
    stack,
    swapaxes,
    t,
    tied,
    transpose,
    tril,
    triu,
    turned,
    unforeseen,
    unrepeat,
    where,
    without,
    xlogy,
    zeros_like,
)
from course.nptorch.parts import plugged
from course.nptorch.record import OPS, built, share, vjp, vjp_of_many
from course.nptorch.slopes import (
    added,
    of_angle,
    of_deviation,
    of_distance,
    of_divisor,
    of_extreme,
    of_mean,
    of_norm,
    of_product,
    of_product_along,
    of_variance,
    product_slope,
    reverse_cumsum,
    shared,
    shares,
)

# ruff: noqa: E501 - a table is read by columns
# fmt: off
# -- one input, element by element ---------------------------------------------------------------
vjp("exp",        self=built(1, "exp_self",     lambda g, result: ...))
vjp("log",        self=built(1, "log_self",     lambda g, self: ...))
vjp("sin",        self=built(1, "sin_self",     lambda g, self: ...))
vjp("tanh",       self=built(1, "tanh_self",    lambda g, result: ...))
vjp("sigmoid",    self=built(1, "sigmoid_self", lambda g, result: ...))
vjp("relu",       self=built(1, "relu_self",    lambda g, result: ...))
vjp("neg",        self=lambda g: -g)
vjp("cos",        self=lambda g, self: g * -sin(self))
vjp("tan",        self=lambda g, result: g * (1 + result * result))
vjp("asin",       self=lambda g, self: g * power(1 - self * self, -0.5))
vjp("acos",       self=lambda g, self: g * -power(1 - self * self, -0.5))
vjp("atan",       self=lambda g, self: g / (self * self + 1))
vjp("sinh",       self=lambda g, self: g * cosh(self))
vjp("cosh",       self=lambda g, self: g * sinh(self))
vjp("sqrt",       self=lambda g, result: g / (2 * result))
vjp("rsqrt",      self=lambda g, result: g * -0.5 * result**3)
vjp("reciprocal", self=lambda g, result: -g * (result * result))
vjp("abs",        self=lambda g, self: g * sgn(self))
vjp("asinh",      self=lambda g, self: g / sqrt(self * self + 1))
vjp("acosh",      self=lambda g, self: g / sqrt(self * self - 1))
vjp("atanh",      self=lambda g, self: g * 1 / (1 - self * self))
vjp("erf",        self=lambda g, self: exp(-(self * self)) * (2 / math.sqrt(math.pi)) * g)
vjp("expm1",      self=lambda g, result: g * (result + 1))
vjp("log1p",      self=lambda g, self: g / (self + 1), node_name="Log1PBackward0")
vjp("log2",       self=lambda g, self: g / (self * math.log(2)))
vjp("log10",      self=lambda g, self: g / (self * math.log(10)))
vjp("leaky_relu", self=lambda g, self, negative_slope: tied(where(self > 0, g, g * negative_slope), self))
vjp("leaky_relu_", self=lambda g, result, negative_slope: tied(where(result > 0, g, g * negative_slope), result), node_name="LeakyReluBackward1")
vjp("clamp",      self=lambda g, self, min, max: where(between(self, min, max), g, 0), node_name="ClampBackward1")
vjp("clamp_min",  self=lambda g, self, min: where(self >= min, g, 0))
vjp("clamp_max",  self=lambda g, self, max: where(self <= max, g, 0))
vjp("clamp_min_tensor", self=lambda g, self, min: where(self >= min, g, 0), min=lambda g, self, min: where(self < min, g, 0), node_name="ClampMinBackward1")
vjp("clamp_max_tensor", self=lambda g, self, max: where(self <= max, g, 0), max=lambda g, self, max: where(self > max, g, 0), node_name="ClampMaxBackward1")
vjp("sign",       self=lambda g: zeros_like(g))
vjp("sgn",        self=lambda g, self, result: zeros_like(g))
vjp("floor",      self=lambda g: zeros_like(g))
vjp("ceil",       self=lambda g: zeros_like(g))
vjp("round",      self=lambda g: zeros_like(g))
share("round_decimals", "round", node_name="RoundBackward1")
vjp("trunc",      self=lambda g: zeros_like(g))
vjp("frac",       self=lambda g: g)
vjp("nan_to_num", self=lambda g, self: g * as_numbers(isfinite(self), self))
vjp("held_1",     g=lambda g, a: g, a=lambda g, a: None)
vjp("held_2",     g=lambda g, a, b: g, a=lambda g, a, b: None, b=lambda g, a, b: None)
vjp("held_3",     g=lambda g, a, b, c: g, a=lambda g, a, b, c: None, b=lambda g, a, b, c: None, c=lambda g, a, b, c: None)
vjp("held_4",     g=lambda g, a, b, c, d: g, a=lambda g, a, b, c, d: None, b=lambda g, a, b, c, d: None, c=lambda g, a, b, c, d: None, d=lambda g, a, b, c, d: None)
vjp("beside",     g=lambda g: g, self=lambda g: zeros_like(g))
vjp("tied",       g=lambda g, self: tied(g, self), self=lambda g, self: zeros_like(g))
vjp("clone",      self=lambda g: g)
vjp("to_copy",    self=lambda g: g, node_name="ToCopyBackward0")

# -- several inputs, broadcast against each other --------------------------------------------------
vjp("add",     self=lambda g: g,                                    other=lambda g: g)
vjp("sub",     self=lambda g: g,                                    other=lambda g: -g)
vjp("add_scaled", self=lambda g: g,                                 other=lambda g, alpha: g * alpha, node_name="AddBackward0")
vjp("sub_scaled", self=lambda g: g,                                 other=lambda g, alpha: g * -alpha, node_name="SubBackward0")
vjp("rsub",    self=lambda g, alpha: -g if alpha == 1 else g * -alpha, node_name="RsubBackward1")
vjp("rsub_tensor", self=lambda g, alpha: -g if alpha == 1 else g * -alpha, other=lambda g: g, node_name="RsubBackward0")
vjp("mul",     self=built(1, "mul_self", lambda g, other: ...),     other=built(1, "mul_other", lambda g, self: ...))
vjp("div",     self=built(1, "div_self", lambda g, other: ...),     other=built(1, "div_other", lambda g, self, other: ...))
vjp("mul_number", self=lambda g, other: g * other, node_name="MulBackward1")
vjp("div_number", self=lambda g, other: g / other, node_name="DivBackward1")
vjp("remainder", self=lambda g: g,                                  other=lambda g, self, other: -g * quotient(self, other, "floor"), node_name="RemainderBackward1")
vjp("fmod",    self=lambda g: g,                                    other=lambda g, self, other: -g * quotient(self, other, "trunc"), node_name="FmodBackward1")
vjp("remainder_number", self=lambda g: g, node_name="RemainderBackward0")
vjp("fmod_number", self=lambda g: g, node_name="FmodBackward0")
for _name in ("floor_divide", "floor_divide_", "remainder"):  # torch gives such a node edges only to what requires grad: one or two
    vjp(f"no_{_name}_1", self=no_derivative(_name), node_name="torch::autograd::NotImplemented")
    vjp(f"no_{_name}_2", self=no_derivative(_name), other=no_derivative(_name), node_name="torch::autograd::NotImplemented")
vjp("div_rounded", self=lambda g, other: zeros_like(g), other=lambda g, self, other: zeros_like(g), node_name="DivBackward2")
vjp("pow",     self=lambda g, self, other: where(other == 0, 0, g * (other * self ** (other - 1))),
               other=lambda g, self, other, result: g * where((self == 0) & (other >= 0), 0, result * log(self)), node_name="PowBackward1")
vjp("pow_number", self=lambda g, self, exponent: zeros_like(g) if exponent == 0 else g * (exponent * power(self, exponent - 1)), node_name="PowBackward0")
vjp("number_pow", exponent=lambda g, exponent, result, base: g * where((exponent >= 0) & (base == 0), 0, result * log_number(base)), node_name="PowBackward2")
vjp("hypot",   self=lambda g, self, result: g * self / result, other=lambda g, other, result: g * other / result)
vjp("logaddexp", self=lambda g, self, other: g / (1 + exp(other - self)), other=lambda g, self, other: g / (1 + exp(self - other)))
vjp("xlogy",   self=lambda g, self, other: masked_fill(xlogy(g, other), (self == 0) & (other <= 0), 0), other=lambda g, self, other: g * self / other)
vjp("atan2",   self=lambda g, self, other: of_angle(g, self, other, True), other=lambda g, self, other: of_angle(g, self, other, False), node_name="Atan2Backward0")
vjp("maximum", self=lambda g, self, other: masked_fill(where(self == other, g / 2, g), self < other, 0), other=lambda g, self, other: masked_fill(where(self == other, g / 2, g), self > other, 0))
vjp("minimum", self=lambda g, self, other: masked_fill(where(self == other, g / 2, g), self > other, 0), other=lambda g, self, other: masked_fill(where(self == other, g / 2, g), self < other, 0))
vjp("where",   self=lambda g, condition: where(condition, g, 0),    other=lambda g, condition: where(condition, 0, g), condition=None)
vjp("masked_fill", self=lambda g, mask: masked_fill(g, mask, 0), mask=None)
vjp("masked_fill_tensor", self=lambda g, mask: masked_fill(g, mask, 0),   value=lambda g, mask: held(where(mask, g, 0), g), mask=None, node_name="MaskedFillBackward1")
vjp("clamp_tensor", self=lambda g, self, min, max: where(between(self, min, max), g, 0),
               min=lambda g, self, min, max: where((self < min) & below(min, max, True), g, 0), max=lambda g, self, min, max: where((self > max) | below(max, min, False), g, 0), node_name="ClampBackward0")
vjp("lerp",    self=lambda g, weight: g * (1 - weight),             end=lambda g, weight: g * weight)
vjp("lerp_tensor", self=lambda g, weight: g * one_minus(weight),     end=lambda g, weight: g * weight, weight=lambda g, self, end: g * (end - self), node_name="LerpBackward1")
vjp("addcmul", self=lambda g: g, tensor1=lambda g, tensor2, value: g * (tensor2 * value), tensor2=lambda g, tensor1, value: g * (tensor1 * value))
vjp("addcdiv", self=lambda g: g, tensor1=lambda g, tensor2, value: g * number_over(value, tensor2), tensor2=lambda g, tensor1, tensor2, value: of_divisor(g, tensor1, tensor2, value))

# -- sums and their kin (dim: the axes, always as a tuple; one axis where the fold is along one) ---
vjp("sum",       self=built(3, "sum_self",  lambda g, shape, dim, keepdim: ...))
vjp("mean",      self=built(3, "mean_self", lambda g, shape, dim, keepdim: ...))
share("sum_dim", "sum", node_name="SumBackward1")
share("mean_dim", "mean", node_name="MeanBackward1")
vjp("prod",      self=lambda g, self, result: of_product(g, self, result))
vjp("prod_dim",  self=lambda g, self, result, dim, keepdim: of_product_along(g, self, result, dim, keepdim), node_name="ProdBackward1")
vjp("var",       self=lambda g, self, dim, keepdim, correction, whole: of_variance(g, self, dim, keepdim, correction, whole))
vjp("std",       self=lambda g, self, result, dim, keepdim, correction, whole: of_deviation(g, self, result, dim, keepdim, correction, whole))
vjp("var_mean",  self=lambda g, self, dim, keepdim, correction, whole: added(of_variance(g[0], self, dim, keepdim, correction, whole), of_mean(g[1], self, dim, keepdim)))
vjp("std_mean",  self=lambda g, self, result, dim, keepdim, correction, whole: added(of_deviation(g[0], self, result, dim, keepdim, correction, whole), of_mean(g[1], self, dim, keepdim)))
vjp("norm",      self=lambda g, self, result, ord, dim, keepdim: None if ord == 0 else of_norm(g, self, result, ord, dim, keepdim), node_name="LinalgVectorNormBackward0")
vjp("dist",      self=lambda g, self, other, result, p: of_distance(g, self - other, result, p), other=lambda g, self, other, result, p: -of_distance(g, self - other, result, p))
vjp("nansum",    self=lambda g, self, dim, keepdim: expand_as_summed(g, self, dim, keepdim) * as_numbers(self == self, self))
vjp("amax",      self=lambda g, self, result, dim, keepdim: expand_as_summed(g, self, dim, keepdim) * shares(self == expand_as_summed(result, self, dim, keepdim), dim, self))
share("amin", "amax")
vjp("aminmax",   self=lambda g, self, low, high, dim, keepdim: added(of_extreme(g[0], self, low, dim, keepdim), of_extreme(g[1], self, high, dim, keepdim)), low=None, high=None)
vjp("max",       self=lambda g, self, result: shared(g, (self == result) | (isnan(self) & isnan(result))), node_name="MaxBackward1")
share("min", "max", node_name="MinBackward1")
share("median", "max", node_name="MedianBackward0")
vjp("max_dim",   self=lambda g, indices, shape, dim, keepdim: put_picked(g, indices, shape, dim, keepdim), indices=None, node_name="MaxBackward0")
share("min_dim", "max_dim", node_name="MinBackward0")
share("median_dim", "max_dim", node_name="MedianBackward1")
vjp("sort",      self=lambda g, indices, shape, dim: put_along(g, indices, shape, dim), indices=None)
share("sort_stable", "sort", node_name="SortBackward1")
share("topk", "sort")
vjp("cumprod",   self=lambda g, self, result, dim: product_slope(g, self, result, dim))
vjp("cumsum",    self=lambda g, dim: reverse_cumsum(g, dim))
vjp("logsumexp", self=lambda g, self, result, dim, keepdim: expand_as_summed(g, self, dim, keepdim) * exp(self - expand_as_summed(result, self, dim, keepdim)))

# -- matrices ------------------------------------------------------------------------------------
vjp("mm",     self=built(3, "matmul_self", lambda g, other: ...),  other=built(3, "matmul_other", lambda g, self: ...))
vjp("mm_laid", self=lambda g, other, columns: laid(plugged.matmul_self, g, other, columns[0]),
               other=lambda g, self, columns: laid(plugged.matmul_other, g, self, columns[1]), node_name="MmBackward0").kind = OPS["mm"].kind
share("bmm", "mm")
vjp("mv",     self=lambda g, vec: outer(g, vec),                   vec=lambda g, self: matmul(transpose(self), g))
vjp("dot",    self=lambda g, tensor: g * tensor,                   tensor=lambda g, self: g * self)
vjp("addmm",  self=lambda g, beta: scaled(g, beta), mat1=lambda g, mat2, alpha, columns: scaled(laid(plugged.matmul_self, g, mat2, columns[0]), alpha),
               mat2=lambda g, mat1, alpha, columns: scaled(laid(plugged.matmul_other, g, mat1, columns[1]), alpha))
vjp("baddbmm", self=lambda g, beta: scaled(g, beta), batch1=lambda g, batch2, alpha: scaled(matmul(g, transpose(batch2)), alpha), batch2=lambda g, batch1, alpha: scaled(matmul(transpose(batch1), g), alpha))
vjp("addmv",  self=lambda g, beta: scaled(g, beta), mat=lambda g, vec, alpha: scaled(outer(g, vec), alpha), vec=lambda g, mat, alpha: scaled(matmul(transpose(mat), g), alpha))
vjp("cross",  self=lambda g, other, dim: cross(other, g, dim), other=lambda g, self, dim: cross(g, self, dim), node_name="LinalgCrossBackward0")
vjp("tril",   self=lambda g, diagonal: tril(g, diagonal))
vjp("triu",   self=lambda g, diagonal: triu(g, diagonal))
vjp("trace",  self=lambda g, shape: held(put_diagonal(expand(reshape(g, (1,)), (min(shape),)), shape, 0, 0, 1), g))
vjp("diag_embed", self=lambda g, offset, dim1, dim2: g.diagonal(offset, dim1, dim2))
vjp("diagonal", self=lambda g, shape, offset, dim1, dim2: put_diagonal(g, shape, offset, dim1, dim2))
share("diagonal_copy", "diagonal", node_name="DiagonalBackward0_copy")

# -- other shapes of the same numbers ------------------------------------------------------------
vjp("permute", self=built(3, "permute_self", lambda g, dims: ...))
vjp("transpose", self=lambda g, dim0, dim1: swapaxes(g, dim0, dim1))
share("transpose_", "transpose", node_name="TransposeBackward1")
vjp("t",       self=lambda g: t(g))
share("t_", "t", node_name="TBackward1")
vjp("view",    self=lambda g, shape: reshape(g, shape))
share("reshape_alias", "view")
share("unsafe_view", "view")
vjp("squeeze", self=lambda g, shape: as_shaped(g, shape))
share("squeeze_dim", "squeeze", node_name="SqueezeBackward1")
share("squeeze_dims", "squeeze", node_name="SqueezeBackward2")
share("squeeze_dim_", "squeeze", node_name="SqueezeBackward4")
share("squeeze_", "squeeze", node_name="SqueezeBackward3")
share("squeeze_dims_", "squeeze", node_name="SqueezeBackward5")
vjp("unsqueeze", self=lambda g, dim: squeeze(g, dim))
share("unsqueeze_", "unsqueeze", node_name="UnsqueezeBackward1")
vjp("expand",  self=lambda g: g)  # the engine sums it back to the shape of self
vjp("alias",   self=lambda g: g)
vjp("repeat",  self=lambda g, shape, repeats: unrepeat(g, shape, repeats))
vjp("rot90",   self=lambda g, k, dims: turned(g, -k, dims))
vjp("flip",    self=lambda g, dims: flip(g, dims))
vjp("roll",    self=lambda g, shifts, dims: roll(g, tuple(-n for n in shifts), dims))
vjp_of_many("cat",   tensor=lambda g, i, dim, bounds: piece(g, dim, bounds[i]))
vjp_of_many("stack", tensor=lambda g, i, dim: select(g, dim, i))
vjp("unbind",  self=lambda g, dim: stack(g, dim))
vjp("split",   self=lambda g, dim: concatenate(g, dim))
share("split_with_sizes", "split")

# -- picking elements ------------------------------------------------------------------------------
vjp("select",  self=lambda g, shape, indices: index_put(g, shape, indices))
share("slice", "select")
vjp("index",   self=built(3, "index_self", lambda g, shape, indices: ...), tensors=None)
vjp("take",    self=lambda g, self, index: held(reshape(index_put(g, (math.prod(self.shape),), (raw(index),)), tuple(self.shape)), g), index=None)
for _count in range(2, 7):  # more than one index tensor: each is kept
    vjp(f"index_{_count}", self=OPS["index"].rules[0], **{f"tensors{_i}": None for _i in range(_count)}, node_name="IndexBackward0")
vjp("index_select", self=lambda g, shape, indices: held(index_put(g, shape, indices), g), index=None)
vjp("masked_select", self=lambda g, self, mask: held(index_put(g, tuple(self.shape), raw(mask)), g), mask=None)
vjp("gather",  self=lambda g, self, index, dim: put_along(g, index, tuple(self.shape), dim), index=None)
vjp("put_into", self=lambda g, indices: g[indices])
vjp("put_at",   self=lambda g, indices: g[indices], tensors=None)
vjp("index_put", self=lambda g, indices: without(g, indices), values=lambda g, indices: g[indices], tensors=None)
for _count in range(2, 7):
    vjp(f"index_put_{_count}", self=OPS["index_put"].rules[0], values=OPS["index_put"].rules[1], **{f"tensors{_i}": None for _i in range(_count)}, node_name="IndexPutBackward0")
vjp("index_add_into", self=lambda g: g, values=lambda g, indices: g[indices], tensors=None, node_name="IndexPutBackward0")
for _count in range(2, 7):
    vjp(f"index_add_into_{_count}", self=lambda g: g, values=OPS["index_add_into"].rules[1], **{f"tensors{_i}": None for _i in range(_count)}, node_name="IndexPutBackward0")
vjp("index_add", self=lambda g: g, source=lambda g, index, source, indices, alpha: g[indices] * alpha, index=None)
vjp("index_copy", self=lambda g, indices: without(g, indices), source=lambda g, source, indices: g[indices], index=None)
vjp("index_fill", self=lambda g, indices: without(g, indices), index=None)
vjp("index_fill_tensor", self=lambda g, indices: without(g, indices), value=lambda g, indices: g[indices].sum(), index=None, node_name="IndexFillBackward1")
vjp("unique",  self=unforeseen("_unique2"), node_name="Unique2Backward0")
vjp("scatter", self=lambda g, index, dim: without(g, along(index, dim, len(g.shape))), src=lambda g, index, dim: gather(g, dim, index), index=None)
vjp("scatter_number", self=lambda g, index, dim: without(g, along(index, dim, len(g.shape))), index=None, node_name="ScatterBackward1")
vjp("scatter_add", self=lambda g: g, src=lambda g, index, dim: gather(g, dim, index), index=None)

# -- written in place ----------------------------------------------------------------------------
vjp("fill",    self=lambda g: zeros_like(g), node_name="FillBackward2")
vjp("fill_tensor", self=lambda g: zeros_like(g), value=lambda g: g.sum(), node_name="FillBackward3")
vjp("zero",    self=lambda g: zeros_like(g))
vjp("copy",    self=lambda g: zeros_like(g), src=lambda g: g, node_name="torch::autograd::CopyBackwards")
vjp("random",  self=lambda g: g * 0)
for _name in ("eq", "ne", "lt", "gt", "le", "ge"):
    vjp(f"{_name}_", self=lambda g: zeros_like(g), other=lambda g: zeros_like(g), node_name=f"{_name.capitalize()}Backward1")
    vjp(f"{_name}_number_", self=lambda g: zeros_like(g), node_name=f"{_name.capitalize()}Backward0")
for _name in ("normal", "uniform", "bernoulli", "exponential"):
    share(_name, "random")
# fmt: on
