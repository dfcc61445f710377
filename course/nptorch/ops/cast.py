"""Other dtypes, and copies."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.nptorch import dtypes
from course.nptorch._tensor import Tensor, wrap
from course.nptorch.dtypes import device as Device
from course.nptorch.dtypes import dtype as Dtype
from course.nptorch.grad_mode import mode
from course.nptorch.ops.layout import copied, of_dtype
from course.nptorch.ops.register import FUNCTIONS, method, op, recorded
from course.nptorch.record import OPS, attach


@method("_cast")
def _cast(self: Tensor, numpy_dtype: Any) -> Tensor:
    """Return the values in another dtype, recorded; `self` if it has that dtype."""
    if self._data.dtype == numpy_dtype:
        return self
    data = self._data
    result = wrap(of_dtype(data, numpy_dtype))
    if result._data.dtype.kind == "f":
        attach(OPS["to_copy"], (self,), result)
    return result


@op("clone", early=False)
def clone(self: Tensor, *, memory_format: Any = None) -> Tensor:
    """Return a copy; gradients flow through to the original."""
    data = self._data
    result = wrap(copied(data) if memory_format is None else np.array(data, order="C"))
    if mode.enabled:
        attach(OPS["clone"], (self,), result)
    return result


@method("to", early=False)
def to(self: Tensor, *args: Any, copy: bool = False, **named: Any) -> Tensor:
    """Return `self` in another dtype: ``to(dtype)``, ``to(device)``, ``to(device, dtype)`` or ``to(other)``.

    The same object if nothing changes, unless `copy`.

    Raises
    ------
    RuntimeError
        For a device other than the CPU.
    """
    wanted = named.get("dtype")
    for argument in (*args[:2], named.get("device"), named.get("other")):
        if isinstance(argument, Dtype):
            wanted = argument
        elif isinstance(argument, Tensor):
            wanted = argument.dtype
        elif argument is not None and not isinstance(argument, bool):
            Device(argument)
    numpy_dtype = self._data.dtype if wanted is None else wanted.numpy
    if copy and numpy_dtype == self._data.dtype:
        result = wrap(np.array(self._data))
        attach(OPS["to_copy"], (self,), result)
        return result
    return _cast(self, numpy_dtype)


@method("type_as", early=False)
def type_as(self: Tensor, other: Tensor) -> Tensor:
    """Return `self` in the dtype of `other`."""
    return _cast(self, other._data.dtype)


@method("type", early=False)
def type_(self: Tensor, dtype: str | type | Dtype | None = None) -> Any:
    """Return the name of the tensor's type, or `self` in another dtype."""
    wanted: Any = dtype
    if wanted is None:
        return f"torch.{self.dtype.tensor_type}"
    if isinstance(wanted, str):
        name = wanted.removeprefix("torch.")
        found = [d for d in dtypes.ALL if d.tensor_type == name]
        if not found:
            raise ValueError(f"invalid type: {wanted!r}")
        wanted = found[0]
    elif isinstance(wanted, type):  # torch.FloatTensor and the like
        wanted = wanted.dtype  # type: ignore[attr-defined]
    elif not isinstance(wanted, Dtype):
        raise TypeError("dtype must be a type, str, or dtype object")
    return _cast(self, wanted.numpy)


@method("cpu", early=False)
def cpu(self: Tensor) -> Tensor:
    """Return `self`: it is on the CPU already."""
    return self


@method("cuda", early=False)
def cuda(self: Tensor, device: Any = None) -> Tensor:
    """Refuse: the engine computes in NumPy.

    Raises
    ------
    RuntimeError
        Always.
    """
    Device("cuda")
    raise AssertionError("unreachable")


def _named(name: str, wanted: Dtype) -> None:
    def cast(self: Tensor) -> Tensor:
        return _cast(self, wanted.numpy)

    cast.__name__ = name
    cast.__doc__ = f"Return `self` as {wanted.name}."
    setattr(Tensor, name, cast)


for _name, _wanted in {
    "half": dtypes.float16,
    "float": dtypes.float32,
    "double": dtypes.float64,
    "char": dtypes.int8,
    "byte": dtypes.uint8,
    "short": dtypes.int16,
    "int": dtypes.int32,
    "long": dtypes.int64,
    "bool": dtypes.boolean,
}.items():
    _named(_name, _wanted)


def result_type(tensor: Any, other: Any) -> Dtype:
    """Return the dtype in which torch computes with two operands."""
    a, b = (x._data if isinstance(x, Tensor) else x for x in (tensor, other))
    return dtypes.dtype_of(dtypes.result_type(a, b))


FUNCTIONS["result_type"] = result_type
FUNCTIONS["promote_types"] = lambda type1, type2: dtypes.dtype_of(
    dtypes.result_type(np.zeros(1, type1.numpy), np.zeros(1, type2.numpy))
)


@method("copied_to")
def copied_to(self: Tensor, values: Any) -> Tensor:
    """Return a copy in the memory of an array, recorded as torch records a copy into new memory."""
    values[...] = self._data
    return recorded("copy", (wrap(values), self), values)
