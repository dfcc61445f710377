"""Convolution, and moving numbers between channels and space.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/nn.functional.html#convolution-functions
"""

from __future__ import annotations

from typing import Any

from course.nptorch._tensor import Tensor
from course.nptorch.grad_mode import recording
from course.nptorch.nn import conv_kernels, kernels
from course.nptorch.nn.functional.conv_checks import (
    refuse_bias,
    refuse_filters,
    refuse_kernel,
    refuse_numbers,
    two,
)
from course.nptorch.nn.functional.pad import pad as pad_
from course.nptorch.nn.lifted import record
from course.nptorch.nn.windows import Windows, sliding
from course.nptorch.ops.careful import refusing

__all__ = ["conv1d", "conv2d", "conv_transpose2d", "pixel_shuffle", "pixel_unshuffle"]

Extent = int | tuple[int, ...]


@refusing("conv2d")
def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Extent = 1,
    padding: Extent | str = 0,
    dilation: Extent = 1,
    groups: int = 1,
) -> Tensor:
    """Slide filters over images; every place gives the product of filter and window.

    Parameters
    ----------
    input : Tensor
        Of shape ``(n, c, h, w)``, or ``(c, h, w)``.
    weight : Tensor
        Filters of shape ``(o, c // groups, kh, kw)``.
    bias : Tensor, optional
        Of shape ``(o,)``.
    stride, dilation : int or (int, int)
        Step from window to window, and from place to place in a window.
    padding : int, (int, int), "valid" or "same"
        Zeros around the images.
    groups : int
        Into how many groups the channels fall that do not see each other.

    Returns
    -------
    Tensor
        Of shape ``(n, o, h', w')``.

    Raises
    ------
    RuntimeError
        If shapes or dtypes do not fit.

    References
    ----------
    .. [1] https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
    """
    if input.ndim not in (3, 4):
        raise RuntimeError(
            f"Expected 3D (unbatched) or 4D (batched) input to conv2d, but got input of size: {list(input.shape)}"
        )
    if input.ndim == 3:
        whole = input.unsqueeze(0)
        return conv2d(whole, weight, bias, stride, padding, dilation, groups).squeeze(0)  # type: ignore[no-any-return]
    refuse_kernel(weight, stride)
    steps, spread = two("stride", stride), two("dilation", dilation)
    if isinstance(padding, str):
        input, padding = _padded_as(input, padding, weight, steps, spread)
    values, windows = _slid(input, weight, bias, steps, two("padding", padding), spread, groups)
    return record("convolution", (input, weight, bias), values, {"windows": windows})  # type: ignore[no-any-return]


def _slid(
    input: Tensor, weight: Tensor, bias: Tensor | None, steps: Any, edge: Any, spread: Any, groups: int
) -> tuple[Any, Windows]:
    """Return the values of a convolution of images, and the windows over which it slid."""
    refuse_numbers(steps, edge, spread, groups)
    refuse_filters(weight, groups)
    x, filters = input._data, weight._data
    _check(input, weight, bias, filters.shape[1] * groups, groups, transposed=False)
    windows = sliding(x.shape[2:], filters.shape[2:], steps, edge, spread, groups)
    if min(windows.count) < 1:
        room = [n + 2 * p for n, p in zip(windows.size, windows.padding, strict=True)]
        reach = [d * (k - 1) + 1 for k, d in zip(windows.kernel, windows.dilation, strict=True)]
        raise RuntimeError(
            f"Calculated padded input size per channel: ({room[0]} x {room[1]}). Kernel size: "
            f"({reach[0]} x {reach[1]}). Kernel size can't be greater than actual input size"
        )
    values = conv_kernels.conv(x, filters, windows)
    if bias is not None:
        conv_kernels.add_to_channels(values, bias._data)
    return values, windows


