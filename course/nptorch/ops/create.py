"""Making tensors.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/torch.html#creation-ops
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from course.nptorch import messages
from course.nptorch._tensor import Tensor, _arrays, wrap
from course.nptorch.dtypes import device as Device
from course.nptorch.dtypes import dtype, dtype_of, get_default_dtype
from course.nptorch.ops.axes import Shape, listed, not_negative, sizes
from course.nptorch.ops.layout import full_like as in_form_of
from course.nptorch.ops.legacy import legacy
from course.nptorch.ops.nested import refuse_nested
from course.nptorch.ops.operands import Number
from course.nptorch.ops.register import function, method, op


def fresh(array: Any, requires_grad: bool, device: Any = None) -> Tensor:
    """Return a leaf on `array`.

    Raises
    ------
    RuntimeError
        If gradients are asked for and the dtype is not floating point, or for another device.
    """
    if device is not None:
        Device(device)
    made = wrap(array)
    if requires_grad:
        if array.dtype.kind != "f":
            raise RuntimeError(messages.ONLY_FLOATS)
        made._requires_grad = True
    return made


def numpy_of(wanted: dtype | None) -> Any:
    """Return the NumPy dtype of a wanted dtype, or of the default dtype."""
    return (get_default_dtype() if wanted is None else wanted).numpy


@function("tensor")
def tensor(
    data: Any,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
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
    ValueError
        If nested lists are not all of one length.

    References
    ----------
    .. [1] https://docs.pytorch.org/docs/stable/generated/torch.tensor.html
    """
    if isinstance(data, Tensor):
        warnings.warn(
            "To copy construct from a tensor, it is recommended to use "
            "sourceTensor.detach().clone() or sourceTensor.detach().clone().requires_grad_(True), "
            "rather than torch.tensor(sourceTensor).",
            UserWarning,
            stacklevel=3,
        )
    return fresh(array_of(data, dtype), requires_grad, device)


def array_of(data: Any, wanted: dtype | None) -> Any:
    """Return a new array of `data` in the dtype that torch gives it."""
    source = _arrays(data)
    try:
        array = np.array(source)
    except ValueError:
        refuse_nested(source)
        raise
    if array.dtype == object or array.dtype.kind in "USV":
        refuse_nested(source)
    if wanted is not None:
        return array.astype(wanted.numpy)
    if array.dtype == np.float64 and array.dtype not in _dtypes(source):
        return array.astype(get_default_dtype().numpy)
    if not array.size and isinstance(source, list):
        return array.astype(get_default_dtype().numpy)
    dtype_of(array.dtype)
    return array


def _dtypes(source: Any) -> set[Any]:
    """Return the dtypes of NumPy's arrays and numbers in nested lists; Python's own numbers have none."""
    if isinstance(source, list | tuple):
        return set().union(*[_dtypes(one) for one in source if type(one) is not float])
    return {source.dtype} if isinstance(source, np.ndarray | np.generic) else set()


@function("as_tensor", "asarray")
def as_tensor(data: Any, dtype: dtype | None = None, device: Any = None) -> Tensor:
    """Return `data` as a Tensor: itself, or on the memory of an array, or a copy of a list."""
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    if isinstance(data, np.ndarray):
        return wrap(data if dtype is None else data.astype(dtype.numpy, copy=False))
    return wrap(array_of(data, dtype))


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


