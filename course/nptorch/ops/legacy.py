"""torch's oldest constructors: ``Tensor(2, 3)``, ``Tensor([1, 2])``, ``LongTensor(...)``."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor, _arrays, wrap
from course.nptorch.dtypes import Size, dtype, get_default_dtype
from course.nptorch.ops.axes import not_negative, sizes
from course.nptorch.ops.nested import refuse_nested


def legacy(args: tuple[Any, ...], kind: dtype) -> Any:
    """Return the array that ``Tensor(*args)`` holds: of a shape given by ints, or of data."""
    if not args:
        return np.zeros(0, kind.numpy)
    if all(isinstance(n, int | np.integer) for n in args):
        return np.zeros(not_negative(sizes(args)), kind.numpy)
    data = args[0]
    if isinstance(data, Tensor):
        return data._array
    if isinstance(data, Size):
        return np.zeros(tuple(data), kind.numpy)
    if isinstance(data, str):
        raise TypeError("new(): invalid data type 'str'")
    if not isinstance(data, list | tuple | np.ndarray):
        raise TypeError(f"new(): data must be a sequence (got {type(data).__name__})")
    source = _arrays(data)
    try:
        return np.array(source, kind.numpy)
    except (ValueError, TypeError):
        refuse_nested(source)
        raise


class tensortype(type):  # noqa: N801 - torch's name of it
    """The class of ``torch.FloatTensor`` and the like, which are no classes of their own objects.

    Calling one makes a Tensor of its dtype, and every Tensor of that dtype is an instance of it.
    """

    dtype: dtype

    def __call__(cls, *args: Any) -> Tensor:
        """Return a Tensor."""
        return wrap(legacy(args, cls.dtype))

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor) and instance.dtype is cls.dtype

    def __repr__(cls) -> str:
        return f"<class 'torch.{cls.__name__}'>"


def typed_constructor(kind: dtype) -> tensortype:
    """Return ``torch.FloatTensor`` and the like."""
    return tensortype(
        kind.tensor_type,
        (),
        {"dtype": kind, "__doc__": f"Return a {kind.name} Tensor, of a shape given by ints or of data."},
    )


def _init(self: Tensor, *args: Any) -> None:
    self._data = legacy(args, get_default_dtype())


Tensor.__init__ = _init  # type: ignore[assignment,method-assign]
