"""Operations that work element by element: how `unary` and `binary` make them, and arithmetic.

Most of what a program records passes through the two functions made by `unary` and `binary`, so
their bodies are written out: one Tensor, one node, nothing generic in between.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.grad_mode import mode
from course.nptorch.ops.operands import Number, aligned, floating, operand
from course.nptorch.ops.register import FUNCTIONS, described, method, op, recorded, written
from course.nptorch.ops.write import mismatch, refuse_leaf, write
from course.nptorch.record import OPS, attach, attach_one, attach_two

new = object.__new__


def unary(*names: str, compute: Callable[[Any], Any], floats_only: bool = True) -> Any:
    """Make the operation ``names[0]`` of one input; ``compute`` maps an array to an array."""
    name = names[0]
    row = OPS[name]

    @op(*names)
    def operation(self: Tensor) -> Tensor:
        data = self._data
        if not mode.enabled or data.dtype.kind != "f":  # of integers nothing is recorded
            return wrap(compute(floating(data) if floats_only else data))
        result = new(Tensor)
        result._data = compute(data if data.ndim else data[()])
        attach_one(row, self, result)
        return result

    def operation_(self: Tensor) -> Tensor:
        refuse_leaf(self)
        data = self._data
        return write(self, name, (self,), compute(floating(data) if floats_only else data))

    operation.__doc__ = f"Return {name} of every element."
    operation.__name__ = name
    written(names, operation_)
    return operation


def binary(
    *names: str,
    compute: Callable[[Any, Any], Any],
    floats_only: bool = False,
    facts: dict[str, Any] | None = None,
    check: Callable[[Any, Any], None] | None = None,
) -> Callable[[Any, Any], Tensor]:
    """Make the operation ``names[0]`` of two inputs, each a Tensor or a number."""
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
            return compute(a, b)
        except ValueError as error:
            raise mismatch(a, b) from error

    def operation(self: Any, other: Any) -> Tensor:
        if mode.enabled and isinstance(self, Tensor) and isinstance(other, Tensor):
            a, b = self._data, other._data
            if a.dtype is b.dtype and a.dtype.kind == "f":  # nothing to convert or to refuse
                result = new(Tensor)
                try:
                    # NumPy computes with scalars several times faster than with 0-d arrays
                    result._data = compute(a if a.ndim else a[()], b if b.ndim else b[()])
                except ValueError as error:
                    raise mismatch(a, b) from error
                attach_two(row, self, other, result, facts)
                return result
        result = wrap(values(self, other))
        if mode.enabled:
            attach(row, (self, other), result, facts)
        return result

    def operation_(self: Tensor, other: Any) -> Tensor:
        refuse_leaf(self)
        return write(self, name, (self, other), values(self, other), facts)

    operation.__name__ = name
    operation.__doc__ = f"Return {name}(self, other) element by element."
    if len(names) > 1:
        op(*names[1:])(operation)
    written(names, operation_)
    return operation


def operator(name: str, function: Callable[[Any, Any], Any], *, flip: bool = False) -> None:
    """Make `function` the operator method `name`, which leaves other operands to the other side."""

    def form(self: Tensor, other: Any) -> Any:
        if not isinstance(other, Tensor) and not isinstance(other, Number | np.generic):
            return NotImplemented
        return function(other, self) if flip else function(self, other)

    form.__name__ = name
    setattr(Tensor, name, form)


def _no_bools(a: Any, b: Any) -> None:
    """Refuse to subtract bools, as torch does."""
    kinds = [np.asarray(x).dtype.kind for x in (a, b)]
    if kinds == ["b", "b"]:
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` "
            "or `logical_xor()` operator instead."
        )
    if "b" in kinds:
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are "
            "trying to invert a mask, use the `~` or `logical_not()` operator instead."
        )


add_plain = binary("add", compute=lambda a, b: a + b, facts={"alpha": 1})
sub_plain = binary("sub", compute=lambda a, b: a - b, facts={"alpha": 1}, check=_no_bools)
mul = binary("mul", "mul", "multiply", compute=lambda a, b: a * b)
div_plain = binary("div", compute=lambda a, b: a / b, floats_only=True)


def _scaled(row: str, self: Any, other: Any, alpha: Any) -> Any:
    """Describe ``self + alpha * other`` or ``self - alpha * other``: one node either way."""
    a, b = operand(self, row), operand(other, row)
    if row == "sub":
        _no_bools(a, b)
    a, b = aligned(a, b)
    try:
        values = a + b * alpha if row == "add" else a - b * alpha
    except ValueError as error:
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
    return write(self, *_scaled("add", self, other, alpha))


@method("sub_", "subtract_")
def sub_(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """Subtract ``alpha * other`` from this tensor."""
    refuse_leaf(self)
    return write(self, *_scaled("sub", self, other, alpha))


@op("rsub")
def rsub(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """Return ``other - alpha * self``."""
    if isinstance(other, Tensor):
        return sub(other, self, alpha=alpha)
    a, b = operand(other, "rsub"), self._data
    _no_bools(a, b)
    a, b = aligned(a, b)
    return recorded("rsub", (self,), a - (b if alpha == 1 else b * alpha), {"alpha": alpha})


def _rounded(compute: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Refuse division of integers by zero, where NumPy would return 0."""

    def rounded(a: Any, b: Any) -> Any:
        if np.asarray(a).dtype.kind != "f" and np.asarray(b).dtype.kind != "f" and not np.all(b):
            raise RuntimeError("ZeroDivisionError")
        return compute(a, b)

    return rounded


