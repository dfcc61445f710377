"""Operations that work element by element, with broadcasting.

Most of what a program records passes through the two functions made by `unary` and `binary`, so
their bodies are written out: one Tensor, one node, nothing generic in between.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.nptorch.dtypes import get_default_dtype, result_type
from course.nptorch.grad_mode import mode
from course.nptorch.ops.register import method, op
from course.nptorch.record import OPS, attach
from course.nptorch._tensor import Tensor, wrap

Number = bool | int | float


def floating(data: Any) -> Any:
    """Return `data` in the default dtype if it is of integers: torch's ``exp(int)`` is a float."""
    return data if data.dtype.kind == "f" else data.astype(get_default_dtype().numpy)


def unary(name: str, compute: Callable[[Any], Any], *, floats_only: bool = True) -> Any:
    """Make the operation `name` of one input; ``compute`` maps an array to an array."""
    row = OPS[name]

    @op(name)
    def operation(self: Tensor) -> Tensor:
        data = self._data
        result = wrap(compute(floating(data) if floats_only else data))
        if mode.enabled:
            attach(row, (self,), result)
        return result

    operation.__doc__ = f"Return {name} of every element."
    operation.__name__ = name
    return operation


def operand(value: Any, name: str) -> Any:
    """Return the data of an operand: a Tensor's, or the number itself.

    Raises
    ------
    TypeError
        If it is neither.
    """
    if isinstance(value, Tensor):
        return value._data
    if isinstance(value, Number):
        return value
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(
        f"{name}(): argument 'other' (position 1) must be Tensor, not {type(value).__name__}"
    )


def aligned(a: Any, b: Any) -> tuple[Any, Any]:
    """Return two operands in the dtype in which torch computes with them."""
    if isinstance(b, Number):
        if a.dtype.kind == "f" or (type(b) is int and a.dtype.kind in "iu"):
            return a, b  # NumPy treats Python numbers as torch does here
    elif isinstance(a, Number):
        if b.dtype.kind == "f" or (type(a) is int and b.dtype.kind in "iu"):
            return a, b
    elif a.dtype is b.dtype:
        return a, b
    common = result_type(a, b)
    return np.asarray(a, common)[()], np.asarray(b, common)[()]


def binary(
    name: str,
    compute: Callable[[Any, Any], Any],
    *,
    floats_only: bool = False,
    facts: dict[str, Any] | None = None,
) -> Callable[[Any, Any], Tensor]:
    """Make the operation `name` of two inputs, each a Tensor or a number, one at least a Tensor."""
    row = OPS[name]

    def operation(self: Any, other: Any) -> Tensor:
        a, b = operand(self, name), operand(other, name)
        if floats_only:
            a, b = aligned(*(x if isinstance(x, Number) else floating(x) for x in (a, b)))
        else:
            a, b = aligned(a, b)
        try:
            result = wrap(compute(a, b))
        except ValueError as error:
            raise mismatch(a, b) from error
        if mode.enabled:
            attach(row, (self, other), result, facts)
        return result

    operation.__name__ = name
    operation.__doc__ = f"Return {name}(self, other) element by element."
    return operation


def mismatch(a: Any, b: Any) -> RuntimeError:
    """Return torch's error for shapes that do not broadcast."""
    m, n = np.shape(a), np.shape(b)
    for back in range(1, min(len(m), len(n)) + 1):
        if m[-back] != n[-back] and 1 not in (m[-back], n[-back]):
            return RuntimeError(
                f"The size of tensor a ({m[-back]}) must match the size of tensor b ({n[-back]}) "
                f"at non-singleton dimension {max(len(m), len(n)) - back}"
            )
    return RuntimeError(f"shapes {m} and {n} do not broadcast")


def _sigmoid(x: Any) -> Any:
    e = np.exp(-np.abs(x))  # never overflows
    return np.where(x >= 0, 1, e).astype(x.dtype) / (1 + e)


unary("exp", np.exp)
unary("log", np.log)
unary("sin", np.sin)
unary("cos", np.cos)
unary("tanh", np.tanh)
unary("sqrt", np.sqrt)
unary("sigmoid", _sigmoid)
unary("relu", lambda x: np.maximum(x, 0), floats_only=False)
unary("neg", np.negative, floats_only=False)
unary("abs", np.abs, floats_only=False)

add_plain = binary("add", lambda a, b: a + b, facts={"alpha": 1})
sub_plain = binary("sub", lambda a, b: a - b, facts={"alpha": 1})
mul = binary("mul", lambda a, b: a * b)
div_plain = binary("div", lambda a, b: a / b, floats_only=True)
op("mul", "multiply")(mul)


@op("add")
def add(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """Return ``self + alpha * other``."""
    return add_plain(self, other if alpha == 1 else mul(other, alpha))


@op("sub", "subtract")
def sub(self: Tensor, other: Any, *, alpha: Any = 1) -> Tensor:
    """Return ``self - alpha * other``."""
    return sub_plain(self, other if alpha == 1 else mul(other, alpha))


op("div", "divide", "true_divide")(div_plain)

method("__add__", "__radd__")(add_plain)
method("__mul__", "__rmul__")(mul)
method("__sub__")(sub_plain)
method("__rsub__")(lambda self, other: sub_plain(other, self))
method("__truediv__")(div_plain)
method("__rtruediv__")(lambda self, other: div_plain(other, self))
method("__neg__")(lambda self: self.neg())
method("__abs__")(lambda self: self.abs())


@method("_cast")
def _cast(self: Tensor, numpy_dtype: Any) -> Tensor:
    """Return the values in another dtype, recorded; `self` if it has that dtype."""
    if self._data.dtype == numpy_dtype:
        return self
    result = wrap(self._data.astype(numpy_dtype))
    if result._data.dtype.kind == "f":
        attach(OPS["to_copy"], (self,), result)
    return result


@op("clone")
def clone(self: Tensor, *, memory_format: Any = None) -> Tensor:
    """Return a copy; gradients flow through to the original."""
    result = wrap(np.array(self._data))
    if mode.enabled:
        attach(OPS["clone"], (self,), result)
    return result


