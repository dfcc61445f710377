"""Linear layers.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/nn.html#linear-layers
"""

from __future__ import annotations

import math
from typing import Any

from course.nptorch._tensor import Tensor
from course.nptorch.dtypes import dtype as dtype_type
from course.nptorch.nn import functional as F
from course.nptorch.nn import init
from course.nptorch.nn.module import Module
from course.nptorch.nn.parameter import Parameter
from course.nptorch.ops.register import FUNCTIONS


def blank(*shape: int, dtype: dtype_type | None = None) -> Parameter:
    """Return a parameter to be filled by ``reset_parameters``."""
    return Parameter(FUNCTIONS["empty"](shape, dtype=dtype))


def fill_like_linear(weight: Tensor, bias: Tensor | None) -> None:
    """Fill a weight and a bias as torch fills those of linear and convolution layers."""
    # a = sqrt(5) makes the bound 1/sqrt(fan_in): what torch has done since its beginnings
    init.kaiming_uniform_(weight, a=math.sqrt(5))
    if bias is not None:
        fan_in, _ = init._calculate_fan_in_and_fan_out(weight)
        bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
        init.uniform_(bias, -bound, bound)


class Linear(Module):
    """``y = x @ weight.T + bias``.

    Parameters
    ----------
    in_features, out_features : int
        Extents of the last axis of x and of y.
    bias : bool
        Whether to add a bias.
    dtype : dtype, optional
        Of the parameters.

    Attributes
    ----------
    weight : Parameter
        Of shape ``(out_features, in_features)``.
    bias : Parameter or None
        Of shape ``(out_features,)``.
    """

    bias: Any

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: dtype_type | None = None,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = blank(out_features, in_features, dtype=dtype)
        if bias:
            self.bias = blank(out_features, dtype=dtype)
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Fill the parameters with random numbers."""
        fill_like_linear(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """Return ``input @ weight.T + bias``, of shape ``(..., out_features)``."""
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Identity(Module):
    """Returns its input; takes and ignores any arguments."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        """Return `input`."""
        return input
