"""Normalisation layers.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/nn.html#normalization-layers
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.dtypes import dtype as dtype_type
from course.nptorch.dtypes import get_default_dtype
from course.nptorch.nn import functional as F
from course.nptorch.nn import init
from course.nptorch.nn.linear import blank
from course.nptorch.nn.module import Module


class _BatchNorm(Module):
    """Normalises every channel over the batch, then scales and shifts it.

    Parameters
    ----------
    num_features : int
        How many channels.
    eps : float
        Added to the variance.
    momentum : float or None
        How far the running values are moved towards each batch; None takes the mean of all.
    affine : bool
        Whether scale and shift are learned.
    track_running_stats : bool
        Whether running values are kept, and used in evaluation.
    bias : bool
        Whether there is a shift.

    Attributes
    ----------
    weight, bias : Parameter or None
        Scale and shift, of shape ``(num_features,)``.
    running_mean, running_var : Tensor or None
        Buffers of shape ``(num_features,)``.
    num_batches_tracked : Tensor or None
        A 0-d integer.
    """

    _version = 2
    dims: tuple[int, ...] = ()
    weight: Any
    bias: Any
    running_mean: Any
    running_var: Any
    num_batches_tracked: Any

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: dtype_type | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            self.register_parameter(name, blank(num_features, dtype=dtype) if wanted else None)
        kind = (dtype or get_default_dtype()).numpy
        kept = track_running_stats
        self.register_buffer("running_mean", wrap(np.zeros(num_features, kind)) if kept else None)
        self.register_buffer("running_var", wrap(np.ones(num_features, kind)) if kept else None)
        self.register_buffer("num_batches_tracked", wrap(np.zeros((), np.int64)) if kept else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Start again with mean 0 and variance 1."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Start again with scale 1 and shift 0."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def _load_from_state_dict(self, state_dict: Any, prefix: str, metadata: Any, *rest: Any) -> None:
        # state saved before torch counted batches: take the count that is here
        if metadata.get("version", 1) < 2 and self.track_running_stats:
            state_dict.setdefault(f"{prefix}num_batches_tracked", self.num_batches_tracked)
        super()._load_from_state_dict(state_dict, prefix, metadata, *rest)

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() not in self.dims:
            wanted = " or ".join(f"{d}D" for d in self.dims)
            raise ValueError(f"expected {wanted} input (got {input.ndim}D input)")

    def forward(self, input: Tensor) -> Tensor:
        """Return `input` normalised; of its shape."""
        self._check_input_dim(input)
        factor = 0.0 if self.momentum is None else self.momentum
        if self.training and self.track_running_stats and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:
                factor = 1.0 / float(self.num_batches_tracked._data)
        batch = self.training or (self.running_mean is None and self.running_var is None)
        kept = not self.training or self.track_running_stats
        return F.batch_norm(
            input,
            self.running_mean if kept else None,
            self.running_var if kept else None,
            self.weight,
            self.bias,
            batch,
            factor,
            self.eps,
        )

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    """Batch normalisation of ``(n, c)`` or ``(n, c, length)``."""

    dims = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Batch normalisation of images ``(n, c, h, w)``."""

    dims = (4,)


class InstanceNorm2d(_BatchNorm):
    """Normalises every channel of every image by itself."""

    dims = (3, 4)

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: dtype_type | None = None,
        *,
        bias: bool = True,
    ) -> None:
        if track_running_stats:
            raise NotImplementedError("course.nptorch has no InstanceNorm2d with running values")
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        """Return `input` normalised; of its shape."""
        self._check_input_dim(input)
        if input.shape[-3] != self.num_features and not self.affine:
            warnings.warn(
                f"input's size at dim={input.ndim - 3} does not match num_features. You can silence this warning by "
                "not passing in num_features, which is not used because affine=False",
                UserWarning,
                stacklevel=2,
            )
        if input.shape[-3] != self.num_features and self.affine:
            raise ValueError(
                f"expected input's size at dim={input.ndim - 3} to match num_features ({self.num_features}), but got: "
                f"{input.shape[-3]}."
            )
        if input.ndim == 3:
            return self.forward(input.unsqueeze(0)).squeeze(0)  # type: ignore[no-any-return]
        return F.instance_norm(input, None, None, self.weight, self.bias, True, 0.0, self.eps)


class LayerNorm(Module):
    """Normalises over the last axes, then scales and shifts.

    Parameters
    ----------
    normalized_shape : int or tuple of int
        Extents of the axes that are normalised.
    eps : float
        Added to the variance.
    elementwise_affine : bool
        Whether scale and shift are learned.
    bias : bool
        Whether there is a shift.

    Attributes
    ----------
    weight, bias : Parameter or None
        Scale and shift, of shape `normalized_shape`.
    """

    weight: Any
    bias: Any

    def __init__(
        self,
        normalized_shape: Any,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: dtype_type | None = None,
    ) -> None:
        super().__init__()
        if isinstance(normalized_shape, int):
            normalized_shape = (normalized_shape,)
        self.normalized_shape = tuple(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        for name, wanted in (("weight", elementwise_affine), ("bias", elementwise_affine and bias)):
            self.register_parameter(name, blank(*self.normalized_shape, dtype=dtype) if wanted else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Start again with scale 1 and shift 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """Return `input` normalised; of its shape."""
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        )


class GroupNorm(Module):
    """Normalises groups of channels of every image, then scales and shifts.

    Parameters
    ----------
    num_groups, num_channels : int
        How many groups, and how many channels in all.
    eps : float
        Added to the variance.
    affine : bool
        Whether scale and shift are learned.
    """

    weight: Any
    bias: Any

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: dtype_type | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_channels % num_groups:
            raise ValueError(f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})")
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            self.register_parameter(name, blank(num_channels, dtype=dtype) if wanted else None)
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, input: Tensor) -> Tensor:
        """Return `input` normalised; of its shape."""
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )
