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

__all__ = ["pad"]

_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def pad(input: Tensor, pad: tuple[int, ...], mode: str = "constant", value: float | None = None) -> Tensor:
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
        filling = 0.0 if value is None else value
        facts: dict[str, Any] = {"pad": pad, "value": filling}
        return record("constant_pad_nd", (input,), kernels.frame(input._data, pad, filling), facts)  # type: ignore[no-any-return]
    if mode not in _MODES:
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
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
        numpy_mode: Any = _MODES[mode]
        picked = np.pad(np.arange(extent), (pad[i], pad[i + 1]), mode=numpy_mode)
        one: list[Any] = list(index)
        one[axis] = wrap(picked)
        padded = padded[tuple(one)]
    return padded  # type: ignore[no-any-return]
