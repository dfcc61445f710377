"""``Distribution``: what all distributions share.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/distributions.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor
from course.nptorch.absent import absent
from course.nptorch.dtypes import Size
from course.nptorch.grad_mode import recording

LEFT_OUT = ("arg_constraints", "cdf", "enumerate_support", "expand", "icdf", "perplexity", "support")


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
    _checked = True

    def __init__(self, batch_shape: Any = (), event_shape: Any = (), validate_args: bool | None = None) -> None:
        if validate_args is not None:
            self._checked = validate_args
        self.batch_shape = Size(batch_shape)
        self.event_shape = Size(event_shape)

    def __getattr__(self, name: str) -> Any:
        if name in LEFT_OUT:
            raise absent(f"distributions.{type(self).__name__}.{name}")
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def _extended_shape(self, sample_shape: Any = ()) -> tuple[int, ...]:
        return (*sample_shape, *self.batch_shape, *self.event_shape)

    def _check_value(self, value: Any, support: str, inside: Callable[[Any], Any]) -> None:
        """Refuse what `log_prob` cannot be asked about, unless ``validate_args=False``.

        Parameters
        ----------
        value : Tensor
            What `log_prob` got.
        support : str
            torch's name for what may be drawn.
        inside : function
            Says of each number of an array whether it may be drawn.

        Raises
        ------
        ValueError
            If `value` is no tensor, has a shape that does not fit, or lies outside.
        """
        if not self._checked:
            return
        if not isinstance(value, Tensor):
            raise ValueError("The value argument to log_prob must be a Tensor")
        expected = Size(self._extended_shape())
        pairs = zip(reversed(value.shape), reversed(expected), strict=False)
        if any(1 not in pair and pair[0] != pair[1] for pair in pairs):
            raise ValueError(f"Value is not broadcastable with batch_shape+event_shape: {value.shape} vs {expected}.")
        if not np.all(inside(value._data)):
            raise ValueError(
                f"Expected value argument ({type(value).__name__} of shape {tuple(value.shape)}) to be within the "
                f"support ({support}) of the distribution {self!r}, but found invalid values:\n{value}"
            )

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
    """Return a sample shape as a tuple.

    Raises
    ------
    TypeError
        If it is no sequence of whole numbers.
    """
    for at, n in enumerate(sample_shape):
        if not isinstance(n, int):
            raise TypeError(f"torch.Size() takes an iterable of 'int' (item {at} is '{type(n).__name__}')")
    return tuple(sample_shape)
