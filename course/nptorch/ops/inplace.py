"""In-place operations: the ordinary operation, written into the memory of its input.

What an in-place operation does to the graph is settled in `write`: it is refused on leaves that
require grad, it counts as one write, and it becomes the new history of that memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from course.nptorch import messages
from course.nptorch.grad_mode import mode, recording
from course.nptorch.ops.index import is_view, plain
from course.nptorch.ops.register import method
from course.nptorch.parts import plugged
from course.nptorch.record import OPS, make_node, needed
from course.nptorch._tensor import Tensor, wrap


def refuse_leaf(self: Tensor) -> None:
    """Refuse to write to a leaf that requires grad, or to a view of one, while recording.

    Raises
    ------
    RuntimeError
        With torch's message; nothing has been changed.
    """
    if self._inference and not mode.inference:
        raise RuntimeError(
            "Inplace update to inference tensor outside InferenceMode is not allowed.You can make "
            "a clone to get a normal tensor before doing inplace update.See "
            "https://github.com/pytorch/rfcs/pull/17 for more details."
        )
    if not mode.enabled:
        return
    if self._base is None:
        if self._requires_grad:
            raise RuntimeError(messages.LEAF_IN_PLACE)
        return
    if self._made and self.requires_grad:
        raise RuntimeError(messages.view_in_place(self._made))
    base = self._base
    if base._grad_fn is None and base._requires_grad:
        raise RuntimeError(messages.LEAF_VIEW_IN_PLACE)


def write(
    self: Tensor,
    name: str,
    inputs: tuple[Any, ...],
    values: Any,
    facts: dict[str, Any] | None = None,
) -> Tensor:
    """Write `values` into `self` and record it as the operation `name`.

    Parameters
    ----------
    self : Tensor
        The tensor written to; also the first of `inputs` where the operation reads it.
    name : str
        Row of the vjp table.
    inputs : tuple
        One per rule of that row.
    values : array_like
        The new values, already computed from the old ones.
    facts : dict
        Plain facts for the rules.

    Raises
    ------
    RuntimeError
        If the result's type or shape does not fit into `self`.
    """
    array = self._array
    values = np.asarray(values)
    _fits(array, values)
    op = OPS[name]
    wanted = needed(inputs)
    recorded = mode.enabled and True in wanted
    if recorded:
        # what the rules need of the old value is copied before it is overwritten
        if any(at >= 0 and inputs[at] is self for at in op.plan(wanted).saves):
            old = _snapshot(self)
            inputs = tuple(old if x is self else x for x in inputs)
    array[...] = values
    if not self._inference:
        self._counter().bump()
    if recorded:
        plugged.rebase_history(self, make_node(op, inputs, wanted, self, facts))
    return self


def _snapshot(self: Tensor) -> Tensor:
    """Return a copy of a tensor about to be overwritten, with the history it has now."""
    old = wrap(np.array(self._data))
    old._grad_fn, old._output_nr = self.grad_fn, self._output_nr
    old._requires_grad = self._requires_grad
    return old


def _fits(array: Any, values: Any) -> None:
    if not array.flags.writeable:
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a "
            "single memory location. Please clone() the tensor before performing the operation."
        )
    kinds = {"b": 0, "u": 1, "i": 1, "f": 2}
    if kinds[values.dtype.kind] > kinds[array.dtype.kind]:
        from course.nptorch.dtypes import dtype_of

        names = {"float32": "Float", "float64": "Double", "float16": "Half", "int64": "Long"}
        source, target = dtype_of(values.dtype).name, dtype_of(array.dtype).name
        raise RuntimeError(
            f"result type {names.get(source, source.capitalize())} can't be cast to the desired "
            f"output type {names.get(target, target.capitalize())}"
        )
    if values.shape != array.shape and np.broadcast_shapes(values.shape, array.shape) != array.shape:
        raise RuntimeError(
            f"output with shape {list(array.shape)} doesn't match the broadcast shape "
            f"{list(np.broadcast_shapes(values.shape, array.shape))}"
        )


def inplace(name: str, **facts: Any) -> None:
    """Make the in-place form ``name_`` of an operation of one or two inputs."""

    @method(f"{name}_")
    def operation(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        refuse_leaf(self)
        with recording(False):
            values = getattr(wrap(self._data), name)(*args, **kwargs)._data
        return write(self, name, (self, *args), values, {**facts, **kwargs})

    operation.__doc__ = f"Write {name} of every element into this tensor."
    operation.__name__ = f"{name}_"


for _name in ("exp", "log", "sin", "cos", "tanh", "sqrt", "sigmoid", "relu", "neg", "abs"):
    inplace(_name)
for _name in ("mul", "div"):
    inplace(_name)
for _name in ("add", "sub"):
    inplace(_name, alpha=1)
for _name in ("add", "sub", "mul"):
    setattr(Tensor, f"__i{_name}__", getattr(Tensor, f"{_name}_"))
Tensor.__itruediv__ = Tensor.div_  # type: ignore[attr-defined]


@method("fill_")
def fill_(self: Tensor, value: Any) -> Tensor:
    """Write `value` (a number or a 0-d Tensor) into every element."""
    refuse_leaf(self)
    data = value._data if isinstance(value, Tensor) else value
    return write(self, "fill", (self, value), np.full(self._data.shape, data, self._data.dtype))


@method("zero_")
def zero_(self: Tensor) -> Tensor:
    """Write 0 into every element; no gradient passes."""
    refuse_leaf(self)
    return write(self, "zero", (self,), np.zeros(self._data.shape, self._data.dtype))


@method("copy_")
def copy_(self: Tensor, src: Tensor, non_blocking: bool = False) -> Tensor:
    """Write `src`, broadcast and cast, into this tensor; the gradient goes to `src`."""
    refuse_leaf(self)
    values = np.broadcast_to(src._data, self._data.shape).astype(self._data.dtype)
    return write(self, "copy", (self, src), values)


@method("__setitem__")
def setitem(self: Tensor, index: Any, value: Any) -> None:
    """Write `value` into ``self[index]``; the gradient of those elements goes to `value`."""
    index = plain(index)
    if is_view(index):
        part = self[index]
        if isinstance(value, Tensor):
            part.copy_(value)
        else:
            part.fill_(value)
        return
    refuse_leaf(self)
    values = np.array(self._data)
    values[index] = value._data if isinstance(value, Tensor) else value
    write(self, "index_put", (self, value), values, {"indices": index})
