"""Comparisons and logic. Their results are bools, so nothing is recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.dtypes import dtype_of, result_type
from course.nptorch.grad_mode import mode, recording
from course.nptorch.ops.axes import Dim, axes
from course.nptorch.ops.layout import led_by
from course.nptorch.ops.operands import aligned, operand
from course.nptorch.ops.overlap import overlaps_first
from course.nptorch.ops.pointwise import operator
from course.nptorch.ops.register import FUNCTIONS, function, method, op, written
from course.nptorch.ops.write import check_shapes, mismatch, refuse_leaf, write
from course.nptorch.record import OPS


def _pair(*names: str, compute: Callable[[Any, Any], Any], as_bools: bool = False) -> Any:
    """Make a comparison or logical operation of two inputs."""
    name = names[0]

    @op(*names, early=False)
    def operation(self: Tensor, other: Any) -> Tensor:
        a, b = operand(self, name), operand(other, name)
        given, (a, b) = (a, b), aligned(a, b)  # logic asks what was given, which casting might change
        try:
            return wrap(led_by(compute(*given) if as_bools else compute(a, b), a, b))
        except ValueError as error:
            raise mismatch(a, b) from error
        except TypeError as error:
            check_shapes(a, b)
            kind = dtype_of(result_type(a, b)).tensor_type.removesuffix("Tensor")
            raise NotImplementedError(f"\"{name}_cpu\" not implemented for '{kind}'") from error

    def operation_(self: Tensor, other: Any) -> Tensor:
        refuse_leaf(self)
        try:
            values = operation(self, other)._data.astype(self._data.dtype)
        except RuntimeError:
            overlaps_first(self, other)
            raise
        row = f"{name}_" if isinstance(other, Tensor) else f"{name}_number_"
        return write(self, row if row in OPS else "zero", (self, other), values)

    operation.__name__ = name
    operation.__doc__ = f"Return ``{name}(self, other)`` element by element, broadcast."
    written(names, operation_)
    return operation


eq = _pair("eq", compute=lambda a, b: a == b)
ne = _pair("ne", "not_equal", compute=lambda a, b: a != b)
lt = _pair("lt", "less", compute=lambda a, b: a < b)
gt = _pair("gt", "greater", compute=lambda a, b: a > b)
le = _pair("le", "less_equal", compute=lambda a, b: a <= b)
ge = _pair("ge", "greater_equal", compute=lambda a, b: a >= b)
logical_and = _pair("logical_and", compute=np.logical_and, as_bools=True)
logical_or = _pair("logical_or", compute=np.logical_or, as_bools=True)
logical_xor = _pair("logical_xor", compute=np.logical_xor, as_bools=True)
bitwise_and = _pair("bitwise_and", compute=lambda a, b: a & b)
bitwise_or = _pair("bitwise_or", compute=lambda a, b: a | b)
bitwise_xor = _pair("bitwise_xor", compute=lambda a, b: a ^ b)

for _name, _operation in {
    "__eq__": eq,
    "__ne__": ne,
    "__lt__": lt,
    "__gt__": gt,
    "__le__": le,
    "__ge__": ge,
    "__and__": bitwise_and,
    "__rand__": bitwise_and,
    "__or__": bitwise_or,
    "__ror__": bitwise_or,
    "__xor__": bitwise_xor,
    "__rxor__": bitwise_xor,
}.items():
    operator(_name, _operation)
for _name in ("and", "or", "xor"):
    operator(f"__i{_name}__", getattr(Tensor, f"bitwise_{_name}_"))
Tensor.__hash__ = object.__hash__  # type: ignore[method-assign]  # two tensors are never one key


def _test(name: str, compute: Callable[[Any], Any]) -> None:
    """Make a question about every element."""

    @op(name, early=False)
    def operation(self: Tensor) -> Tensor:
        return wrap(led_by(compute(self._data), self._data))

    operation.__name__ = name
    operation.__doc__ = f"Return {name} of every element, as bools."


_test("isnan", np.isnan)
_test("isinf", np.isinf)
_test("isposinf", np.isposinf)
_test("isneginf", np.isneginf)
_test("signbit", np.signbit)
_test("logical_not", np.logical_not)
written(
    ("logical_not",),
    lambda self: write(self, "zero", (None,), (~self._data.astype(bool)).astype(self._data.dtype)),
)


@op("isfinite", early=False)
def isfinite(self: Tensor) -> Tensor:
    """Return isfinite of every element, as bools."""
    if self._made and mode.enabled:
        _ = self.grad_fn  # torch takes absolute values: a view that must not be used any more raises
    return wrap(np.isfinite(self._data))


@op("bitwise_not", early=False)
def bitwise_not(self: Tensor) -> Tensor:
    """Return ``~self``, for bools and integers.

    Raises
    ------
    TypeError
        For floats, as in torch.
    """
    if self._data.dtype.kind == "f":
        raise TypeError("~ (operator.invert) is only implemented on integer and Boolean-type tensors")
    return wrap(np.invert(self._data))


method("__invert__")(bitwise_not)


@op("isclose", early=False)
def isclose(self: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Return where ``|self - other| <= atol + rtol * |other|``."""
    a, b = self._data, other._data
    if a.dtype != b.dtype:
        raise RuntimeError(f"{_spelled(a)} did not match {_spelled(b)}")
    check_shapes(a, b)
    if mode.enabled:
        _ = other.grad_fn, self.grad_fn  # torch subtracts: views that must not be used any more raise
    with np.errstate(all="ignore"):
        return wrap(led_by(np.isclose(a, b, rtol, atol, equal_nan), a, b))


