"""Normal numbers.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/distributions.html#normal
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.distributions.distribution import Distribution, sizes_of
from course.nptorch.dtypes import get_default_dtype
from course.nptorch.ops.register import FUNCTIONS


class Normal(Distribution):
    """Normal numbers with given mean and standard deviation.

    Parameters
    ----------
    loc, scale : Tensor or float
        Mean and standard deviation, broadcast against each other.
    validate_args : bool, optional
        Whether values are checked (they are, unless this is False).

    Raises
    ------
    ValueError
        If a standard deviation is not positive.
    """

    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        for x in (loc, scale):
            if not isinstance(x, Tensor | int | float):
                raise ValueError(
                    "Input arguments must all be instances of Number, torch.Tensor or objects implementing "
                    "__torch_function__."
                )
        kind = next((x._data.dtype for x in (loc, scale) if isinstance(x, Tensor)), get_default_dtype().numpy)
        loc, scale = (x if isinstance(x, Tensor) else wrap(np.asarray(x, kind)) for x in (loc, scale))
        self.loc, self.scale = FUNCTIONS["broadcast_tensors"](loc, scale)
        super().__init__(self.loc.shape)
        self._checked = validate_args is not False
        if self._checked and np.isnan(self.loc._data).any():
            raise ValueError(
                f"Expected parameter loc ({type(loc).__name__} of shape {tuple(self.loc.shape)}) of distribution "
                f"{self!r} to satisfy the constraint Real(), but found invalid values:\n{self.loc}"
            )
        if self._checked and not np.all(self.scale._data > 0):
            raise ValueError(
                f"Expected parameter scale ({type(scale).__name__} of shape "
                f"{tuple(self.scale.shape)}) of distribution {self!r} to satisfy the constraint "
                f"GreaterThan(lower_bound=0.0), but found invalid values:\n{self.scale}"
            )

    @property
    def mean(self) -> Tensor:
        """The mean."""
        return self.loc  # type: ignore[no-any-return]

    @property
    def mode(self) -> Tensor:
        """The most probable number: the mean."""
        return self.loc  # type: ignore[no-any-return]

    @property
    def stddev(self) -> Tensor:
        """The standard deviation."""
        return self.scale  # type: ignore[no-any-return]

    @property
    def variance(self) -> Tensor:
        """The variance."""
        return self.scale.pow(2)  # type: ignore[no-any-return]

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Draw ``loc + noise * scale``, so that gradients pass through to both."""
        shape = self._extended_shape(sizes_of(sample_shape))
        if min(shape, default=0) < 0:
            raise RuntimeError("numel: integer multiplication overflow")
        noise = FUNCTIONS["randn"](shape, dtype=self.loc.dtype)
        return self.loc + noise * self.scale  # type: ignore[no-any-return]

    def log_prob(self, value: Any) -> Tensor:
        """Return the logarithm of the density at `value`.

        Raises
        ------
        ValueError
            If `value` is nan, or its shape does not fit.
        """
        self._check_value(value, "Real()", lambda data: data == data)  # only nan differs from itself
        return (  # type: ignore[no-any-return]
            -((value - self.loc) ** 2) / (2 * self.scale**2) - self.scale.log() - math.log(math.sqrt(2 * math.pi))
        )

    def entropy(self) -> Tensor:
        """Return the entropy of each distribution."""
        return self.scale.log() + (0.5 + 0.5 * math.log(2 * math.pi))  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        values = [x.item() if x.numel() == 1 else x.shape for x in (self.loc, self.scale)]
        return f"Normal(loc: {values[0]}, scale: {values[1]})"
