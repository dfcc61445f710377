"""Activations as modules.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/nn.html#non-linear-activations-weighted-sum-nonlinearity
"""

from __future__ import annotations

import warnings
from typing import Any

from course.nptorch._tensor import Tensor
from course.nptorch.dtypes import dtype as dtype_type
from course.nptorch.nn import functional as F
from course.nptorch.nn.module import Module
from course.nptorch.nn.parameter import Parameter
from course.nptorch.ops.register import FUNCTIONS

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "SELU",
    "Hardtanh",
    "LeakyReLU",
    "LogSigmoid",
    "LogSoftmax",
    "Mish",
    "PReLU",
    "ReLU",
    "ReLU6",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softmin",
    "Softplus",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "Threshold",
]


class _Named(Module):
    """An activation whose options are attributes, shown in this order."""

    shown: tuple[str, ...] = ()
    inplace = False

    def extra_repr(self) -> str:
        options = [f"{name}={getattr(self, name)!r}".replace("'", "") for name in self.shown]
        return ", ".join([*options, "inplace=True"] if self.inplace else options)


class ReLU(_Named):
    """``max(x, 0)``; `inplace` overwrites the input."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return ``max(input, 0)``."""
        return F.relu(input, inplace=self.inplace)


class Sigmoid(Module):
    """``1 / (1 + exp(-x))``."""

    def forward(self, input: Tensor) -> Tensor:
        """Return the sigmoid of every element."""
        return F.sigmoid(input)


class Tanh(Module):
    """The hyperbolic tangent."""

    def forward(self, input: Tensor) -> Tensor:
        """Return the hyperbolic tangent of every element."""
        return F.tanh(input)


class LeakyReLU(_Named):
    """``x`` where it is positive, ``negative_slope * x`` elsewhere."""

    shown = ("negative_slope",)

    def __init__(self, negative_slope: float = 1e-2, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return the leaky rectifier of every element."""
        return F.leaky_relu(input, self.negative_slope, self.inplace)


class PReLU(_Named):
    """`LeakyReLU` whose slope is learned.

    Parameters
    ----------
    num_parameters : int
        1, or the number of channels.
    init : float
        Slope at the start.
    """

    shown = ("num_parameters",)

    def __init__(
        self,
        num_parameters: int = 1,
        init: float = 0.25,
        device: Any = None,
        dtype: dtype_type | None = None,
    ) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(FUNCTIONS["empty"](num_parameters, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set all slopes to `init`."""
        from course.nptorch.nn.init import constant_

        constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        """Return the rectifier with the learned slopes."""
        return F.prelu(input, self.weight)


class ELU(_Named):
    """``x`` where it is positive, ``alpha * (exp(x) - 1)`` elsewhere."""

    shown = ("alpha",)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return the exponential linear unit of every element."""
        return F.elu(input, self.alpha, self.inplace)


class CELU(_Named):
    """``x`` where it is positive, ``alpha * (exp(x / alpha) - 1)`` elsewhere."""

    shown = ("alpha",)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return the unit of every element."""
        return F.celu(input, self.alpha, self.inplace)


class SELU(_Named):
    """`ELU` with constants that keep mean 0 and variance 1."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return the unit of every element."""
        return F.selu(input, self.inplace)


class SiLU(_Named):
    """``x * sigmoid(x)``."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return ``input * sigmoid(input)``."""
        return F.silu(input, self.inplace)


class Mish(_Named):
    """``x * tanh(softplus(x))``."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return ``input * tanh(softplus(input))``."""
        return F.mish(input, self.inplace)


class GELU(Module):
    """``x`` times the probability that a normal number is less than it."""

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        """Return the gelu of every element."""
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class Hardtanh(_Named):
    """``x`` held between two values."""

    shown: tuple[str, ...] = ("min_val", "max_val")

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:
        super().__init__()
        for old, new, given in (("min_value", "min_val", min_value), ("max_value", "max_val", max_value)):
            if given is not None:
                text = f"keyword argument `{old}` is deprecated and renamed to `{new}`"
                warnings.warn(text, FutureWarning, stacklevel=2)
        self.min_val = min_val if min_value is None else min_value
        self.max_val = max_val if max_value is None else max_value
        if not self.max_val > self.min_val:
            raise AssertionError(f"max_val ({self.max_val}) must be greater than min_val ({self.min_val})")
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return ``input`` held between the two."""
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)


class ReLU6(Hardtanh):
    """``x`` held between 0 and 6."""

    shown = ()

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)


class Threshold(_Named):
    """``x`` where it is above a threshold, a fixed value elsewhere."""

    shown = ("threshold", "value")

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold = threshold
        self.value = value
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return ``input`` or the value."""
        return F.threshold(input, self.threshold, self.value, self.inplace)


class Softplus(_Named):
    """``log(1 + exp(beta * x)) / beta``."""

    shown = ("beta", "threshold")

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Tensor) -> Tensor:
        """Return the softplus of every element."""
        return F.softplus(input, self.beta, self.threshold)


class LogSigmoid(Module):
    """``log(sigmoid(x))``."""

    def forward(self, input: Tensor) -> Tensor:
        """Return the logarithm of the sigmoid of every element."""
        return F.logsigmoid(input)


class Softsign(Module):
    """``x / (1 + abs(x))``."""

    def forward(self, input: Tensor) -> Tensor:
        """Return ``input / (1 + abs(input))``."""
        return F.softsign(input)


class Tanhshrink(Module):
    """``x - tanh(x)``."""

    def forward(self, input: Tensor) -> Tensor:
        """Return ``input - tanh(input)``."""
        return F.tanhshrink(input)


class _Along(Module):
    """A function along an axis."""

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmax(_Along):
    """``exp(x)`` divided by its sum along `dim`."""

    def forward(self, input: Tensor) -> Tensor:
        """Return the softmax."""
        return F.softmax(input, self.dim)


class Softmin(_Along):
    """The softmax of ``-x`` along `dim`."""

    def forward(self, input: Tensor) -> Tensor:
        """Return the softmin."""
        return F.softmin(input, self.dim)


class LogSoftmax(_Along):
    """The logarithm of the softmax along `dim`."""

    def forward(self, input: Tensor) -> Tensor:
        """Return the log-softmax."""
        return F.log_softmax(input, self.dim)
