"""Pooling, and resampling to another size.

Taking means over windows is linear, and separately so along rows and columns: every mean pooling
(and every upsampling) is ``rows @ image @ cols.T`` with two small matrices.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/nn.functional.html#pooling-functions
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.grad_mode import mode as grad_mode
from course.nptorch.nn import pool_kernels
from course.nptorch.nn.functional.conv_checks import pair
from course.nptorch.nn.functional.pool_checks import refuse_adaptive, refuse_empty, refuse_numbers, two, wanted_size
from course.nptorch.nn.lifted import record
from course.nptorch.nn.pool_kernels import averaging, fitting
from course.nptorch.nn.windows import sliding
from course.nptorch.ops.axes import Axes, axis, not_negative
from course.nptorch.ops.careful import refusing
from course.nptorch.ops.operands import refuse_whole

__all__ = [
    "adaptive_avg_pool2d",
    "adaptive_max_pool2d",
    "avg_pool2d",
    "interpolate",
    "max_pool2d",
    "max_pool2d_with_indices",
    "upsample",
]


def _batched(input: Tensor, name: str) -> Any:
    """Return the array of one image or more, always with an axis for how many."""
    x = input._data
    if x.ndim == 4:
        return x
    if x.ndim == 3:
        return x[None]
    if name == "avg_pool2d" and x.ndim < 3:
        if not x.ndim:
            raise IndexError("Dimension specified as -3 but tensor has no dimensions")
        axis(-3, x.ndim)  # which is what torch stumbles over
    if name == "avg_pool2d":
        raise RuntimeError(
            f"Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, but got:{list(x.shape)}"
        )
    raise RuntimeError("non-empty 3D or 4D (batch mode) tensor expected for input")


def _counts(images: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil: bool) -> tuple[int, int]:
    """Return how many windows there are, downwards and to the right."""
    down, right = (
        fitting(n, k, s, p, d, ceil)
        for n, k, s, p, d in zip(images.shape[2:], kernel, stride, padding, dilation, strict=True)
    )
    if min(down, right) < 1:
        c, h, w = images.shape[1:]
        raise RuntimeError(
            f"Given input size: ({c}x{h}x{w}). Calculated output size: ({c}x{down}x{right}). Output size is too small"
        )
    return down, right


@refusing("max_pool2d", early=True)
def max_pool2d(
    input: Tensor,
    kernel_size: Axes,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Return the largest element of every window; ties go to the first.

    Parameters
    ----------
    input : Tensor
        Of shape ``(n, c, h, w)``, or ``(c, h, w)``.
    kernel_size, stride, padding, dilation : int or (int, int)
        Of the windows; the stride is the kernel size without it.
    ceil_mode : bool
        Let the last window reach beyond the image.
    return_indices : bool
        Return the positions in the flattened images as well.

    Raises
    ------
    RuntimeError
        If no window fits.
    """
    name = "max_pool2d"
    kernel = two(name, "kernel_size", kernel_size)
    stride = kernel if stride is None or stride == [] else two(name, "stride", stride)
    padding, dilation = two(name, "padding", padding), two(name, "dilation", dilation)
    images = _batched(input, name)
    refuse_numbers(kernel, stride, padding, dilation, average=False)
    refuse_empty(input._data.shape)
    count = _counts(images, kernel, stride, padding, dilation, ceil_mode)
    size = (images.shape[2], images.shape[3])
    windows = sliding(size, kernel, stride, padding, dilation, 1, count)
    recorded = grad_mode.enabled and input.requires_grad
    values, indices = pool_kernels.max_pool(images, windows, recorded or return_indices)
    if input.ndim == 3:
        values, indices = values[0], None if indices is None else indices[0]
    positions = None if indices is None else wrap(indices.astype(np.int64, copy=False))
    made = record("max_pool2d", (input, positions), values)
    return (made, positions) if return_indices else made


def max_pool2d_with_indices(*args: Any, **kwargs: Any) -> Any:
    """Do as `max_pool2d`, and return the positions as well."""
    return max_pool2d(*args, **{**kwargs, "return_indices": True})


