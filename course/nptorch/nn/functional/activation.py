"""Activations: functions of every element, and softmax.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/nn.functional.html#non-linear-activation-functions
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.nn import kernels
from course.nptorch.nn.lifted import record
from course.nptorch.ops.careful import refusing
from course.nptorch.ops.layout import led_by
from course.nptorch.ops.operands import Number, refuse_whole
from course.nptorch.ops.register import FUNCTIONS

__all__ = [
    "celu",
    "elu",
    "gelu",
    "gumbel_softmax",
    "hardtanh",
    "leaky_relu",
    "log_softmax",
    "logsigmoid",
    "mish",
    "normalize",
    "prelu",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softmin",
    "softplus",
    "softsign",
    "tanh",
    "tanhshrink",
    "threshold",
]


@refusing("relu")
def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return ``max(input, 0)`` element by element."""
    if isinstance(input, Tensor) and input._data.dtype == np.bool_:
        raise RuntimeError("Boolean inputs not supported for relu")
    return input.relu_() if inplace else input.relu()  # type: ignore[no-any-return]


def sigmoid(input: Tensor) -> Tensor:
    """Return ``1 / (1 + exp(-input))`` element by element."""
    return input.sigmoid()  # type: ignore[no-any-return]


def tanh(input: Tensor) -> Tensor:
    """Return the hyperbolic tangent of every element."""
    return input.tanh()  # type: ignore[no-any-return]


@refusing("leaky_relu")
def leaky_relu(input: Tensor, negative_slope: Number = 0.01, inplace: bool = False) -> Tensor:
    """Return ``input`` where it is positive and ``negative_slope * input`` elsewhere."""
    if inplace:
        return input.leaky_relu_(negative_slope)  # type: ignore[no-any-return]
    return input.leaky_relu(negative_slope)  # type: ignore[no-any-return]


@refusing("prelu")
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """Return ``input`` where it is positive and ``weight * input`` elsewhere.

    Parameters
    ----------
    input : Tensor
        With its channels along axis 1.
    weight : Tensor
        One slope, or one per channel.

    Raises
    ------
    RuntimeError
        If the number of slopes fits neither.
    """
    x = input._data
    if weight.ndim > 1:
        raise RuntimeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.ndim}")
    if x.dtype != weight._data.dtype:
        kinds = [one.dtype.tensor_type.removesuffix("Tensor") for one in (input, weight)]
        raise RuntimeError(f"prelu: Type promoting not supported. Got {kinds[0]} and {kinds[1]}")
    if weight.numel() != 1 and not input.ndim:
        raise RuntimeError("Not allow zero-dim input tensor.")
    channels = input.shape[1] if input.ndim > 1 else 1
    if weight.numel() not in (1, channels):
        raise RuntimeError(
            f"Mismatch of parameter numbers and input channel size. Found parameter numbers = "
            f"{weight.numel()} and channel size = {channels}."
        )
    shape = (1,) * min(input.ndim, 1) + (weight.numel(),) + (1,) * max(input.ndim - 2, 0)
    slopes = weight.view(*shape) if input.ndim > 1 else weight.view((1,) * input.ndim)
    values = np.where(x > 0, x, x * slopes._data)
    return record("prelu", (input, slopes), led_by(values, x, slopes._data))  # type: ignore[no-any-return]


@refusing("elu", early=True)
def elu(input: Tensor, alpha: Number = 1.0, inplace: bool = False) -> Tensor:
    """Return ``input`` where it is positive and ``alpha * (exp(input) - 1)`` elsewhere."""
    return _elu(input, alpha, 1.0, inplace)


@refusing("selu", early=True)
def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return `elu` with the constants that keep mean 0 and variance 1."""
    return _elu(input, 1.6732632423543772848170429916717, 1.0507009873554804934193349852946, inplace)


def _elu(input: Tensor, alpha: float, scale: float, inplace: bool) -> Tensor:
    x = input._data
    refuse_whole("elu_cpu", x)
    values = np.where(x > 0, x * scale, np.expm1(np.minimum(0, x)) * (alpha * scale)).astype(x.dtype)
    return _made("elu", input, values, inplace, alpha=alpha, scale=scale)


@refusing("celu", early=True)
def celu(input: Tensor, alpha: Number = 1.0, inplace: bool = False) -> Tensor:
    """Return ``input`` where it is positive and ``alpha * (exp(input / alpha) - 1)`` elsewhere."""
    x = input._data
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    refuse_whole("elu_cpu", x)
    values = np.where(x > 0, x, np.expm1(np.minimum(0, x) / alpha) * alpha).astype(x.dtype)
    return _made("celu", input, values, inplace, alpha=alpha)


@refusing("silu", early=True)
def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return ``input * sigmoid(input)``."""
    x = input._data
    refuse_whole("silu_cpu", x)
    return _made("silu", input, x * input.detach_alias().sigmoid()._data, inplace)


