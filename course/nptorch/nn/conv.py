"""Convolution layers.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/nn.html#convolution-layers
"""

from __future__ import annotations

from typing import Any

from course.nptorch._tensor import Tensor
from course.nptorch.dtypes import dtype as dtype_type
from course.nptorch.nn import functional as F
from course.nptorch.nn.functional.conv_checks import pair
from course.nptorch.nn.linear import blank, fill_like_linear
from course.nptorch.nn.module import Module

_MODES = ("zeros", "reflect", "replicate", "circular")


class _Convolution(Module):
    """What the convolutions share: their options, their parameters, how they are shown."""

    bias: Any
    padding: Any
    transposed = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any,
        padding: Any,
        dilation: Any,
        output_padding: Any,
        groups: int,
        bias: bool,
        padding_mode: str,
        dtype: dtype_type | None,
    ) -> None:
        super().__init__()
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        if in_channels % groups:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups:
            raise ValueError("out_channels must be divisible by groups")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = pair(kernel_size)
        self.stride = pair(stride)
        self.padding = padding if isinstance(padding, str) else pair(padding)
        self.dilation = pair(dilation)
        self.output_padding = pair(output_padding)
        self.groups = groups
        self.padding_mode = padding_mode
        if padding not in ("valid", "same") and isinstance(padding, str):
            raise ValueError(f"Invalid padding string {padding!r}, should be one of {{'valid', 'same'}}")
        if padding == "same" and any(step != 1 for step in self.stride):
            raise ValueError("padding='same' is not supported for strided convolutions")
        if padding_mode not in _MODES:
            shown = "', '".join(_MODES)
            raise ValueError(f"padding_mode must be one of {{'{shown}'}}, but got padding_mode='{padding_mode}'")
        first, second = (out_channels, in_channels)
        if self.transposed:
            first, second = in_channels, out_channels
        self.weight = blank(first, second // groups, *self.kernel_size, dtype=dtype)
        if bias:
            self.bias = blank(out_channels, dtype=dtype)
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Fill the parameters with random numbers."""
        fill_like_linear(self.weight, self.bias)

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != (0, 0):
            text += f", padding={self.padding}"
        if self.dilation != (1, 1):
            text += f", dilation={self.dilation}"
        if self.output_padding != (0, 0):
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text


class Conv2d(_Convolution):
    """Filters that slide over images.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of the images, and how many filters.
    kernel_size, stride, dilation : int or (int, int)
        Of the windows.
    padding : int, (int, int), "valid" or "same"
        Around the images.
    groups : int
        Into how many groups the channels fall that do not see each other.
    bias : bool
        Whether to add a bias.
    padding_mode : {"zeros", "reflect", "replicate", "circular"}
        What to pad with.

    Attributes
    ----------
    weight : Parameter
        Of shape ``(out_channels, in_channels // groups, kh, kw)``.
    bias : Parameter or None
        Of shape ``(out_channels,)``.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: dtype_type | None = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            0,
            groups,
            bias,
            padding_mode,
            dtype,
        )

    def forward(self, input: Tensor) -> Tensor:
        """Return images of shape ``(n, out_channels, h', w')``."""
        padding = self.padding
        if self.padding_mode != "zeros":
            input = F.pad(input, self._ends(), mode=self.padding_mode)
            padding = (0, 0)
        return F.conv2d(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def _ends(self) -> tuple[int, ...]:
        if isinstance(self.padding, str):
            if self.padding == "valid":
                return (0, 0, 0, 0)
            total = [d * (k - 1) for k, d in zip(self.kernel_size, self.dilation, strict=True)]
            return tuple(end for t in reversed(total) for end in (t // 2, t - t // 2))
        ph, pw = self.padding
        return (pw, pw, ph, ph)


class ConvTranspose2d(_Convolution):
    """Enlarges images: the map that a `Conv2d` of the same options applies to gradients.

    Parameters
    ----------
    in_channels, out_channels, kernel_size, stride, padding, groups, bias, dilation
        As for `Conv2d`.
    output_padding : int or (int, int)
        Rows and columns to add where several sizes are possible.

    Attributes
    ----------
    weight : Parameter
        Of shape ``(in_channels, out_channels // groups, kh, kw)``.
    bias : Parameter or None
        Of shape ``(out_channels,)``.
    """

    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: dtype_type | None = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError('Only "zeros" padding mode is supported for ConvTranspose2d')
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            output_padding,
            groups,
            bias,
            padding_mode,
            dtype,
        )

    def forward(self, input: Tensor, output_size: Any = None) -> Tensor:
        """Return images of shape ``(n, out_channels, h', w')``; `output_size` chooses among them."""
        extra = self.output_padding
        if output_size is not None:
            if len(output_size) not in (2, input.ndim):
                raise ValueError(
                    f"ConvTranspose2D: for {input.ndim}D input, output_size must have 2 or {input.ndim} elements "
                    f"(got {len(output_size)})"
                )
            wanted = tuple(output_size)[-2:]
            least = [
                (n - 1) * s - 2 * p + d * (k - 1) + 1
                for n, s, p, d, k in zip(
                    input.shape[-2:],
                    self.stride,
                    self.padding,
                    self.dilation,
                    self.kernel_size,
                    strict=True,
                )
            ]
            extra = (wanted[0] - least[0], wanted[1] - least[1])
            if any(not 0 <= e < s for e, s in zip(extra, self.stride, strict=True)):
                most = [low + s - 1 for low, s in zip(least, self.stride, strict=True)]
                raise ValueError(
                    f"requested an output size of {tuple(wanted)}, but valid sizes range from "
                    f"{least} to {most} (for an input of {input.shape[2:]})"
                )
        return F.conv_transpose2d(
            input,
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            extra,
            self.groups,
            self.dilation,
        )


class PixelShuffle(Module):
    """Moves channels into space: ``(n, c * r * r, h, w)`` to ``(n, c, h * r, w * r)``."""

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Tensor:
        """Return the enlarged images."""
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Moves space into channels: undoes `PixelShuffle`."""

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Tensor:
        """Return the smaller images with more channels."""
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"
