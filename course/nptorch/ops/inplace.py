"""Operations that exist in place only: filling, copying, and a new shape for the same object."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor
from course.nptorch.grad_mode import mode
from course.nptorch.ops.operands import Number
from course.nptorch.ops.register import method, op
from course.nptorch.ops.write import refuse_inference, refuse_leaf, write
from course.nptorch.parts import plugged
from course.nptorch.record import OPS

__all__ = ["refuse_leaf", "write"]


@method("fill_", early=False)
def fill_(self: Tensor, value: Tensor | Number) -> Tensor:
    """Write `value` (a number or a 0-d Tensor) into every element."""
    refuse_leaf(self)
    shape, dtype = self._data.shape, self._data.dtype
    if not isinstance(value, Tensor | int | float | np.generic):
        raise TypeError("no value")
    if not isinstance(value, Tensor):
        return write(self, "fill", (self,), np.full(shape, value).astype(dtype))
    if value.ndim:
        raise RuntimeError(f"fill_ only supports 0-dimension value tensor but got tensor with {value.ndim} dimensions.")
    return write(self, "fill_tensor", (self, value), np.full(shape, value._data, dtype))


@method("zero_", early=False)
def zero_(self: Tensor) -> Tensor:
    """Write 0 into every element; no gradient passes."""
    refuse_leaf(self)
    return write(self, "zero", (self,), np.zeros(self._data.shape, self._data.dtype))


@method("copy_", early=False)
def copy_(self: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
    """Write `src`, broadcast and cast, into this tensor; the gradient goes to `src`."""
    if isinstance(src, int | float):
        return fill_(self, src)
    if not isinstance(src, Tensor):
        raise TypeError(f"copy_(): argument 'other' (position 1) must be Tensor, not {type(src).__name__}")
    refuse_leaf(self)
    values = src._data if src._data.dtype == self._data.dtype else src._data.astype(self._data.dtype)
    return write(self, "copy", (self, src), values)


def _viewed(name: str) -> None:
    """Make the in-place form of a view: the same object sees its memory in another shape."""

    @method(f"{name}_", early=False)
    def operation(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        refuse_leaf(self)
        if name == "t" and self.ndim > 2:
            raise RuntimeError(f"t_() expects a tensor with <= 2 dimensions, but self is {self.ndim}D")
        view = getattr(self, name)(*args, **kwargs)
        refuse_inference(self)
        recorded = mode.enabled and view._grad_fn is not None
        if recorded:
            view._grad_fn.plan = OPS[f"{view._grad_fn.plan.op.name}_"].plan((True,))
        if self._base is None:
            self._turns = (*self._turns, _undone(name, args, kwargs, self._data.shape))
            self._data = view._array
            self._counter().bump()
            if recorded:
                plugged.rebase_history(self, view._grad_fn)
        else:
            self._data, self._steps, self._turned = view._array, view._steps, view._turned
            self._counter().bump()
            if mode.enabled:  # else the history is read off the base again when somebody asks
                self._grad_fn, self._output_nr = view._grad_fn, 0
                self._seen_version = self._base._version
        return self

    operation.__name__ = f"{name}_"
    operation.__doc__ = f"Make this tensor what `{name}` returns, in place."


def _undone(name: str, args: Any, kwargs: Any, shape: tuple[int, ...]) -> Any:
    """Return the step back to the shape before, with which views that were made then begin."""
    if "squeeze" in name:
        return lambda x: x.reshape(shape)
    return lambda x: getattr(x, name)(*args, **kwargs)  # swapping is its own undoing


for _name in ("squeeze", "unsqueeze", "transpose", "swapaxes", "swapdims", "t"):
    _viewed(_name)


@op("zero", early=False)
def zero(self: Tensor) -> Tensor:
    """Return zeros in the form of `self`."""
    return self.clone().zero_()  # type: ignore[no-any-return]


@op("fill", early=False)
def fill(self: Tensor, value: Any) -> Tensor:
    """Return a tensor in the form of `self` full of `value`."""
    return self.clone().fill_(value)  # type: ignore[no-any-return]