@refusing("mish", early=True)
def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """Return ``input * tanh(softplus(input))``."""
    x = input._data
    refuse_whole("mish_cpu", x)
    return _made("mish", input, x * np.tanh(np.logaddexp(0, x)).astype(x.dtype), inplace)


@refusing("gelu", early=True)
def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """Return ``input`` times the probability that a normal number is less than it.

    Parameters
    ----------
    approximate : {"none", "tanh"}
        Whether to use the approximation by tanh.

    Raises
    ------
    RuntimeError
        For another `approximate`.
    """
    if approximate not in ("none", "tanh"):
        raise RuntimeError("approximate argument must be either none or tanh.")
    x = input._data
    refuse_whole("GeluKernelImpl", x)
    if approximate == "none":
        return _made("gelu", input, x * kernels.normal_cdf(x))
    inner = (x + 0.044715 * x * x * x) * math.sqrt(2 / math.pi)
    return _made("gelu_tanh", input, 0.5 * x * (1 + np.tanh(inner)))


@refusing("hardtanh", early=True)
def hardtanh(input: Tensor, min_val: Number = -1.0, max_val: Number = 1.0, inplace: bool = False) -> Tensor:
    """Return ``input`` held between `min_val` and `max_val`; the slope at both is 0."""
    x = input._data
    if isinstance(min_val, int | float) and min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    if x.dtype == np.bool_:
        raise RuntimeError("Bool inputs not supported for hardtanh")
    values = np.clip(x, min_val, max_val).astype(x.dtype)
    return _made("hardtanh", input, values, inplace, min_val=min_val, max_val=max_val)


@refusing("relu6", early=True)
def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """Return ``input`` held between 0 and 6."""
    return hardtanh(input, 0.0, 6.0, inplace)


@refusing("threshold", early=True)
def threshold(input: Tensor, threshold: Number, value: Number, inplace: bool = False) -> Tensor:
    """Return ``input`` where it is above `threshold` and `value` elsewhere."""
    x = input._data
    values = np.where(x <= threshold, x.dtype.type(value), x)
    return _made("threshold", input, values, inplace, threshold=threshold)


@refusing("softplus")
def softplus(input: Tensor, beta: Number = 1, threshold: Number = 20) -> Tensor:
    """Return ``log(1 + exp(beta * input)) / beta``, or ``input`` where that is the same."""
    return input.softplus(beta, threshold)  # type: ignore[no-any-return]


@refusing("logsigmoid")
def logsigmoid(input: Tensor) -> Tensor:
    """Return ``log(sigmoid(input))`` without overflow."""
    return input.log_sigmoid()  # type: ignore[no-any-return]


def softsign(input: Tensor) -> Tensor:
    """Return ``input / (1 + abs(input))``."""
    return input / (input.abs() + 1)  # type: ignore[no-any-return]


def tanhshrink(input: Tensor) -> Tensor:
    """Return ``input - tanh(input)``."""
    return input - input.tanh()  # type: ignore[no-any-return]


def _made(name: str, input: Tensor, values: Any, inplace: bool = False, **facts: Any) -> Tensor:
    if inplace:
        from course.nptorch.ops.write import refuse_leaf, write

        refuse_leaf(input)
        return write(input, name, (input,), values, facts)
    return record(name, (input,), led_by(values, input._data), facts)  # type: ignore[no-any-return]


# -- along an axis -------------------------------------------------------------------------------


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """Return ``exp(input)`` divided by its sum along `dim`."""
    return input.softmax(_dim("softmax", input, dim), dtype=dtype)  # type: ignore[no-any-return]


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """Return the logarithm of `softmax`, without overflow."""
    return input.log_softmax(_dim("log_softmax", input, dim), dtype=dtype)  # type: ignore[no-any-return]


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """Return the softmax of ``-input``."""
    return input.neg().softmax(_dim("softmin", input, dim), dtype=dtype)  # type: ignore[no-any-return]


def _dim(name: str, input: Tensor, dim: int | None) -> int:
    if dim is not None:
        return dim
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        stacklevel=3,
    )
    return 0 if input.ndim in (0, 1, 3) else 1


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """Return a sample of a categorical distribution that gradients pass through."""
    uniform = FUNCTIONS["rand"](*logits.shape, dtype=logits.dtype)
    noise = -(-(uniform + eps).log() + eps).log()
    soft: Any = softmax((logits + noise) / tau, dim)
    if not hard:
        return soft  # type: ignore[no-any-return]
    chosen = soft._data == soft._data.max(axis=dim, keepdims=True)
    one: Any = wrap(chosen.astype(soft._data.dtype))
    return one - soft.detach() + soft  # type: ignore[no-any-return]


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: Tensor | None = None) -> Tensor:
    """Return ``input`` divided by its p-norm along `dim`."""
    norm = input.norm(p, dim, keepdim=True).clamp_min(eps)
    return FUNCTIONS["div"](input, norm.expand_as(input), out=out)  # type: ignore[no-any-return]
