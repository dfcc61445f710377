"""torch's oldest constructors: ``Tensor(2, 3)``, ``Tensor([1, 2])``, ``LongTensor(...)``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor, _arrays, wrap
from course.nptorch.dtypes import dtype, get_default_dtype
from course.nptorch.ops.axes import sizes


def legacy(args: tuple[Any, ...], kind: dtype) -> Any:
    """Return the array that ``Tensor(*args)`` holds: of a shape given by ints, or of data."""
    if not args:
        return np.zeros(0, kind.numpy)
    if all(isinstance(n, int | np.integer) for n in args):
        return np.zeros(sizes(args), kind.numpy)
    data = args[0]
    if isinstance(data, Tensor):
        return data._array
    if type(data).__name__ == "Size":
        return np.zeros(tuple(data), kind.numpy)
    if not isinstance(data, list | tuple | np.ndarray):
        raise TypeError(f"new(): data must be a sequence (got {type(data).__name__})")
    return np.array(_arrays(data), kind.numpy)


def typed_constructor(kind: dtype) -> Callable[..., Tensor]:
    """Return ``torch.FloatTensor`` and the like."""

    def constructor(*args: Any) -> Tensor:
        return wrap(legacy(args, kind))

    constructor.__name__ = constructor.__qualname__ = kind.tensor_type
    return constructor


def _init(self: Tensor, *args: Any) -> None:
    self._data = legacy(args, get_default_dtype())


Tensor.__init__ = _init  # type: ignore[assignment,method-assign]
