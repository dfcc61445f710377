"""``Distribution``: what all distributions share.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/distributions.html
"""

from __future__ import annotations

from typing import Any

from course.nptorch._tensor import Tensor
from course.nptorch.dtypes import Size
from course.nptorch.grad_mode import recording


class Distribution:
    """Base class of distributions.

    Attributes
    ----------
    batch_shape : Size
        How many distributions these are.
    event_shape : Size
        Shape of one draw from one of them.
    """

    has_rsample = False

    def __init__(self, batch_shape: Any = (), event_shape: Any = ()) -> None:
        self.batch_shape = Size(batch_shape)
        self.event_shape = Size(event_shape)

    def _extended_shape(self, sample_shape: Any = ()) -> tuple[int, ...]:
        return (*sample_shape, *self.batch_shape, *self.event_shape)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draw; no gradient passes through the draw."""
        with recording(False):
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Draw so that gradients pass through to the parameters.

        Raises
        ------
        NotImplementedError
            If the distribution cannot.
        """
        raise NotImplementedError

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithm of the probability (density) of `value`."""
        raise NotImplementedError

    def entropy(self) -> Tensor:
        """Return the entropy."""
        raise NotImplementedError


def sizes_of(sample_shape: Any) -> tuple[int, ...]:
    """Return a sample shape as a tuple."""
    return (sample_shape,) if isinstance(sample_shape, int) else tuple(sample_shape)