@refusing("avg_pool2d", early=True)
def avg_pool2d(
    input: Tensor,
    kernel_size: Axes,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """Return the mean of every window.

    Parameters
    ----------
    input : Tensor
        Of shape ``(n, c, h, w)``, or ``(c, h, w)``.
    kernel_size, stride, padding : int or (int, int)
        Of the windows; the stride is the kernel size without it.
    ceil_mode : bool
        Let the last window reach beyond the image.
    count_include_pad : bool
        Whether zeros of the padding count in the mean.
    divisor_override : int, optional
        Divide the sum by this instead.

    Raises
    ------
    RuntimeError
        If no window fits.
    """
    name = "avg_pool2d"
    kernel = two(name, "kernel_size", kernel_size)
    stride = kernel if stride is None or stride == [] else two(name, "stride", stride)
    padding = two(name, "padding", padding)
    if divisor_override == 0:
        raise RuntimeError("divisor must be not zero")
    images = _batched(input, name)
    refuse_numbers(kernel, stride, padding, (1, 1), average=True)
    refuse_empty(input._data.shape)
    count = _counts(images, kernel, stride, padding, (1, 1), ceil_mode)
    spans = []
    for n, m, k, s, p in zip(images.shape[2:], count, kernel, stride, padding, strict=True):
        ends = []
        for i in range(m):
            start, stop = i * s - p, min(i * s - p + k, n + p)
            inside = min(stop, n) - max(start, 0)
            ends.append((start, stop, stop - start if count_include_pad else inside))
        spans.append(ends)
    if divisor_override is not None:
        spans = [
            [(start, stop, divisor) for start, stop, _ in ends]
            for ends, divisor in zip(spans, (divisor_override, 1), strict=True)
        ]
    return _resampled("avg_pool2d", input, spans)


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """Return means over as many windows as wanted; None in `output_size` keeps an extent."""
    wanted = wanted_size("adaptive_avg_pool2d", input._data.shape, output_size)
    return _adapted(input, wanted)


@refusing("adaptive_avg_pool2d", early=True)
def _adapted(input: Tensor, wanted: tuple[int, int]) -> Tensor:
    if min(wanted) < 0:
        raise RuntimeError(
            "adaptive_avg_pool2d: elements of output_size must be greater than or equal to 0 but received "
            f"{{{wanted[0]}, {wanted[1]}}}"
        )
    if wanted == (1, 1):
        return input.mean((-2, -1), keepdim=True)  # type: ignore[no-any-return]
    refuse_adaptive("adaptive_avg_pool2d", input._data.shape)
    images = _batched(input, "adaptive_avg_pool2d")
    refuse_whole("adaptive_avg_pool2d", images)
    spans = [
        [(start, stop, stop - start) for start, stop in _adaptive(n, m)]
        for n, m in zip(images.shape[2:], wanted, strict=True)
    ]
    return _resampled("adaptive_avg_pool2d", input, spans)


def adaptive_max_pool2d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """Return the largest elements of as many windows as wanted."""
    if return_indices:
        raise NotImplementedError("course.nptorch has no adaptive_max_pool2d with return_indices")
    from course.nptorch.ops.register import FUNCTIONS

    wanted = wanted_size("adaptive_max_pool2d", input._data.shape, output_size)
    refuse_adaptive("adaptive_max_pool2d", input._data.shape)
    refuse_whole("adaptive_max_pool2d", input._data)
    not_negative((*input._data.shape[:-2], *wanted))
    rows = []
    for top, bottom in _adaptive(input.shape[-2], wanted[0]):
        cells = [
            input[..., top:bottom, left:right].flatten(-2).max(-1)[0]
            for left, right in _adaptive(input.shape[-1], wanted[1])
        ]
        rows.append(FUNCTIONS["stack"](cells, -1))
    return FUNCTIONS["stack"](rows, -2)


def _adaptive(size: int, count: int) -> list[tuple[int, int]]:
    return [(i * size // count, math.ceil((i + 1) * size / count)) for i in range(count)]


def _resampled(name: str, images: Tensor, spans: list[list[Any]]) -> Tensor:
    data = images._data
    rows, cols = (averaging(tuple(span), n, data.dtype) for span, n in zip(spans, data.shape[-2:], strict=True))
    return _sandwiched(name, images, rows, cols)


def _sandwiched(name: str, images: Tensor, rows: Any, cols: Any, values: Any = None) -> Tensor:
    values = pool_kernels.sandwich(images._data, rows, cols) if values is None else values
    return record(name, (images,), values, {"rows": rows, "cols": cols})  # type: ignore[no-any-return]


def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Resample images of shape ``(n, c, h, w)`` to another size.

    Parameters
    ----------
    size : int or (int, int), optional
        Wanted height and width.
    scale_factor : float or (float, float), optional
        Or how many times larger.
    mode : {"nearest", "bilinear"}
        How to fill in between.
    align_corners : bool, optional
        For ``"bilinear"``: keep the values at the corners.

    Raises
    ------
    ValueError
        If not exactly one of size and scale factor is given.
    NotImplementedError
        For other modes and numbers of axes.
    """
    if (size is None) == (scale_factor is None):
        raise ValueError(
            "either size or scale_factor should be defined"
            if size is None
            else "only one of size or scale_factor should be defined"
        )
    spatial = list(input.shape[2:])
    for given, what, form, sizes in (
        (size, "output", "output size", "output size of {}"),
        (scale_factor, "scale_factor", "scale_factor", "scale_factor of shape {}"),
    ):
        if isinstance(given, tuple | list) and len(given) != len(spatial):
            letter = "o" if given is size else "s"
            raise ValueError(
                f"Input and {what} must have the same number of spatial dimensions, but got input with spatial "
                f"dimensions of {spatial} and {sizes.format(given)}. Please provide input tensor in (N, C, d1, d2, "
                f"...,dK) format and {form} in ({letter}1, {letter}2, ...,{letter}K) format."
            )
    if mode == "nearest" and align_corners is not None:
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear"
        )
    if input.ndim != 4 or mode not in ("nearest", "bilinear") or antialias:
        raise NotImplementedError(
            f"course.nptorch has interpolate of 4-D input by 'nearest' and 'bilinear' only, not "
            f"{input.ndim}-D by {mode!r}"
        )
    scales: tuple[Any, ...] = (None, None)
    if scale_factor is not None:
        scales = tuple(scale_factor) if isinstance(scale_factor, tuple | list) else (scale_factor,) * 2
        size = [math.floor(n * s) for n, s in zip(input.shape[2:], scales, strict=True)]
    wanted = pair(size)
    x = input._data
    if min(*wanted, *x.shape[2:]) <= 0:
        raise RuntimeError(
            f"Input and output sizes should be greater than 0, but got input (H: {x.shape[2]}, W: {x.shape[3]}) output "
            f"(H: {wanted[0]}, W: {wanted[1]})"
        )
    refuse_whole(f"upsample_{mode}2d_channels_last", x)
    weigh = _nearest if mode == "nearest" else _bilinear
    down, right = (
        weigh(n, m, scale, bool(align_corners), x.dtype)
        for n, m, scale in zip(x.shape[2:], wanted, scales, strict=True)
    )
    # by position and not by the matrices: that leaves inf alone, or makes nan of it, where torch does
    values = _between(_between(x.swapaxes(-1, -2), *right).swapaxes(-1, -2), *down)
    rows, cols = (_matrix(n, x.dtype, *found) for n, found in zip(x.shape[2:], (down, right), strict=True))
    return _sandwiched(f"upsample_{mode}2d", input, rows, cols, values)


def upsample(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """Do as `interpolate`."""
    return interpolate(input, size, scale_factor, mode, align_corners)


def _nearest(n: int, m: int, scale: float | None, align: bool, dtype: Any) -> Any:
    step = n / m if scale is None else 1 / scale
    return np.minimum((np.arange(m) * step).astype(int), n - 1), None, None


def _bilinear(n: int, m: int, scale: float | None, align: bool, dtype: Any) -> Any:
    """Return, for each new position along an axis, the old ones below and above, and how near it is to the latter."""
    if align:
        at = np.arange(m) * ((n - 1) / (m - 1) if m > 1 else 0)
    else:
        at = np.maximum((np.arange(m) + 0.5) * (n / m if scale is None else 1 / scale) - 0.5, 0)
    low = np.minimum(at.astype(int), n - 1)
    return low, np.minimum(low + 1, n - 1), (at - low).astype(dtype)[:, None]


def _between(x: Any, low: Any, high: Any, share: Any) -> Any:
    """Return what is at new positions along the last axis but one."""
    if high is None:
        return x[..., low, :]
    return x[..., low, :] * (1 - share) + x[..., high, :] * share


def _matrix(n: int, dtype: Any, low: Any, high: Any, share: Any) -> Any:
    """Return `_between` as a matrix, whose transpose takes gradients back."""
    return _between(np.eye(n, dtype=dtype), low, high, share)
