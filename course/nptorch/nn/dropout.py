"""Dropout layers.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/nn.html#dropout-layers
"""

from __future__ import annotations

from course.nptorch._tensor import Tensor
from course.nptorch.nn import functional as F
from course.nptorch.nn.module import Module


class _Dropout(Module):
    """What the dropout layers share.

    Parameters
    ----------
    p : float
        Probability of dropping.
    inplace : bool
        Overwrite the input.

    Raises
    ------
    ValueError
        If `p` is no probability.
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """In training, sets elements to 0 with probability `p` and divides the others by ``1 - p``."""

    def forward(self, input: Tensor) -> Tensor:
        """Return `input` with elements dropped."""
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout2d(_Dropout):
    """In training, drops whole channels of images."""

    def forward(self, input: Tensor) -> Tensor:
        """Return `input` with channels dropped."""
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout1d(_Dropout):
    """In training, drops whole channels of signals."""

    def forward(self, input: Tensor) -> Tensor:
        """Return `input` with channels dropped."""
        return F.dropout1d(input, self.p, self.training, self.inplace)
