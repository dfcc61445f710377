"""Slopes that torch computes in one go, so that the gradient of an activation is one node.

Its own gradient has a formula as well (in `rules`, each under the name of the slope), which starts anew from the
input: a second pass and a third share nothing that one of them could release.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from course.nptorch.choosing import choose
from course.nptorch.math import as_numbers, cosh, exp, logistic, sigmoid, sum_over, tanh
from course.nptorch.nn.kernels import normal_cdf
from course.nptorch.nn.lifted import lifted


def _softplus(g: Any, x: Any, beta: float, threshold: float) -> Any:
    return choose(x * beta > threshold, g, g * logistic(x * beta))


def _elu(g: Any, x: Any, alpha: float, scale: float, input_scale: float, is_result: bool) -> Any:
    low = choose(x < 0, x, 0)
    bent = low + alpha * scale if is_result else alpha * scale * np.exp(low * input_scale)
    return choose(x <= 0, g * (input_scale * bent), g * scale)


def _log_softmax(g: Any, s: Any, dim: int) -> Any:
    # it begins with -0, so that a sum of such zeros is one, too
    total = np.add.reduce(g, axis=dim, keepdims=True, initial=-0.0) if g.ndim else g
    return g - np.exp(s) * total


def _log_sigmoid(g: Any, x: Any, decayed: Any) -> Any:
    below = as_numbers(x < 0, x)  # `decayed` is exp(-|x|), as it was in the forward pass
    return g * (below - (2 * below - 1) * (decayed / (1 + decayed)))


sigmoid_backward = lifted("sigmoid_backward", lambda g, s: g * (1 - s) * s)
softplus_backward = lifted("softplus_backward", _softplus, "beta", "threshold")
log_sigmoid_backward = lifted("log_sigmoid_backward", _log_sigmoid)
elu_backward = lifted("elu_backward", _elu, "alpha", "scale", "input_scale", "is_result")
softmax_backward = lifted("softmax_backward", lambda g, s, dim: (g - sum_over(g * s, (dim,))) * s, "dim")
log_softmax_backward = lifted("log_softmax_backward", _log_softmax, "dim")
gelu_backward = lifted("gelu_backward", lambda g, x: g * (normal_cdf(x) + x * normal_pdf(x)))
gelu_tanh_backward = lifted("gelu_tanh_backward", lambda g, x: g * gelu_tanh_slope(x))
# at 0 torch takes the slope of the left in the first derivative and that of the right in the second
prelu_backward = lifted("prelu_backward", lambda g, x, weight: choose(x > 0, g, g * weight))
prelu_weight_backward = lifted("prelu_weight_backward", lambda g, x, weight: choose(x > 0, 0, g * x))


def normal_pdf(x: Any) -> Any:
    """Return the density of a standard normal number at x."""
    return exp(x * x * -0.5) / math.sqrt(2 * math.pi)


def gelu_curvature(x: Any) -> Any:
    """Return the second derivative of gelu."""
    pdf = normal_pdf(x)
    return pdf * 2 - x * x * pdf


def _gelu_inner(x: Any) -> tuple[Any, Any]:
    """Return the tanh in torch's approximation of gelu, and the slope of what is in it."""
    scale = math.sqrt(2 / math.pi)
    return tanh((x + x * x * x * 0.044715) * scale), (x * x * (3 * 0.044715) + 1) * scale


def gelu_tanh_slope(x: Any) -> Any:
    """Return the derivative of torch's tanh approximation of gelu."""
    t, slope = _gelu_inner(x)
    return (1 + t) * 0.5 + x * 0.5 * (1 - t * t) * slope


def gelu_tanh_curvature(x: Any) -> Any:
    """Return the second derivative of torch's tanh approximation of gelu."""
    scale = math.sqrt(2 / math.pi)
    inner = (x + x * x * x * 0.044715) * scale
    sech = 1 / cosh(inner)  # not 1 - tanh * tanh, which loses digits far from 0
    bell = sech * sech
    slope = (x * x * (3 * 0.044715) + 1) * scale
    bends = x * 0.5 * slope * (-2 * bell * tanh(inner)) * slope
    return bell * slope * 0.5 + (bell * slope * 0.5 + bends + x * 0.5 * bell * (x * (6 * 0.044715 * scale)))


def elu_curvature(g: Any, x: Any, alpha: float, scale: float, input_scale: float, is_result: bool) -> Any:
    """Return the gradient of the slope of elu for its input, or for its result; 0 at and above 0 is multiplied in."""
    bent = g * input_scale if is_result else elu_backward(g * input_scale, x, alpha, scale, input_scale, False)
    return bent * as_numbers(x < 0, x)


def log_sigmoid_curvature(g: Any, x: Any) -> Any:
    """Return the gradient of the slope of log(sigmoid) for its input."""
    s = sigmoid(x)
    return g * (s - 1) * s