def _truncated(a: Any, b: Any) -> Any:
    quotient = np.trunc(np.true_divide(a, b))
    return quotient.astype(np.result_type(a, b))


floor_divide = binary("floor_divide", "floor_divide", compute=_rounded(np.floor_divide))
div_floor = binary("div_rounded", compute=_rounded(np.floor_divide))
div_trunc = binary("div_rounded", compute=_rounded(_truncated))


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


Tensor.divide_ = Tensor.true_divide_ = Tensor.div_  # type: ignore[attr-defined]


def _by_tensor_or_number(name: str, compute: Callable[[Any, Any], Any]) -> Any:
    """Make an operation whose node differs for a number as the second operand."""

    @described(name)
    def operation(self: Tensor, other: Any) -> Any:
        a, b = aligned(operand(self, name), operand(other, name))
        try:
            values = _rounded(compute)(a, b)
        except ValueError as error:
            raise mismatch(a, b) from error
        if isinstance(other, Tensor):
            return name, (self, other), values, None
        return f"{name}_number", (self,), values, None

    return operation


remainder = _by_tensor_or_number("remainder", np.remainder)
fmod = _by_tensor_or_number("fmod", np.fmod)


def _power(a: Any, b: Any) -> Any:
    a, b = aligned(a, b)
    kinds = [np.asarray(x).dtype.kind for x in (a, b)]
    if "f" not in kinds and np.any(np.less(b, 0)):
        raise RuntimeError("Integers to negative integer powers are not allowed.")
    try:
        return np.power(a, b)
    except ValueError as error:
        raise mismatch(a, b) from error


@described("pow")
def pow(self: Any, exponent: Any) -> Any:  # noqa: A001 - torch's name
    """Return ``self ** exponent``; either may be a number."""
    a, b = operand(self, "pow", "input", 1), operand(exponent, "pow", "exponent", 2)
    if isinstance(exponent, Tensor):
        if isinstance(self, Tensor):
            return "pow", (self, exponent), _power(a, b), None
        return "number_pow", (exponent,), _power(a, b), {"base": a}
    values = np.square(a) if b == 2 and type(b) is not bool and a.dtype.kind == "f" else _power(a, b)
    return "pow_number", (self,), values, {"exponent": b}


@described("square")
def square(self: Tensor) -> Any:
    """Return the square of every element."""
    return "pow_number", (self,), np.square(self._data), {"exponent": 2}


def _either_first(name: str, operation: Callable[..., Tensor]) -> None:
    """Let ``torch.name`` take a number as its first operand, as long as the second is a Tensor."""

    def form(input: Any, other: Any, **options: Any) -> Tensor:  # noqa: A002 - torch's name
        if isinstance(input, Number) and isinstance(other, Number):
            return operation(wrap(np.asarray(input)), other, **options)
        return operation(input, other, **options)

    form.__name__, form.__doc__ = name, operation.__doc__
    FUNCTIONS[name] = form


for _name, _operation in {"add": add, "sub": sub, "mul": mul, "div": div, "pow": pow}.items():
    _either_first(_name, _operation)

operator("__add__", add_plain)
operator("__radd__", add_plain)
operator("__sub__", sub_plain)
operator("__rsub__", rsub)
operator("__mul__", mul)
operator("__rmul__", mul)
operator("__truediv__", div_plain)
operator("__rtruediv__", lambda self, other: mul(self.reciprocal(), other))
operator("__floordiv__", floor_divide)
operator("__rfloordiv__", floor_divide, flip=True)
operator("__mod__", remainder)
operator("__rmod__", binary("remainder_of", compute=_rounded(np.remainder)), flip=True)
operator("__pow__", pow)
operator("__rpow__", pow, flip=True)
for _name, _method in {
    "add": "add_",
    "sub": "sub_",
    "mul": "mul_",
    "truediv": "div_",
    "floordiv": "floor_divide_",
    "mod": "remainder_",
    "pow": "pow_",
}.items():
    operator(f"__i{_name}__", getattr(Tensor, _method))
method("__neg__")(lambda self: self.neg())
method("__pos__")(lambda self: self)
method("__abs__")(lambda self: self.abs())
Tensor.__array_priority__ = 1000  # type: ignore[attr-defined]  # array + Tensor asks the Tensor
