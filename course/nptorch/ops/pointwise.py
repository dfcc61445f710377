"""Operations that work element by element: how `unary` and `binary` make them.

Most of what a program records passes through the two functions made by `unary` and `binary`, so
their bodies are written out: one Tensor, one node, nothing generic in between.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.absent import absent
from course.nptorch.grad_mode import mode
from course.nptorch.ops.direct import direct
from course.nptorch.ops.layout import led_by
from course.nptorch.ops.operands import Number, Operand, aligned, floating, operand
from course.nptorch.ops.overlap import overlaps_first
from course.nptorch.ops.register import op, written
from course.nptorch.ops.write import mismatch, refuse_leaf, refuse_view, write, wrote
from course.nptorch.record import OPS, Op, attach, attach_one, attach_two, recorded_first

new = object.__new__
FLOATS = frozenset({np.float16, np.float32, np.float64})  # classes of scalars


def unary(*names: str, compute: Callable[[Any], Any], floats_only: bool = True) -> Any:
    """Make the operation ``names[0]`` of one input; ``compute`` maps an array to an array."""
    name = names[0]
    row = OPS[name]

    @op(*names)
    def operation(self: Tensor) -> Tensor:
        data = self._data
        if not mode.enabled or (data.__class__ not in FLOATS and data.dtype.kind != "f"):
            values = compute(floating(data) if floats_only else data)
            return wrap(led_by(values, data) if data.ndim > 2 and 0 in data.strides else values)  # nothing to record
        result = new(Tensor)
        result._data = compute(data[()] if data.__class__ is ndarray and not data.ndim else data)
        if data.__class__ is ndarray and data.ndim > 2 and 0 in data.strides:
            result._data = led_by(result._data, data)
        attach_one(row, self, result)
        return result

    def operation_(self: Tensor) -> Tensor:
        refuse_leaf(self)
        data = self._data
        return write(self, name, (self,), compute(floating(data) if floats_only else data))

    operation.__doc__ = f"Return {name} of every element{', as floats' if floats_only else ''}."
    operation.__name__ = name
    operation.__qualname__ = f"Tensor.{name}"
    written(names, operation_)
    return operation


def _of_tensors(row: Op, compute: Any, facts: Any, otherwise: Callable[[Any, Any], Any]) -> Any:
    """Return an operation of two Tensors of one dtype, recorded; it leaves all else to `otherwise`."""

    def operation(self: Operand, other: Operand) -> Any:
        if not mode.enabled or not isinstance(other, Tensor) or not isinstance(self, Tensor):
            return otherwise(self, other)
        a, b = self._data, other._data
        # NumPy computes with scalars several times faster than with 0-d arrays
        if a.__class__ is ndarray and not a.ndim:
            a = a[()]
        if b.__class__ is ndarray and not b.ndim:
            b = b[()]
        kind = a.__class__
        scalars = kind is b.__class__ and kind is not ndarray and kind in FLOATS
        if not scalars and (a.dtype is not b.dtype or a.dtype.kind != "f"):
            return otherwise(self, other)
        result = new(Tensor)
        try:
            result._data = compute(a, b)
        except ValueError as error:
            recorded_first(row, (self, other))
            raise mismatch(a, b) from error
        if not scalars and ((a.ndim > 1 and not a.flags.c_contiguous) or (b.ndim > 1 and not b.flags.c_contiguous)):
            result._data = led_by(result._data, a, b)
        attach_two(row, self, other, result, facts)
        return result

    return operation


def binary(
    *names: str,
    compute: Callable[[Any, Any], Any],
    infix: str = "",
    floats_only: bool = False,
    facts: dict[str, Any] | None = None,
    check: Callable[[Any, Any], None] | None = None,
    into: Callable[[Any, Any, Any], Any] | None = None,
    in_rules: str = "",
) -> Callable[[Any, Any], Tensor]:
    """Make the operation ``names[0]`` of two inputs, each a Tensor or a number.

    `infix` names the method behind its sign, such as ``"__add__"``; `in_rules` the row that serves a rule
    which has a number as the second operand: nothing is kept for that, while a user's number is.
    """
    name = names[0]
    row = OPS[name]

    def values(self: Any, other: Any) -> Any:
        a, b = operand(self, name, "input"), operand(other, name)
        if check is not None:
            check(a, b)
        a, b = aligned(a, b)
        if floats_only:
            a, b = (x if isinstance(x, Number) else floating(x) for x in (a, b))
        try:
            return led_by(compute(a, b), a, b)
        except ValueError as error:
            raise mismatch(a, b) from error

    def any_operands(self: Any, other: Any) -> Tensor:
        try:
            result = wrap(values(self, other))
        except RuntimeError:
            recorded_first(row, (self, other))
            raise
        if mode.enabled:
            if mode.in_rule and in_rules and not isinstance(other, Tensor):
                return attach(OPS[in_rules], (self,), result, {"other": other})  # type: ignore[no-any-return]
            attach(row, (self, other), result, facts)
        return result

    def any_infix(self: Any, other: Any) -> Any:
        return NotImplemented if _foreign(other) else any_operands(self, other)

    operation: Callable[[Any, Any], Tensor] = _of_tensors(row, compute, facts, any_operands)
    if infix:
        setattr(Tensor, infix, _of_tensors(row, compute, facts, any_infix))

    def operation_(self: Tensor, other: Any) -> Tensor:
        refuse_leaf(self)
        if into is not None and direct(self, other):
            into(self._array, other._data if isinstance(other, Tensor) else other, self._array)
            return wrote(self)
        try:
            made = values(self, other)
        except RuntimeError:
            refuse_view(self, other)
            recorded_first(row, (self, other))
            overlaps_first(self, other)
            raise
        return write(self, name, (self, other), made, facts)

    operation.__name__ = name
    operation.__qualname__ = f"Tensor.{name}"
    operation.__doc__ = f"Return ``{name}(self, other)`` element by element, broadcast."
    if len(names) > 1:
        op(*names[1:])(operation)
    written(names, operation_)
    return operation


def _foreign(other: Any) -> bool:
    """Return whether an operand is to be left to the other side's operator."""
    if isinstance(other, complex) and not isinstance(other, np.generic):
        raise absent("complex128")
    return not isinstance(other, Tensor | Number | np.generic)


def operator(name: str, function: Callable[[Any, Any], Any], *, flip: bool = False) -> None:
    """Make `function` the operator method `name`, which leaves other operands to the other side."""

    def form(self: Tensor, other: Any) -> Any:
        if _foreign(other):
            return NotImplemented
        return function(other, self) if flip else function(self, other)

    form.__name__ = name
    setattr(Tensor, name, form)
