"""The vjp table: how a gradient flows back through each operation.

One line per input. ``g`` is the gradient of the loss with respect to the result; the other
parameter names say what the operation keeps for it: ``self``, ``other`` ... are inputs,
``result`` is the output, the rest are plain facts. The same line runs on NumPy arrays, and on
Tensors under ``create_graph=True``. Names follow torch's own table [1]_.

``built(lesson, part, ...)`` marks the rules that students build.

References
----------
.. [1] https://github.com/pytorch/pytorch/blob/main/tools/autograd/derivatives.yaml
"""

from __future__ import annotations

import math
from typing import Any

from course.nptorch.math import (
    cos,
    exp,
    expand,
    expand_as_summed,
    flip,
    index_put,
    log,
    among_equals,
    product_of_others,
    permute,
    reshape,
    reverse_cumsum,
    select_max,
    sign,
    sin,
    sum_over,
    where,
    without,
)
from course.nptorch.record import built, share, vjp

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
vjp("cos",        self=lambda g, self: -g * sin(self))
vjp("sqrt",       self=lambda g, result: g / (2 * result))
vjp("rsqrt",      self=lambda g, result: g * -0.5 * result**3)
vjp("reciprocal", self=lambda g, result: -g * result * result)
vjp("square",     self=lambda g, self: g * 2 * self, node_name="PowBackward0")
vjp("abs",        self=lambda g, self: g * sign(self))
vjp("log1p",      self=lambda g, self: g / (self + 1))
vjp("expm1",      self=lambda g, result: g * (result + 1))
vjp("log2",       self=lambda g, self: g / (self * math.log(2)))
vjp("tan",        self=lambda g, result: g * (1 + result * result))
vjp("atan",       self=lambda g, self: g / (self * self + 1))
vjp("sinh",       self=lambda g, self: g * (exp(self) + exp(-self)) / 2)
vjp("cosh",       self=lambda g, self: g * (exp(self) - exp(-self)) / 2)
vjp("softplus",   self=lambda g, self: g / (1 + exp(-self)))
vjp("leaky_relu", self=lambda g, self, negative_slope: where(self > 0, g, g * negative_slope))
vjp("clamp",      self=lambda g, self, min, max: g * (((self >= min) & (self <= max)) if min is not None and max is not None else self >= min if max is None else self <= max))
vjp("sign",       self=lambda g: g * 0)
vjp("floor",      self=lambda g: g * 0)
vjp("ceil",       self=lambda g: g * 0)
vjp("round",      self=lambda g: g * 0)
vjp("clone",      self=lambda g: g)
vjp("to_copy",    self=lambda g: g, node_name="ToCopyBackward0")

# -- two inputs, broadcast against each other ------------------------------------------------------
vjp("add",     self=lambda g: g,                                    other=lambda g, alpha: g if alpha == 1 else g * alpha)
vjp("sub",     self=lambda g: g,                                    other=lambda g, alpha: -g if alpha == 1 else g * -alpha)
vjp("mul",     self=built(1, "mul_self", lambda g, other: ...),     other=built(1, "mul_other", lambda g, self: ...))
vjp("div",     self=built(1, "div_self", lambda g, other: ...),     other=built(1, "div_other", lambda g, self, other: ...))
vjp("maximum", self=lambda g, self, other: where(self == other, g / 2, g * (self > other)),
               other=lambda g, self, other: where(self == other, g / 2, g * (self < other)))
vjp("minimum", self=lambda g, self, other: where(self == other, g / 2, g * (self < other)),
               other=lambda g, self, other: where(self == other, g / 2, g * (self > other)))
vjp("pow",     self=lambda g, self, other: where(_zero(other, g), g * 0, g * (other * self ** (other - 1))),
               other=lambda g, self, other, result: where((self == 0) & (other >= 0), g * 0, g * result * log(self)),
               node_name="PowBackward1")
vjp("pow_number", self=lambda g, self, exponent: g * 0 if exponent == 0 else g * (exponent * self ** (exponent - 1)), node_name="PowBackward0")
vjp("where",   self=lambda g, condition: where(condition, g, g * 0), other=lambda g, condition: where(condition, g * 0, g))
vjp("masked_fill", self=lambda g, mask: where(mask, g * 0, g),      value=lambda g, mask: where(mask, g, g * 0))
vjp("lerp",    self=lambda g, weight: g * (1 - weight), end=lambda g, weight: g * weight, node_name="LerpBackward0")

# -- sums and their kin (dim: the axes, always as a tuple) ----------------------------------------
vjp("sum",       self=built(3, "sum_self",  lambda g, shape, dim, keepdim: ...))
vjp("mean",      self=built(3, "mean_self", lambda g, shape, dim, keepdim: ...))
share("sum_dim", "sum", node_name="SumBackward1")
share("mean_dim", "mean", node_name="MeanBackward1")
vjp("prod",      self=lambda g, self, dim, keepdim: expand_as_summed(g, self, dim, keepdim) * product_of_others(self, dim))
vjp("var",       self=lambda g, self, dim, keepdim, correction: expand_as_summed(g, self, dim, keepdim) * (2 / (_count(self, dim) - correction)) * (self - sum_over(self, dim) / _count(self, dim)))
vjp("amax",      self=lambda g, self, result, dim, keepdim: among_equals(g, self, result, dim, keepdim))
vjp("max_dim",   self=lambda g, shape, dim, keepdim, indices: select_max(g, shape, dim, keepdim, indices), node_name="MaxBackward0")
vjp("cumsum",    self=lambda g, dim: reverse_cumsum(g, dim))
vjp("logsumexp", self=lambda g, self, result, dim, keepdim: expand_as_summed(g, self, dim, keepdim) * exp(self - expand_as_summed(result, self, dim, keepdim)))
vjp("softmax",   self=lambda g, result, dim: (g - sum_over(g * result, (dim,))) * result)
vjp("log_softmax", self=lambda g, result, dim: g - exp(result) * sum_over(g, (dim,)), node_name="LogSoftmaxBackward0")

# -- matrices ------------------------------------------------------------------------------------
vjp("mm",     self=built(3, "matmul_self", lambda g, other: ...), other=built(3, "matmul_other", lambda g, self: ...))
share("bmm", "mm")

# -- other shapes of the same numbers ------------------------------------------------------------
vjp("permute", self=built(3, "permute_self", lambda g, dims: ...))
vjp("view",    self=lambda g, shape: reshape(g, shape))
vjp("expand",  self=lambda g: g)  # the engine sums it back to the shape of self
vjp("flip",    self=lambda g, dims: flip(g, dims))
vjp("index",   self=built(3, "index_self", lambda g, shape, indices: ...))
vjp("select",  self=lambda g, shape, indices: index_put(g, shape, indices))
vjp("index_put", self=lambda g, indices: without(g, indices), value=lambda g, indices: g[indices])

# -- written in place ----------------------------------------------------------------------------
vjp("fill", self=lambda g: g * 0, value=lambda g: g.sum())
vjp("zero", self=lambda g: g * 0)
vjp("copy", self=lambda g: g * 0, src=lambda g: g, node_name="CopyBackwards")
# fmt: on


def _zero(exponent: Any, g: Any) -> Any:
    """Return where an exponent (array, Tensor or number) is 0, in the shape of `g`."""
    return (exponent == 0) & (g == g)


def _count(x: Any, dim: tuple[int, ...]) -> int:
    """Return over how many elements the axes `dim` of `x` run."""
    return math.prod(x.shape[d] for d in dim) if x.shape else 1

