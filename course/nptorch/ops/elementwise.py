"""Functions of one input, element by element, and what `torch` calls activations."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.math import logistic, signum
from course.nptorch.ops.layout import copied, in_order, led_by
from course.nptorch.ops.operands import refuse_whole
from course.nptorch.ops.pointwise import unary
from course.nptorch.ops.register import described


def _negative(x: Any) -> Any:
    if x.dtype.kind == "b":
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to "
            "invert a mask, use the `~` or `logical_not()` operator instead."
        )
    return np.negative(x)


def _fraction(x: Any) -> Any:
    refuse_whole("frac_cpu", x)
    return x - np.trunc(x)


def _rectified(x: Any) -> Any:
    return np.maximum(0, x)  # in this order -0.0 stays, as in torch


def _whole(compute: Any) -> Any:
    """Leave integers alone: NumPy would make floats of them."""
    return lambda x: compute(x) if x.dtype.kind == "f" else copied(x)


def _absolute(x: Any) -> Any:
    if x.dtype.kind == "b":
        raise NotImplementedError("\"abs_cpu\" not implemented for 'Bool'")
    return np.abs(x)


unary("exp", compute=np.exp)
unary("log", compute=np.log)
unary("log2", compute=np.log2)
unary("log10", compute=np.log10)
unary("log1p", compute=np.log1p)
unary("expm1", compute=np.expm1)
unary("sin", compute=np.sin)
unary("cos", compute=np.cos)
unary("tan", compute=np.tan)
unary("asin", "arcsin", compute=np.arcsin)
unary("acos", "arccos", compute=np.arccos)
unary("atan", "arctan", compute=np.arctan)
unary("sinh", compute=np.sinh)
unary("cosh", compute=np.cosh)
unary("tanh", compute=np.tanh)
unary("sqrt", compute=np.sqrt)
unary("rsqrt", compute=lambda x: 1 / np.sqrt(x))
unary("reciprocal", compute=lambda x: 1 / x)
unary("sigmoid", compute=logistic)
unary("relu", compute=_rectified, floats_only=False)
unary("neg", "negative", compute=_negative, floats_only=False)
unary("abs", "absolute", compute=_absolute, floats_only=False)
unary("sign", compute=signum, floats_only=False)
unary("sgn", compute=signum, floats_only=False)
unary("floor", compute=_whole(np.floor), floats_only=False)
unary("ceil", compute=_whole(np.ceil), floats_only=False)
unary("trunc", "fix", compute=_whole(np.trunc), floats_only=False)
unary("frac", compute=_fraction, floats_only=False)


@described("round")
def round(self: Tensor, *, decimals: int = 0) -> Any:  # noqa: A001 - torch's name
    """Return every element rounded to `decimals`, halves to the even neighbour."""
    x = self._data
    if x.dtype.kind != "f":
        return "round", (self,), copied(x), None
    return "round" if decimals == 0 else "round_decimals", (self,), led_by(np.round(x, decimals), x), None


@described("leaky_relu", inplace=True)
def leaky_relu(self: Tensor, negative_slope: float = 0.01) -> Any:
    """Return `self` where positive, else ``self * negative_slope``."""
    x = self._data
    refuse_whole("leaky_relu_cpu", x)
    slope = x.dtype.type(negative_slope)
    scaled = x * slope
    # of the two, the larger one is right for the usual slopes, and found faster than by asking for each
    values = np.maximum(x, scaled) if 0 < slope <= 1 else np.where(x > 0, x, scaled)
    return "leaky_relu", (self,), led_by(values, x), {"negative_slope": negative_slope}


@described("softplus", inplace=False)
def softplus(self: Tensor, beta: float = 1, threshold: float = 20) -> Any:
    """Return ``log(1 + exp(beta * self)) / beta``; `self` itself above the threshold."""
    x = self._data
    refuse_whole("softplus_cpu", x)
    scaled = x * beta
    values = np.where(scaled > threshold, x, np.log1p(np.exp(scaled)) / beta)
    return "softplus", (self,), led_by(values.astype(x.dtype), x), {"beta": beta, "threshold": threshold}


@described("log_sigmoid", inplace=False)
def log_sigmoid(self: Tensor) -> Any:
    """Return ``log(sigmoid(self))`` without overflow."""
    x = self._data
    refuse_whole("log_sigmoid_cpu", x)
    decayed = np.exp(-np.abs(x))
    return "log_sigmoid", (self, wrap(decayed)), in_order(np.minimum(x, 0) - np.log1p(decayed)), None


@described("nan_to_num")
def nan_to_num(self: Tensor, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Any:
    """Return `self` with nan and the infinities replaced by finite numbers."""
    x = copied(self._data)
    values = np.nan_to_num(x, copy=False, nan=nan, posinf=posinf, neginf=neginf)
    return "nan_to_num", (self,), values, None
