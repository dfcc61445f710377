"""Dropout.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/nn.functional.html#dropout-functions
"""

from __future__ import annotations

import warnings

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.ops.layout import full_like

__all__ = ["dropout", "dropout1d", "dropout2d", "feature_dropout"]


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set elements to 0 with probability `p`, and divide the others by ``1 - p``.

    Raises
    ------
    ValueError
        If `p` is no probability.
    """
    if not isinstance(input, Tensor):
        raise TypeError(f"dropout(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    return _dropped(input, p, training, inplace, input.shape)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set whole channels of images to 0; otherwise as `dropout`."""
    if input.ndim not in (3, 4):
        warnings.warn(
            f"dropout2d: Received a {input.ndim}-D input to dropout2d, which is deprecated and will "
            "result in an error in a future release. To retain the behavior and silence this "
            "warning, please use dropout instead. Note that dropout2d exists to provide channel-wise "
            "dropout on inputs with 2 spatial dimensions, a channel dimension, and an optional batch "
            "dimension (i.e. 3D or 4D inputs).",
            stacklevel=2,
        )
    return feature_dropout(input, p, training, inplace)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set whole channels of signals to 0; otherwise as `dropout`."""
    return feature_dropout(input, p, training, inplace)


def feature_dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set whole channels to 0; otherwise as `dropout`."""
    shape = (*input.shape[:2], *(1,) * (input.ndim - 2))
    return _dropped(input, p, training, inplace, shape)


def _dropped(input: Tensor, p: float, training: bool, inplace: bool, shape: tuple[int, ...]) -> Tensor:
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if p == 0 or not training or input.numel() == 0:
        return input
    noise = input.new_zeros(shape if p < 1 else ())
    if noise.shape == input.shape:
        noise = wrap(full_like(input._data, 0, input._data.dtype))
    if p < 1:  # drawn as torch draws it, so that the same seed drops the same elements
        noise.bernoulli_(1 - p).div_(1 - p)
    return input.mul_(noise) if inplace else input.mul(noise)  # type: ignore[no-any-return]
