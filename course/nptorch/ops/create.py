"""Making tensors.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/torch.html#creation-ops
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from course.nptorch import messages
from course.nptorch.dtypes import dtype, dtype_of, get_default_dtype
from course.nptorch.ops.register import function, method, op
from course.nptorch.ops.shape import sizes
from course.nptorch._tensor import Tensor, _arrays, wrap


def fresh(array: Any, requires_grad: bool) -> Tensor:
    """Return a leaf on `array`.

    Raises
    ------
    RuntimeError
        If gradients are asked for and the dtype is not floating point.
    """
    made = wrap(array)
    if requires_grad:
        if array.dtype.kind != "f":
            raise RuntimeError(messages.ONLY_FLOATS)
        made._requires_grad = True
    return made


def _numpy(wanted: dtype | None) -> Any:
    return (get_default_dtype() if wanted is None else wanted).numpy


@function("tensor")
def tensor(
    data: Any, *, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return a new leaf with a copy of `data`.

    Parameters
    ----------
    data : array_like
        Numbers, nested lists, an array or a Tensor. Python floats become the default dtype,
        Python ints int64; arrays keep their dtype.
    dtype : dtype, optional
        Wanted dtype.
    requires_grad : bool
        Whether operations on it are recorded.

    Raises
    ------
    RuntimeError
        If gradients are asked for and the dtype is not floating point.
    """
    if isinstance(data, Tensor):
        warnings.warn(
            "To copy construct from a tensor, it is recommended to use "
            "sourceTensor.detach().clone() or sourceTensor.detach().clone().requires_grad_(True), "
            "rather than torch.tensor(sourceTensor).",
            UserWarning,
            stacklevel=2,
        )
    source = _arrays(data)
    array = np.array(source)
    if array.dtype == object or array.dtype.kind in "USV":
        kind = type(data).__name__
        raise (
            ValueError("expected a rectangular nested list of numbers")
            if array.dtype == object
            else TypeError(f"new(): invalid data type '{kind}'")
        )
    if dtype is not None:
        array = array.astype(dtype.numpy)
    elif array.dtype == np.float64 and not isinstance(source, np.ndarray | np.generic):
        array = array.astype(get_default_dtype().numpy)
    dtype_of(array.dtype)
    return fresh(array, requires_grad)


@function("from_numpy")
def from_numpy(ndarray: Any) -> Tensor:
    """Return a tensor on the memory of an array.

    Raises
    ------
    TypeError
        If it is not an array, or of a dtype torch does not have.
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    dtype_of(ndarray.dtype)
    return wrap(ndarray)


def _filled(name: str, value: float) -> None:
    @function(name)
    def made(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
        return fresh(np.full(sizes(size), value, _numpy(dtype)), requires_grad)

    @op(f"{name}_like")
    def made_like(
        self: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
    ) -> Any:
        kind = self._data.dtype if dtype is None else dtype.numpy
        return fresh(np.full(self._data.shape, value, kind), requires_grad)

    for f in (made, made_like):
        f.__name__ = name
        f.__doc__ = f"Return a tensor full of {value:g}."


_filled("zeros", 0)
_filled("ones", 1)
_filled("empty", 0)


@method("item")
def item(self: Tensor) -> Any:
    """Return the only element as a Python number.

    Raises
    ------
    RuntimeError
        If there is more than one element, or none.
    """
    if self._data.size != 1:
        raise RuntimeError(f"a Tensor with {self._data.size} elements cannot be converted to Scalar")
    return self._data.item()


@method("tolist")
def tolist(self: Tensor) -> Any:
    """Return the elements as nested lists of Python numbers."""
    return self._data.tolist()


@method("numpy")
def numpy(self: Tensor, *, force: bool = False) -> Any:
    """Return the data as an array on the same memory.

    Raises
    ------
    RuntimeError
        If the tensor requires grad.
    """
    if self.requires_grad and not force:
        raise RuntimeError(
            "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
        )
    return self._array


@method("numel", "nelement")
def numel(self: Tensor) -> int:
    """Return the number of elements."""
    return int(self._data.size)


@method("data_ptr")
def data_ptr(self: Tensor) -> int:
    """Return the address of the first element."""
    return int(self._array.ctypes.data)


@method("element_size")
def element_size(self: Tensor) -> int:
    """Return the bytes per element."""
    return int(self._data.itemsize)


Tensor.nbytes = property(lambda self: int(self._data.nbytes))  # type: ignore[attr-defined]
