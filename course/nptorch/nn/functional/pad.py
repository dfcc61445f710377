"""Adding to the ends of axes.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
"""

from __future__ import annotations

from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.nn import kernels
from course.nptorch.nn.lifted import record
from course.nptorch.ops.axes import Shape
from course.nptorch.ops.careful import refusing
from course.nptorch.record import recorded_first

__all__ = ["pad"]

_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def _refuse_cut(input: Tensor, pad: tuple[int, ...]) -> None:
    """Refuse to cut away more than there is."""
    for i in range(0, len(pad), 2):
        extent = input._data.shape[input.ndim - 1 - i // 2]
        for cut in pad[i : i + 2]:
            extent += min(cut, 0)
            if extent < 0:
                recorded_first(None, (input,))
                raise RuntimeError("narrow(): length must be non-negative.")


@refusing("pad")
def pad(input: Tensor, pad: Shape, mode: str = "constant", value: float | None = None) -> Tensor:
    """Add to the ends of the last axes, or cut them with negative numbers.

    Parameters
    ----------
    pad : tuple of int
        ``(before, after)`` for the last axis, then for the one before it, and so on.
    mode : {"constant", "reflect", "replicate", "circular"}
        What to add.
    value : float, optional
        The constant; 0 without it.

    Raises
    ------
    RuntimeError
        If the number of paddings does not fit.
    NotImplementedError
        For another mode.
    """
    pad = tuple(pad)
    padded: Any = input
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(pad) // 2 > input.ndim:
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got "
            f"padding length {len(pad)} and input of dimension {input.ndim}"
        )
    if mode == "constant":
        _refuse_cut(input, pad)
        filling = 0.0 if value is None else value
        facts: dict[str, Any] = {"pad": pad, "value": filling}
        return record("constant_pad_nd", (input,), kernels.frame(input._data, pad, filling), facts)  # type: ignore[no-any-return]
    if mode not in _MODES:
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if value:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if (len(pad), input.ndim) not in ((2, 2), (2, 3), (4, 3), (4, 4), (6, 4), (6, 5)):
        raise NotImplementedError(
            f"Padding size {len(pad)} is not supported for {input.ndim}D input tensor.\n"
            "Supported combinations for non-constant padding:\n"
            "  - 2D or 3D input: padding size = 2 (pads last dimension)\n"
            "  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n"
            "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)"
        )
    # every element comes from somewhere inside: pick by index, and gradients find their way back
    index: list[Any] = [slice(None)] * input.ndim
    for i in range(0, len(pad), 2):
        axis = input.ndim - 1 - i // 2
        extent = input.shape[axis]
        if mode == "reflect" and max(pad[i], pad[i + 1]) >= extent:
            raise RuntimeError(
                "Argument #4: Padding size should be less than the corresponding input dimension, "
                f"but got: padding ({pad[i]}, {pad[i + 1]}) at dimension {axis} of input "
                f"{list(input.shape)}"
            )
        if mode == "circular" and max(pad[i], pad[i + 1]) > extent:
            raise RuntimeError("Padding value causes wrapping around more than once.")
        if extent + pad[i] + pad[i + 1] < (0 if mode == "circular" else 1):
            raise RuntimeError(
                "Negative padding value is resulting in an empty dimension"
                if mode == "circular"
                else f"input (W: {extent}) is too small. Calculated output W: {extent + pad[i] + pad[i + 1]}"
            )
        numpy_mode: Any = _MODES[mode]
        picked = np.pad(np.arange(extent), (pad[i], pad[i + 1]), mode=numpy_mode)
        one: list[Any] = list(index)
        one[axis] = wrap(picked)
        padded = padded[tuple(one)]
    return padded  # type: ignore[no-any-return]