@refusing("conv_transpose2d")
def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Extent = 1,
    padding: Extent = 0,
    output_padding: Extent = 0,
    groups: int = 1,
    dilation: Extent = 1,
) -> Tensor:
    """Return what the gradient of `conv2d` with respect to its input is: it enlarges images.

    Parameters
    ----------
    input : Tensor
        Of shape ``(n, c, h, w)``, or ``(c, h, w)``.
    weight : Tensor
        Filters of shape ``(c, o // groups, kh, kw)``.
    bias : Tensor, optional
        Of shape ``(o,)``.
    stride, padding, dilation, groups
        As for the `conv2d` that this undoes in shape.
    output_padding : int or (int, int)
        Rows and columns to add where several sizes are possible.

    Returns
    -------
    Tensor
        Of shape ``(n, o, h', w')``.

    Raises
    ------
    RuntimeError
        If shapes or dtypes do not fit.
    """
    if input.ndim == 3:
        whole = input.unsqueeze(0)
        made = conv_transpose2d(whole, weight, bias, stride, padding, output_padding, groups, dilation)
        return made.squeeze(0)  # type: ignore[no-any-return]
    if input.ndim != 4:
        raise RuntimeError(
            "Expected 3D (unbatched) or 4D (batched) input to conv_transpose2d, but got input of "
            f"size: {list(input.shape)}"
        )
    refuse_kernel(weight, stride)
    steps, frame = two("stride", stride), two("padding", padding)
    spread, extra = two("dilation", dilation), two("output_padding", output_padding)
    refuse_numbers(steps, frame, spread, groups, extra, transposed=True)
    refuse_filters(weight, groups)
    _check(input, weight, bias, weight.shape[0], groups, transposed=True)
    kernel = tuple(weight.shape[2:])
    if any(e >= max(s, d) for e, s, d in zip(extra, steps, spread, strict=True)):
        raise RuntimeError(
            "output padding must be smaller than either stride or dilation, but got "
            f"output_padding_height: {extra[0]} output_padding_width: {extra[1]} stride_height: "
            f"{steps[0]} stride_width: {steps[1]} dilation_height: {spread[0]} dilation_width: "
            f"{spread[1]}"
        )
    height, width = (
        (n - 1) * s - 2 * p + d * (k - 1) + e + 1
        for n, k, s, p, d, e in zip(input.shape[2:], kernel, steps, frame, spread, extra, strict=True)
    )
    if min(height, width) < (1 if input.shape[0] else 0):
        raise RuntimeError(
            f"Given input size per channel: ({input.shape[2]} x {input.shape[3]}). Calculated output size per "
            f"channel: ({height} x {width}). Output size is too small"
        )
    windows = sliding((height, width), kernel, steps, frame, spread, groups, tuple(input.shape[2:]))
    values = conv_kernels.conv_input(input._data, weight._data, windows)
    if bias is not None:
        conv_kernels.add_to_channels(values, bias._data)
    return record("conv_transpose", (input, weight, bias), values, {"windows": windows})  # type: ignore[no-any-return]


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Do as `conv2d` for signals of shape ``(n, c, length)``: images of one row."""
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"Expected 2D (unbatched) or 3D (batched) input to conv1d, but got input of size: {list(input.shape)}"
        )
    if input.ndim == 2:
        whole = input.unsqueeze(0)
        return conv1d(whole, weight, bias, stride, padding, dilation, groups).squeeze(0)  # type: ignore[no-any-return]
    if input._data.shape[-2] != weight._data.shape[1] * groups:
        _check(input, weight, None, weight.shape[1] * groups, groups, transposed=False)
    step, spread = (value if isinstance(value, int) else value[0] for value in (stride, dilation))
    if isinstance(padding, str):
        input, padding = _padded_as(input, padding, weight, (step,), (spread,))
    edge = padding if isinstance(padding, int) else padding[0]
    with recording(False):
        rows, filters = input.unsqueeze(-2), weight.unsqueeze(-2)
    values, windows = _slid(rows, filters, bias, (1, step), (0, edge), (1, spread), groups)
    return record("conv1d", (input, weight, bias), values[:, :, 0], {"windows": windows})  # type: ignore[no-any-return]


def _padded_as(
    input: Tensor, padding: str, weight: Tensor, stride: Any, dilation: Any
) -> tuple[Tensor, tuple[int, ...]]:
    if padding == "valid":
        return input, (0,) * len(dilation)
    if padding != "same":
        raise RuntimeError(f"Invalid padding string: '{padding}'")
    if set(stride) != {1}:
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    total = [d * (k - 1) for k, d in zip(weight.shape[2:], dilation, strict=True)]
    if all(t % 2 == 0 for t in total):
        return input, tuple(t // 2 for t in total)
    ends = [end for t in reversed(total) for end in (t // 2, t - t // 2)]
    return pad_(input, tuple(ends)), (0,) * len(total)


def _check(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    channels: int,
    groups: int,
    transposed: bool,
) -> None:
    if input._data.shape[1] != channels:
        first = "transposed=1" if transposed else f"groups={groups}"
        raise RuntimeError(
            f"Given {first}, weight of size {list(weight.shape)}, expected "
            f"input{list(input.shape)} to have {channels} channels, but got {input.shape[1]} "
            "channels instead"
        )
    refuse_bias(weight, bias, weight._data.shape[1] * groups if transposed else weight._data.shape[0], transposed)
    if bias is not None and bias._data.dtype != input._data.dtype:
        kinds = {"float64": "double", "float32": "float", "int64": "long int", "float16": "c10::Half"}
        mine, theirs = (kinds.get(d.name, d.name) for d in (input.dtype, bias.dtype))
        raise RuntimeError(f"Input type ({mine}) and bias type ({theirs}) should be the same")
    if 0 in weight._data.shape[2:]:
        high, wide = weight.shape[2:]
        raise RuntimeError(
            f"kernel size should be greater than zero, but got kernel_height: {high} kernel_width: {wide}"
        )
    if weight._data.dtype != input._data.dtype:
        names = [x.dtype.tensor_type.removesuffix("Tensor") for x in (input, weight)]
        raise RuntimeError(f"expected scalar type {names[0]} but found {names[1]}")


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Move channels into space: ``(..., c * r * r, h, w)`` becomes ``(..., c, h * r, w * r)``.

    Raises
    ------
    RuntimeError
        If the channels cannot be divided by ``r * r``.
    """
    r = upscale_factor
    if input.ndim < 3:
        raise RuntimeError(
            f"pixel_shuffle expects input to have at least 3 dimensions, but got input with {input.ndim} dimension(s)"
        )
    if r <= 0:
        raise RuntimeError(f"pixel_shuffle expects a positive upscale_factor, but got {r}")
    if input.shape[-3] % r**2:
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of "
            f"upscale_factor, but input.size(-3)={input.shape[-3]} is not divisible by {r**2}"
        )
    return record("pixel_shuffle", (input,), kernels.shuffle(input._data, r), {"factor": r})  # type: ignore[no-any-return]


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Undo `pixel_shuffle`.

    Raises
    ------
    RuntimeError
        If height or width cannot be divided.
    """
    r = downscale_factor
    if input.ndim < 3:
        raise RuntimeError(
            f"pixel_unshuffle expects input to have at least 3 dimensions, but got input with {input.ndim} dimension(s)"
        )
    if r <= 0:
        raise RuntimeError(f"pixel_unshuffle expects a positive downscale_factor, but got {r}")
    for axis, name in ((-2, "height"), (-1, "width")):
        if input.shape[axis] % r:
            raise RuntimeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but "
                f"input.size({axis})={input.shape[axis]} is not divisible by {r}"
            )
    return record("pixel_unshuffle", (input,), kernels.unshuffle(input._data, r), {"factor": r})  # type: ignore[no-any-return]
