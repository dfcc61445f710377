"""Operations that torch has no derivative for, and says so when a gradient arrives."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.grad_mode import mode
from course.nptorch.graph import FIRST
from course.nptorch.ops.corners import remainder, rounded
from course.nptorch.ops.layout import led_by
from course.nptorch.ops.operands import aligned, operand
from course.nptorch.ops.overlap import overlaps_first
from course.nptorch.ops.pointwise import operator
from course.nptorch.ops.register import FUNCTIONS, method, op
from course.nptorch.ops.write import mismatch, refuse_leaf, write
from course.nptorch.record import OPS, attach, needed


def _values(name: str, compute: Any, self: Any, other: Any) -> Any:
    a, b = aligned(operand(self, name), operand(other, name))
    try:
        return led_by(rounded(compute)(a, b), a, b)
    except ValueError as error:
        raise mismatch(a, b) from error


def _row(name: str, self: Any, other: Any) -> tuple[str, tuple[Any, ...]]:
    """Return the row of the vjp table that has an edge for each input that requires grad, and those first."""
    asked = needed((self, other))
    return f"no_{name}_{max(sum(asked), 1)}", (self, other) if asked[0] else (other, self)


def _early(result: Tensor) -> Tensor:
    """Let the node, if there is a new one, run as soon as it can, as torch does."""
    if mode.enabled and result._grad_fn is not None and result._base is None:
        result._grad_fn.sequence_nr = FIRST
    return result


def _made(name: str, compute: Any, self: Any, other: Any) -> Tensor:
    result = wrap(_values(name, compute, self, other))
    if not mode.enabled:
        return result
    row, inputs = _row(name, self, other)
    return _early(attach(OPS[row], inputs, result))


@op("floor_divide", early=True)
def floor_divide(self: Any, other: Any) -> Tensor:
    """Return the largest whole numbers that are not above ``self / other``; it has no derivative."""
    return _made("floor_divide", np.floor_divide, self, other)


@method("floor_divide_", early=False)
def floor_divide_(self: Tensor, other: Any) -> Tensor:
    """Write what `floor_divide` returns into this tensor."""
    refuse_leaf(self)
    row, inputs = _row("floor_divide_", self, other)
    try:
        values = _values("floor_divide", np.floor_divide, self, other)
    except RuntimeError:
        overlaps_first(self, other)
        raise
    return _early(write(self, row, inputs, values))


def remainder_of_number(self: Any, other: Tensor) -> Tensor:
    """Return what is left of a number divided by `other`; it has no derivative, unlike that of a Tensor."""
    return _made("remainder", remainder, self, other)


def _either(input: Any, other: Any) -> Any:  # noqa: A002 - torch's name
    """Return what is left of ``input / other``, one of which may be a number."""
    if not isinstance(input, Tensor) and not isinstance(other, Tensor):
        raise TypeError("remainder() received an invalid combination of arguments")
    return input.remainder(other) if isinstance(input, Tensor) else remainder_of_number(input, other)


FUNCTIONS["remainder"] = _either
operator("__floordiv__", Tensor.floor_divide)  # type: ignore[attr-defined]
operator("__rfloordiv__", floor_divide, flip=True)
operator("__ifloordiv__", floor_divide_)
operator("__rmod__", remainder_of_number, flip=True)
