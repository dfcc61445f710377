"""Checks of options that several optimisers share."""

from __future__ import annotations

from typing import Any

from course.nptorch._tensor import Tensor


def check(holds: bool, otherwise: str) -> None:
    """Raise ValueError unless a condition holds."""
    if not holds:
        raise ValueError(otherwise)


def number(value: Any) -> float:
    """Return an option that may be given as a Tensor of one element.

    Raises
    ------
    ValueError
        If the Tensor has more elements.
    """
    if isinstance(value, Tensor):
        check(value.numel() == 1, "Tensor lr must be 1-element")
        return float(value._data.item())
    return value  # type: ignore[no-any-return]


def refuse_fused_mix(fused: Any, foreach: Any, differentiable: bool) -> None:
    """Raise RuntimeError for options that do not go with ``fused=True``."""
    if fused and differentiable:
        raise RuntimeError("`fused` does not support `differentiable`")
    if fused and foreach:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")
