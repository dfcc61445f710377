"""From Tensors to Python and NumPy, and what Python asks of a sequence or number."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

from course.nptorch._tensor import Tensor
from course.nptorch.grad_mode import mode
from course.nptorch.ops.careful import refusing
from course.nptorch.ops.register import FUNCTIONS, attribute, method


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


@method("tolist", early=False)
def tolist(self: Tensor) -> Any:
    """Return the elements as nested lists of Python numbers."""
    return self._data.tolist()


@method("numpy", early=False)
def numpy(self: Tensor, *, force: bool = False) -> Any:
    """Return the data as an array on the same memory.

    Raises
    ------
    RuntimeError
        If the tensor requires grad, and recording is on.
    """
    if mode.enabled and self.requires_grad and not force:
        raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
    return self._array


@method("__array__")
def array(self: Tensor, dtype: Any = None, copy: bool | None = None) -> Any:
    """Serve ``numpy.asarray(tensor)``."""
    data = numpy(self)
    if dtype is not None and data.dtype != dtype:
        return data.astype(dtype)
    return data.copy() if copy else data


@method("numel", "nelement")
def numel(self: Tensor) -> int:
    """Return the number of elements."""
    return int(self._data.size)


FUNCTIONS["numel"] = refusing("numel")(numel)


@method("data_ptr")
def data_ptr(self: Tensor) -> int:
    """Return the address of the first element."""
    return int(self._array.ctypes.data) if self._data.size else 0


@method("element_size")
def element_size(self: Tensor) -> int:
    """Return the bytes per element."""
    return int(self._data.itemsize)


@attribute("itemsize")
def itemsize(self: Tensor) -> int:
    """Bytes per element."""
    return int(self._data.itemsize)


@attribute("nbytes")
def nbytes(self: Tensor) -> int:
    """Bytes of all elements."""
    return int(self._data.nbytes)


@method("__len__")
def length(self: Tensor) -> int:
    """Return the extent of the first axis."""
    if not self._data.ndim:
        raise TypeError("len() of a 0-d tensor")
    return int(self._data.shape[0])


@method("__iter__")
def iterate(self: Tensor) -> Iterator[Tensor]:
    """Iterate over the positions of the first axis."""
    if not self._data.ndim:
        raise TypeError("iteration over a 0-d tensor")
    return iter(self.unbind(0))


@method("__contains__")
def contains(self: Tensor, element: Any) -> bool:
    """Return whether some element equals a number, or those of a Tensor broadcast to this one."""
    if not isinstance(element, Tensor | int | float):
        raise RuntimeError(f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}.")
    found: Any = self == element
    return bool(found.any().item())


@method("__bool__")
def truth(self: Tensor) -> bool:
    """Return whether the only element is not 0."""
    if self._data.size != 1:
        few = "no values" if not self._data.size else "more than one value"
        raise RuntimeError(f"Boolean value of Tensor with {few} is ambiguous")
    return bool(self._data.item())


def _only(self: Tensor) -> Any:
    if self._data.size != 1:
        raise ValueError("only one element tensors can be converted to Python scalars")
    return self._data.item()


@method("__int__")
def as_int(self: Tensor) -> int:
    """Return the only element as an int."""
    return int(_only(self))


@method("__float__")
def as_float(self: Tensor) -> float:
    """Return the only element as a float."""
    return float(_only(self))


@method("__index__")
def as_index(self: Tensor) -> int:
    """Return the only element, an integer, for use as an index."""
    if self._data.dtype.kind == "f" or self._data.size != 1:
        raise TypeError("only integer tensors of a single element can be converted to an index")
    return operator.index(self._data.item())


@method("__format__")
def formatted(self: Tensor, spec: str) -> str:
    """Format a tensor of no dimensions as the number it is."""
    if not self._data.ndim:
        return self._data.item().__format__(spec)  # type: ignore[no-any-return]
    return object.__format__(self, spec)
