"""Arithmetic: sums, differences, products, quotients, remainders and powers, and the operators that stand for them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from operator import add as plus
from operator import mul as times
from operator import sub as minus
from operator import truediv as divided
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.grad_mode import recording
from course.nptorch.messages import TWO_BOOLS
from course.nptorch.ops.arguments import refuse_arguments
from course.nptorch.ops.corners import power, rounded, truncated
from course.nptorch.ops.corners import remainder as left_over
from course.nptorch.ops.direct import accumulate, direct
from course.nptorch.ops.layout import in_order, led_by
from course.nptorch.ops.operands import Number, Operand, aligned, operand
from course.nptorch.ops.overlap import overlaps_first
from course.nptorch.ops.pointwise import binary, operator
from course.nptorch.ops.register import FUNCTIONS, MISSING, described, method, op, recorded
from course.nptorch.ops.write import mismatch, refuse_leaf, refuse_view, write
from course.nptorch.record import OPS, recorded_first


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


def _is_1(alpha: Any) -> bool:
    return type(alpha) is int and alpha == 1


def _factor(name: str, alpha: Any, a: Any, b: Any) -> Any:
    """Return the number by which `b` is multiplied before it is added to `a`, of the same dtype.

    Raises
    ------
    TypeError
        If `alpha` is no number.
    RuntimeError
        If it is a bool or has a fraction, and the result has not.
    """
    if isinstance(alpha, Tensor) and not alpha.ndim:
        alpha = alpha.item()
    if not isinstance(alpha, Number | np.generic):
        raise TypeError(f"{name}(): argument 'alpha' must be Number, not {type(alpha).__name__}")
    kind = next(x.dtype.kind for x in (a, b) if hasattr(x, "dtype"))
    if isinstance(alpha, bool | np.bool_) and kind != "b":
        raise RuntimeError("Boolean alpha only supported for Boolean results.")
    if isinstance(alpha, float) and kind != "f":
        raise RuntimeError("For integral input tensors, argument alpha must not be a floating point number.")
    return bool(alpha) if kind == "b" else alpha


def _scaled(row: str, self: Any, other: Any, alpha: Any, in_place: bool = False) -> Any:
    """Describe ``self + alpha * other`` or ``self - alpha * other``: one node either way."""
    a, b = operand(self, row), operand(other, row)
    if row == "sub":
        _no_bools(a, b)
    a, b = aligned(a, b)
    alpha = _factor(row + "_" * in_place, alpha, a, b)
    try:
        values = led_by(a + b * alpha if row == "add" else a - b * alpha, a, b)
    except ValueError as error:
        if in_place:
            refuse_view(self, other)
        recorded_first(OPS[row], (self, other))
        if in_place:
            overlaps_first(self, other)
        raise mismatch(a, b) from error
    return row if _is_1(alpha) else f"{row}_scaled", (self, other), values, {"alpha": alpha}


@op("add")
def add(self: Operand, other: Operand, *, alpha: Any = 1) -> Tensor:
    """Return ``self + alpha * other``."""
    return add_plain(self, other) if _is_1(alpha) else recorded(*_scaled("add", self, other, alpha))


@op("sub", "subtract")
def sub(self: Operand, other: Operand, *, alpha: Any = 1) -> Tensor:
    """Return ``self - alpha * other``."""
    return sub_plain(self, other) if _is_1(alpha) else recorded(*_scaled("sub", self, other, alpha))


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
    alpha = _factor("rsub", alpha, a, b)
    try:
        values = led_by(a - (b if alpha == 1 else b * alpha), a, b)
    except ValueError as error:
        raise mismatch(b, a) from error
    row, inputs = ("rsub_tensor", (self, other)) if isinstance(other, Tensor) else ("rsub", (self,))
    return recorded(row, inputs, values, {"alpha": alpha})


div_floor = binary("div_rounded", compute=rounded(np.floor_divide))
div_trunc = binary("div_rounded", compute=rounded(truncated))


@op("div", "divide", "true_divide")
def div(self: Operand, other: Operand, *, rounding_mode: str | None = None) -> Tensor:
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

    def form(input: Any, other: Any = MISSING, **options: Any) -> Tensor:  # noqa: A002 - torch's name
        if "exponent" in options:
            other = options.pop("exponent")
        if other is MISSING:
            refuse_arguments(name, operation, (input,), options, 0)
        if isinstance(input, Number) and isinstance(other, Number):
            return operation(wrap(np.asarray(input)), other, **options)
        try:
            return operation(input, other, **options)
        except TypeError:
            refuse_arguments(name, operation, (input, other), options, 0)
            raise

    form.__name__, form.__doc__ = name, operation.__doc__
    first, *rest = inspect.signature(operation).parameters.values()
    form.__signature__ = inspect.Signature([first.replace(name="input"), *rest])  # type: ignore[attr-defined]
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