def _spelled(a: Any) -> str:
    names = {"float32": "Float", "float64": "Double", "int64": "Long"}
    return names.get(str(a.dtype), str(a.dtype))


@op("allclose", early=False)
def allclose(self: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Return whether `isclose` holds everywhere."""
    with recording(False):
        return bool(isclose(self, other, rtol, atol, equal_nan)._data.all())


@op("equal", early=False)
def equal(self: Tensor, other: Tensor) -> bool:
    """Return whether both have the same shape and elements (nan equals nothing)."""
    return bool(np.array_equal(self._data, other._data))


def _fold(name: str, compute: Callable[..., Any]) -> None:
    @op(name, early=False)
    def operation(self: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
        data = self._data
        over = axes(dim, data.ndim)
        return wrap(np.asarray(compute(data, axis=over, keepdims=keepdim and dim is not None), np.bool_))

    operation.__name__ = name
    those = "all elements are" if name == "all" else "any element is"
    operation.__doc__ = f"Return whether {those} true (not 0), along `dim` or of all, as bool."


_fold("all", np.all)
_fold("any", np.any)


@op("count_nonzero", early=False)
def count_nonzero(self: Tensor, dim: Dim = None) -> Tensor:
    """Return how many elements are not 0, over `dim` or all."""
    return wrap(np.asarray(np.count_nonzero(self._data, axis=axes(dim, self.ndim)), np.int64))


@op("nonzero", early=False)
def nonzero(self: Tensor, *, as_tuple: bool = False) -> Any:
    """Return the positions of the elements that are not 0, one per row (or one axis per Tensor)."""
    found = np.nonzero(self._data) if self.ndim else (np.zeros(int(bool(self._data)), np.int64),)
    if not self.ndim:
        rows = wrap(np.zeros((found[0].size, 0), np.int64))
        return (wrap(found[0]).view(-1),) if as_tuple else rows
    rows = wrap(np.stack(found).T)  # laid out by axes, as torch does
    return rows.unbind(1) if as_tuple else rows


@function("isin")
def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Return which elements are among `test_elements`, or with `invert` which are not."""
    among = np.isin(operand(elements, "isin", "elements"), operand(test_elements, "isin", "test_elements", 2))
    return wrap(np.asarray(among != invert))


@op("is_nonzero", early=False)
def is_nonzero(self: Tensor) -> bool:
    """Return whether the only element is not 0."""
    return bool(self)


@op("is_floating_point", early=False)
def is_floating_point(self: Tensor) -> bool:
    """Return whether the elements are floats."""
    return bool(self._data.dtype.kind == "f")


@op("is_complex", early=False)
def is_complex(self: Tensor) -> bool:
    """Return False: the engine has no complex numbers."""
    return False


@op("is_same_size", early=False)
def is_same_size(self: Tensor, other: Tensor) -> bool:
    """Return whether both have the same shape."""
    return bool(self._data.shape == other._data.shape)


def is_tensor(obj: Any) -> bool:
    """Return whether `obj` is a Tensor."""
    return isinstance(obj, Tensor)


FUNCTIONS["is_tensor"] = is_tensor
