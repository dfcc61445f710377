"""Operands: Tensors and numbers, brought to the dtype in which torch computes with them."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor
from course.nptorch.dtypes import dtype_of, get_default_dtype, result_type
from course.nptorch.ops.layout import of_dtype

Number = bool | int | float
Operand = Any  # a Tensor or a number: `arguments` reads it in signatures
NUMBERS = {bool, int, float}  # to be asked by type: numpy.float64 is a float, but no number here


def floating(data: Any) -> Any:
    """Return `data` in the default dtype if it is of integers: torch's ``exp(int)`` is a float."""
    if data.dtype.kind == "f":
        return data
    return of_dtype(data, get_default_dtype().numpy)


def refuse_whole(kernel: str, *arrays: Any) -> None:
    """Refuse arrays of whole numbers or truth values, for which torch's `kernel` was not written.

    Raises
    ------
    NotImplementedError
        With torch's text, if the dtype that they have in common is none of floating point.
    """
    common = arrays[0].dtype if len(arrays) == 1 else result_type(*arrays)
    if common.kind != "f":
        kind = dtype_of(common).tensor_type.removesuffix("Tensor")
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{kind}'")


def refuse_floats_into(whole: Any, x: Any) -> None:
    """Refuse to write floats where torch lays its result out as `whole`, an array of whole numbers.

    Raises
    ------
    RuntimeError
        With torch's text, if `whole` holds such and the dtype in common with `x` is of floating point.
    """
    if whole.dtype.kind == "f":
        return
    common = result_type(whole, x)
    if common.kind == "f":
        source, target = (dtype_of(one).tensor_type.removesuffix("Tensor") for one in (common, whole.dtype))
        raise RuntimeError(f"result type {source} can't be cast to the desired output type {target}")


def operand(value: Any, name: str, argument: str = "other", position: int = 1) -> Any:
    """Return the data of an operand: a Tensor's, or the number itself.

    Raises
    ------
    TypeError
        If it is neither.
    """
    if isinstance(value, Tensor):
        return value._data
    if isinstance(value, np.generic):  # before numbers: numpy.float64 is a float
        return value.item()
    if isinstance(value, Number):
        return value
    raise TypeError(f"{name}(): argument '{argument}' (position {position}) must be Tensor, not {type(value).__name__}")


def aligned(a: Any, b: Any) -> tuple[Any, Any]:
    """Return two operands in the dtype in which torch computes with them."""
    if type(b) in NUMBERS:
        if a.dtype.kind == "f" or (type(b) is int and a.dtype.kind in "iu"):
            return a, b  # NumPy treats Python numbers as torch does here
    elif type(a) in NUMBERS:
        if b.dtype.kind == "f" or (type(a) is int and b.dtype.kind in "iu"):
            return a, b
    elif a.dtype is b.dtype:
        return a, b
    common = result_type(a, b)
    return _as(common, a), _as(common, b)


def _as(dtype: Any, value: Any) -> Any:
    """Return an operand in a dtype, as a scalar if it is a number or 0-d."""
    if getattr(value, "ndim", 0):
        return value if value.dtype == dtype else of_dtype(value, dtype)
    return np.asarray(value, dtype)[()]


def in_common(*values: Any) -> list[Any]:
    """Return any number of operands in the dtype in which torch computes with them."""
    common = result_type(*values)
    return [_as(common, value) for value in values]


def is_tensor(name: str, argument: str, position: int, value: Any) -> Any:
    """Return `value` if it is a Tensor.

    Raises
    ------
    TypeError
        With torch's text if it is not.
    """
    if not isinstance(value, Tensor):
        raise TypeError(
            f"{name}(): argument '{argument}' (position {position}) must be Tensor, not {type(value).__name__}"
        )
    return value