@function("scalar_tensor")
def scalar_tensor(s: Any, *, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a 0-d tensor in the default dtype."""
    return fresh(np.asarray(s, numpy_of(dtype)), requires_grad, device)


def _shape(name: str, given: tuple[Any, ...], size: Any) -> tuple[int, ...]:
    """Return the shape asked for in ``zeros(2, 3)``, ``zeros((2, 3))`` or ``zeros(size=(2, 3))``."""
    shape = sizes((size,) if size is not None else given)
    if name == "zeros" and any(n < 0 for n in shape):
        raise RuntimeError("zeros: Dimension size must be non-negative.")
    return not_negative(shape)


def _filled(name: str, value: float) -> None:
    @function(name)
    def made(
        *args: Any, size: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False,
        layout: Any = None, pin_memory: bool = False,
    ) -> Any:  # fmt: skip
        return fresh(np.full(_shape(name, args, size), value, numpy_of(dtype)), requires_grad, device)

    @op(f"{name}_like", early=False)
    def made_like(
        self: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False,
        memory_format: Any = None,
    ) -> Any:  # fmt: skip
        kind = self._data.dtype if dtype is None else dtype.numpy
        return fresh(in_form_of(self._data, value, kind), requires_grad, device)

    @method(f"new_{name}", early=False)
    def new(
        self: Tensor, *args: Any, size: Any = None, dtype: Any = None, device: Any = None,
        requires_grad: bool = False,
    ) -> Any:  # fmt: skip
        kind = self._data.dtype if dtype is None else dtype.numpy
        return fresh(np.full(_shape(f"new_{name}", args, size), value, kind), requires_grad, device)

    delattr(Tensor, f"{name}_like")  # a function only, as in torch
    for f in (made, made_like, new):
        f.__name__ = name
        f.__doc__ = f"Return a tensor full of {value:g}."


_filled("zeros", 0)
_filled("ones", 1)
_filled("empty", 0)


@function("full")
def full(
    size: Shape, fill_value: Number, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return a tensor full of `fill_value`, whose kind (bool, int, float) decides the dtype."""
    value = fill_value._data if isinstance(fill_value, Tensor) else fill_value
    if np.ndim(value) or not isinstance(value, int | float | np.ndarray | np.generic):
        raise TypeError("no number")
    kind = array_of(value, None).dtype if dtype is None else dtype.numpy
    return fresh(np.full(not_negative(listed(size)), value, kind), requires_grad, device)


@function("full_like")
def full_like(
    input: Tensor, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False  # noqa: A002
) -> Tensor:  # fmt: skip
    """Return a tensor in the form of `input` full of `fill_value`."""
    kind = input._data.dtype if dtype is None else dtype.numpy
    return fresh(in_form_of(input._data, fill_value, kind), requires_grad, device)


@method("new_full", early=False)
def new_full(
    self: Tensor, size: Shape, fill_value: Number, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Any:
    """Return a tensor of this dtype full of `fill_value`."""
    kind = self._data.dtype if dtype is None else dtype.numpy
    return fresh(np.full(not_negative(listed(size)), fill_value, kind), requires_grad, device)


@method("new_tensor", early=False)
def new_tensor(self: Tensor, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """Return a tensor of `data`, in the dtype of this one unless another is asked for."""
    return fresh(array_of(data, self.dtype if dtype is None else dtype), requires_grad, device)


@method("new", early=False)
def new(self: Tensor, *args: Any) -> Any:
    """Return a tensor of this dtype: of a shape, or of data (torch's old constructor)."""
    return wrap(legacy(args, self.dtype))


@function("arange")
def arange(
    start: Any = None, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Return the numbers from `start` (0 if it is the only one given) up to, without, `end`."""
    start, end = (0, start) if end is None else (0 if start is None else start, end)
    if any(
        (isinstance(x, Tensor) and x.ndim) or not isinstance(x, Tensor | int | float | np.number)
        for x in (start, end, step)
    ):
        only = start == 0 and step == 1
        what = f"argument 'end' (position 1) must be Number, not {type(end).__name__}"
        raise TypeError(f"arange(): {what}" if only else "arange() received an invalid combination of arguments")
    start, end, step = (x.item() if isinstance(x, Tensor) else x for x in (start, end, step))
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"unsupported range: {start:g} -> {end:g}")
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) / step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    whole = all(isinstance(x, int | np.integer) for x in (start, end, step))
    kind = dtype.numpy if dtype is not None else np.dtype(np.int64) if whole else numpy_of(None)
    count = math.ceil((end - start) / step)
    steps = np.arange(count, dtype=np.int64 if whole else np.float64)
    return fresh((start + steps * step).astype(kind), requires_grad, device)


@function("linspace")
def linspace(
    start: float, end: float, steps: int, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:  # fmt: skip
    """Return `steps` numbers at equal distances from `start` to `end`."""
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    kind = numpy_of(dtype)
    if steps == 1:
        return fresh(np.full(1, start, kind), requires_grad, device)
    real = kind if kind.kind == "f" else np.dtype(np.float64)
    low, high = real.type(start), real.type(end)
    step = (high - low) / real.type(max(steps - 1, 1))
    i = np.arange(steps)
    # counted from the nearer end, as torch does, so that both ends are exact
    values = np.where(i < steps // 2, low + step * i.astype(real), high - step * (steps - 1 - i).astype(real))
    return fresh(values.astype(kind), requires_grad, device)


@function("logspace")
def logspace(
    start: float, end: float, steps: int, base: float = 10.0, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Return `base` to the powers of `linspace`."""
    kind = numpy_of(dtype)
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    return fresh(np.power(base, np.linspace(start, end, steps)).astype(kind), requires_grad, device)


@function("eye")
def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a matrix with ones on its diagonal."""
    if n < 0:
        raise RuntimeError(f"n must be greater or equal to 0, got {n}")
    if m is not None and m < 0:
        raise RuntimeError(f"m must be greater or equal to 0, got {m}")
    return fresh(np.eye(n, m, dtype=numpy_of(dtype)), requires_grad, device)


def _refuse_negative(row: int, col: int) -> None:
    for name, n in (("row", row), ("col", col)):
        if n < 0:
            raise RuntimeError(f"{name} must be non-negative, got{n}")


@function("tril_indices")
def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Return rows and columns of the elements on and below a diagonal."""
    _refuse_negative(row, col)
    return fresh(np.stack(np.tril_indices(row, offset, col)).astype(dtype.numpy if dtype else np.int64), False, device)


@function("triu_indices")
def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None) -> Tensor:
    """Return rows and columns of the elements on and above a diagonal."""
    _refuse_negative(row, col)
    return fresh(np.stack(np.triu_indices(row, offset, col)).astype(dtype.numpy if dtype else np.int64), False, device)
