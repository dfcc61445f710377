"""Operations that work element by element: how `unary` and `binary` make them, and arithmetic.

Most of what a program records passes through the two functions made by `unary` and `binary`, so
their bodies are written out: one Tensor, one node, nothing generic in between.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import add as plus
from operator import mul as times
from operator import sub as minus
from operator import truediv as divided
from typing import Any

import numpy as np
from numpy import ndarray

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.absent import absent
from course.nptorch.grad_mode import mode, recording
from course.nptorch.messages import TWO_BOOLS
from course.nptorch.ops.corners import power, rounded, truncated
from course.nptorch.ops.corners import remainder as left_over
from course.nptorch.ops.direct import accumulate, direct
from course.nptorch.ops.layout import in_order, led_by
from course.nptorch.ops.operands import Number, aligned, floating, operand
from course.nptorch.ops.overlap import overlaps_first
from course.nptorch.ops.register import FUNCTIONS, described, method, op, recorded, written
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
    written(names, operation_)
    return operation


def _of_tensors(row: Op, compute: Any, facts: Any, otherwise: Callable[[Any, Any], Any]) -> Any:
    """Return an operation of two Tensors of one dtype, recorded; it leaves all else to `otherwise`."""

    def operation(self: Any, other: Any) -> Any:
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
        a, b = operand(self, name), operand(other, name)
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


def _no_bools(a: Any, b: Any) -> None:
    """Refuse to subtract bools, as torch does."""
    kinds = [np.asarray(x).dtype.kind for x in (a, b)]
    if kinds == ["b", "b"]:
        raise RuntimeError(TWO_BOOLS)
    if "b" in kinds:
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are "
            "trying to invert a mask, use the `~` or `logical_not()` operator instead."
        )


add_plain = binary("add", infix="__add__", compute=plus, facts={"alpha": 1})
sub_plain = binary("sub", infix="__sub__", compute=minus, facts={"alpha": 1}, check=_no_bools)
mul = binary("mul", "mul", "multiply", infix="__mul__", compute=times, into=np.multiply, in_rules="mul_number")
div_plain = binary("div", infix="__truediv__", compute=divided, floats_only=True, into=np.divide, in_rules="div_number")


def _scaled(row: str, self: Any, other: Any, alpha: Any, in_place: bool = False) -> Any:
    """Describe ``self + alpha * other`` or ``self - alpha * other``: one node either way."""
    a, b = operand(self, row), operand(other, row)
    if row == "sub":
        _no_bools(a, b)
    a, b = aligned(a, b)
    try:
        values = led_by(a + b * alpha if row == "add" else a - b * alpha, a, b)
    except ValueError as error:
        if in_place:
            refuse_view(self, other)
        recorded_first(OPS[row], (self, other))
        if in_place:
            overlaps_first(self, other)
        raise mismatch(a, b) from error
    return row if alpha == 1 else f"{row}_scaled", (self, other), values, {"alpha": alpha}


@op("add")
def add(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """Return ``self + alpha * other``."""
    return add_plain(self, other) if alpha == 1 else recorded(*_scaled("add", self, other, alpha))


@op("sub", "subtract")
def sub(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """Return ``self - alpha * other``."""
    return sub_plain(self, other) if alpha == 1 else recorded(*_scaled("sub", self, other, alpha))


@method("add_")
def add_(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """Add ``alpha * other`` into this tensor."""
    refuse_leaf(self)
    if direct(self, other, alpha):
        return accumulate(np.add, self, other, alpha)
    return write(self, *_scaled("add", self, other, alpha, True))


@method("sub_", "subtract_")
def sub_(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """Subtract ``alpha * other`` from this tensor."""
    refuse_leaf(self)
    if direct(self, other, alpha):
        return accumulate(np.subtract, self, other, alpha)
    return write(self, *_scaled("sub", self, other, alpha, True))


@op("rsub")
def rsub(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """Return ``other - alpha * self``."""
    a, b = operand(other, "rsub"), self._data
    _no_bools(a, b)
    a, b = aligned(a, b)
    try:
        values = led_by(a - (b if alpha == 1 else b * alpha), a, b)
    except ValueError as error:
        raise mismatch(b, a) from error
    row, inputs = ("rsub_tensor", (self, other)) if isinstance(other, Tensor) else ("rsub", (self,))
    return recorded(row, inputs, values, {"alpha": alpha})


div_floor = binary("div_rounded", compute=rounded(np.floor_divide))
div_trunc = binary("div_rounded", compute=rounded(truncated))


@op("div", "divide", "true_divide")
def div(self: Tensor, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """Return ``self / other``; `rounding_mode` is None, ``"trunc"`` or ``"floor"``."""
    if rounding_mode is None:
        return div_plain(self, other)
    if rounding_mode not in ("trunc", "floor"):
        raise RuntimeError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'"
        )
    return (div_floor if rounding_mode == "floor" else div_trunc)(self, other)


@method("over")
def over(self: Tensor, count: float) -> Tensor:
    """Return ``self / count``, as the losses of torch record it."""
    return recorded("div_number", (self,), self._data / count, {"other": count})


_divide_ = Tensor.true_divide_ = Tensor.div_  # type: ignore[attr-defined]


@method("div_", "divide_")
def div_(self: Tensor, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """Divide this tensor by `other`; `rounding_mode` as for `div`."""
    if rounding_mode is None:
        return _divide_(self, other)  # type: ignore[no-any-return]
    refuse_leaf(self)
    with recording(False):
        values = div(self, other, rounding_mode=rounding_mode)._data
    return write(self, "div_rounded", (self, other), values)


def _by_tensor_or_number(name: str, compute: Callable[[Any, Any], Any]) -> Any:
    """Make an operation whose node differs for a number as the second operand."""

    @described(name)
    def operation(self: Tensor, other: Any) -> Any:
        a, b = aligned(operand(self, name), operand(other, name))
        try:
            values = led_by(rounded(compute)(a, b), a, b)
        except ValueError as error:
            raise mismatch(a, b) from error
        if isinstance(other, Tensor):
            return name, (self, other), values, None
        return f"{name}_number", (self,), values, None

    return operation


remainder = _by_tensor_or_number("remainder", left_over)
fmod = _by_tensor_or_number("fmod", np.fmod)


@described("pow")
def pow(self: Any, exponent: Any) -> Any:  # noqa: A001 - torch's name
    """Return ``self ** exponent``; either may be a number."""
    a, b = operand(self, "pow", "input", 1), operand(exponent, "pow", "exponent", 2)
    if isinstance(exponent, Tensor):
        if isinstance(self, Tensor):
            return "pow", (self, exponent), led_by(power(a, b), *aligned(a, b)), None
        return "number_pow", (exponent,), in_order(power(a, b)), {"base": a}
    values = np.square(a) if b == 2 and type(b) is not bool and a.dtype.kind == "f" else power(a, b)
    return "pow_number", (self,), led_by(values, a), {"exponent": b}


@described("square")
def square(self: Tensor) -> Any:
    """Return the square of every element."""
    return "pow_number", (self,), led_by(np.square(self._data), self._data), {"exponent": 2}


def _either_first(name: str, operation: Callable[..., Tensor]) -> None:
    """Let ``torch.name`` take a number as its first operand, as long as the second is a Tensor."""

    def form(input: Any, other: Any = None, **options: Any) -> Tensor:  # noqa: A002 - torch's name
        if "exponent" in options:
            other = options.pop("exponent")
        if isinstance(input, Number) and isinstance(other, Number):
            return operation(wrap(np.asarray(input)), other, **options)
        return operation(input, other, **options)

    form.__name__, form.__doc__ = name, operation.__doc__
    FUNCTIONS[name] = form


for _name, _operation in {"add": add, "sub": sub, "mul": mul, "div": div, "pow": pow}.items():
    _either_first(_name, _operation)

operator("__radd__", add_plain)
operator("__rsub__", rsub)
operator("__rmul__", mul)
operator("__rtruediv__", lambda self, other: mul(self.reciprocal(), other))
operator("__mod__", remainder)
operator("__pow__", pow)
operator("__rpow__", pow, flip=True)
for _name, _method in {
    "add": "add_",
    "sub": "sub_",
    "mul": "mul_",
    "truediv": "div_",
    "mod": "remainder_",
    "pow": "pow_",
}.items():
    operator(f"__i{_name}__", getattr(Tensor, _method))
method("__neg__")(lambda self: self.neg())
method("__pos__")(lambda self: self)
method("__abs__")(lambda self: self.abs())
Tensor.__array_priority__ = 1000  # type: ignore[attr-defined]  # array + Tensor asks the Tensor
