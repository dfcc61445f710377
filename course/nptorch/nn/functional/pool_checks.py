"""What torch asks of pooling before it looks at the images."""

from __future__ import annotations

from typing import Any

from course.nptorch.nn.functional.conv_checks import pair
from course.nptorch.ops.axes import axis

_FORMS = {
    "stride": "stride must either be omitted, a single int, or a tuple of two ints",
    "dilation": "dilation must be either a single int, or a tuple of two ints",
}


def two(function: str, name: str, value: Any) -> tuple[int, int]:
    """Return `value` for height and width.

    Raises
    ------
    TypeError
        If it is no whole number or tuple of such.
    RuntimeError
        If there are more or fewer than one or two of it.
    """
    if not isinstance(value, int | tuple | list):
        raise TypeError(f"{function}(): argument '{name}' must be tuple of ints, not {type(value).__name__}")
    if not isinstance(value, int) and len(value) not in (1, 2):
        form = _FORMS.get(name, f"{name} must either be a single int, or a tuple of two ints")
        raise RuntimeError(f"{function}: {form}")
    return pair(value)


def refuse_numbers(kernel: Any, stride: Any, padding: Any, dilation: Any, average: bool) -> None:
    """Refuse sizes and steps of windows that are too small, or a padding that is too large.

    Raises
    ------
    RuntimeError
        With torch's text.
    """
    if 0 in stride:
        raise RuntimeError("stride should not be zero")
    if not average:
        _refuse_small(kernel, stride, dilation)
    for p, k, d in zip(padding, kernel, dilation, strict=True):
        if p < 0:
            raise RuntimeError(f"pad must be non-negative, but got pad: {p}")
        if p > (d * (k - 1) + 1) // 2:
            raise RuntimeError(
                f"pad should be at most half of effective kernel size, but got pad={p}, kernel_size={k} and "
                f"dilation={d}"
            )
    _refuse_small(kernel, stride, dilation)
    if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
        raise RuntimeError(
            "pad should be smaller than or equal to half of kernel size, but got "
            f"padW = {padding[1]}, padH = {padding[0]}, kW = {kernel[1]}, kH = {kernel[0]}"
        )


def _refuse_small(kernel: Any, stride: Any, dilation: Any) -> None:
    if min(kernel) <= 0:
        raise RuntimeError(f"kernel size should be greater than zero, but got kH: {kernel[0]} kW: {kernel[1]}")
    if min(stride) <= 0:
        raise RuntimeError(f"stride should be greater than zero, but got dH: {stride[0]} dW: {stride[1]}")
    if min(dilation) <= 0:
        raise RuntimeError(
            f"dilation should be greater than zero, but got dilationH: {dilation[0]} dilationW: {dilation[1]}"
        )


def refuse_empty(shape: tuple[int, ...]) -> None:
    """Refuse images without elements.

    Raises
    ------
    RuntimeError
        With torch's text.
    """
    if 0 in shape[-3:]:
        raise RuntimeError(
            f"Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, but got:{list(shape)}"
        )


def refuse_adaptive(name: str, shape: tuple[int, ...]) -> None:
    """Refuse images without elements, or what is no image, where the windows fit themselves.

    Raises
    ------
    RuntimeError
        With torch's text.
    """
    for d in range(max(len(shape) - 2, 0), len(shape)):
        if not shape[d]:
            raise RuntimeError(
                f"{name}(): Expected input to have non-zero size for non-batch dimensions, but input has sizes "
                f"{list(shape)} with dimension {d} being empty"
            )
    if len(shape) not in (3, 4):
        colon = ":" if "max" in name else ""
        raise RuntimeError(f"{name}(): Expected 3D or 4D tensor, but got{colon} {list(shape)}")


def wanted_size(name: str, shape: tuple[int, ...], output_size: Any) -> tuple[int, int]:
    """Return how many windows are wanted; None in `output_size` keeps an extent.

    Raises
    ------
    RuntimeError
        If there are not two numbers, or one is negative.
    TypeError
        If they are no whole numbers.
    IndexError
        If an extent is to be kept that is not there.
    """
    if isinstance(output_size, int):
        return output_size, output_size
    if len(output_size) != 2 and not isinstance(output_size, str):
        internal = "(): internal error: output_size.size() must be 2"
        raise RuntimeError(f"{name}{internal if 'max' in name else ': output_size must be 2'}")
    if len(shape) < 2:
        axis(-2, len(shape))
    height, width = (n if m is None else m for n, m in zip(shape[-2:], (*output_size, *output_size)[:2], strict=True))
    for at, m in enumerate((height, width)):
        if not isinstance(m, int):
            raise TypeError(
                f"{name}(): argument 'output_size' (position 2) must be tuple of ints, but found element of type "
                f"{type(m).__name__} at pos {at}"
            )
    return height, width
