"""What torch asks of convolutions before it looks at the images."""

from __future__ import annotations

from typing import Any

from course.nptorch._tensor import Tensor


def pair(value: Any) -> tuple[int, int]:
    """Return ``(2, 2)`` for 2, and a pair as it is."""
    if isinstance(value, int):
        return value, value
    values = tuple(value)
    return (values[0], values[0]) if len(values) == 1 else (values[0], values[1])


def two(name: str, value: Any) -> tuple[int, int]:
    """Return `value` for height and width.

    Raises
    ------
    RuntimeError
        If there are more or fewer than one or two of it.
    """
    if not isinstance(value, int) and len(value) not in (1, 2):
        raise RuntimeError(
            f"expected {name} to be a single integer value or a list of 2 values to match the convolution dimensions, "
            f"but got {name}={list(value)}"
        )
    return pair(value)


def refuse_kernel(weight: Tensor, stride: Any) -> None:
    """Refuse filters that are no images.

    Raises
    ------
    RuntimeError
        With torch's text.
    """
    if weight.ndim < 3:
        raise RuntimeError("weight should have at least three dimensions")
    if weight.ndim != 4:
        n = weight.ndim - 2
        raise RuntimeError(
            f"expected stride to be a single integer value or a list of {n} values to match the convolution "
            f"dimensions, but got stride={list(pair(stride))}"
        )


def refuse_numbers(
    stride: Any, padding: Any, dilation: Any, groups: int, extra: Any = (0, 0), transposed: bool = False
) -> None:
    """Refuse numbers of a convolution that are too small.

    Raises
    ------
    RuntimeError
        With torch's text.
    """
    if min(padding) >= 0 and min(stride) > 0 and min(dilation) > 0 and groups > 0 and min(extra) >= 0:
        return
    if min(padding) < 0:
        raise RuntimeError("negative padding is not supported")
    if min(extra) < 0:
        raise RuntimeError("negative output_padding is not supported")
    if min(stride) <= 0:
        raise RuntimeError("non-positive stride is not supported")
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
    if min(dilation) < 0:
        raise RuntimeError("dilation should be greater than zero")
    spread = f"dilation_height: {dilation[0]}, dilation_width: {dilation[1]}" if transposed else list(dilation)
    raise RuntimeError(f"dilation should be greater than zero, but got {spread}")


def refuse_filters(weight: Tensor, groups: int) -> None:
    """Refuse a number of filters that `groups` cannot share.

    Raises
    ------
    RuntimeError
        With torch's text.
    """
    count = weight._data.shape[0]
    if count < groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but got weight of size "
            f"{list(weight.shape)} instead"
        )
    if count % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight of "
            f"size [{list(weight.shape)}] instead"
        )


def refuse_bias(weight: Tensor, bias: Tensor | None, count: int, transposed: bool) -> None:
    """Refuse a bias that is not one number for each of `count` channels.

    Raises
    ------
    RuntimeError
        With torch's text.
    """
    if bias is not None and bias._data.shape != (count,):
        given = "transposed=1, " if transposed else ""
        raise RuntimeError(
            f"Given {given}weight of size {list(weight.shape)}, expected bias to be 1-dimensional with {count} "
            f"elements, but got bias of size {list(bias.shape)} instead"
        )
