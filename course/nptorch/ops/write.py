"""What writing into a tensor does to the graph.

A write is refused on leaves that require grad, it counts as one write of that memory, and the
operation that made the new values becomes the new history of it.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from course.nptorch import messages
from course.nptorch._tensor import Tensor, wrap
from course.nptorch.dtypes import dtype_of
from course.nptorch.grad_mode import mode
from course.nptorch.graph import gradient_edge
from course.nptorch.ops.overlap import overlaps_first, partly_same, refuse_repeats, same
from course.nptorch.ops.refusals import refuse_inference, refuse_leaf, refuse_view
from course.nptorch.parts import plugged
from course.nptorch.record import OPS, make_node, needed, recorded_first
from course.nptorch.saved import RESULT

__all__ = ["check_shapes", "mismatch", "refuse_inference", "refuse_leaf", "refuse_view", "write", "wrote"]

KINDS = {"b": 0, "u": 1, "i": 1, "f": 2}
AT_PLACES = {"index_put", "index_add_into", "index_add", "index_copy", "scatter", "scatter_add"}  # read while written


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
        As in that row.
    values : array_like
        The new values, already computed from the old ones.
    facts : dict
        Plain facts for the rules.

    Raises
    ------
    RuntimeError
        If the result's type or shape does not fit into `self`.
    """
    recorded = mode.enabled and self._data.dtype.kind == "f" and True in needed(inputs)
    if recorded:
        refuse_view(self)
    array = self._array
    values = np.asarray(values)
    try:
        fits(array, values, once=name in ("fill", "fill_tensor", "zero"))
    except RuntimeError:
        recorded_first(OPS.get(name), inputs)
        overlaps_first(self, *inputs)
        raise
    for at, x in enumerate(inputs):
        if not isinstance(x, Tensor) or (x is self and not (at and name in AT_PLACES)):
            continue
        if partly_same(array, x._data) or (at and name in AT_PLACES and same(array, x._data)):
            recorded_first(OPS.get(name), inputs)
            raise RuntimeError(messages.PARTLY_SAME)
    if recorded:
        name = f"{name}_" if f"{name}_" in OPS else name  # some keep other things in place
        # what the rules need of the old value is copied before it is overwritten
        op = OPS[name]
        wanted = needed(inputs)[: len(op.rules)]
        if any(at >= 0 and inputs[at] is self for at in op.plan(wanted).saves):
            old = snapshot(self)
            inputs = (old if inputs[0] is self else inputs[0], *inputs[1:])
        # inputs are kept as of before the write, which tells when it has changed them as well
        late = RESULT in op.plan(wanted).saves
        if late:
            refuse_inputs(inputs, op.plan(wanted).saves)
        if late and inputs[0] is self:
            inputs = (as_it_was(self, self._array), *inputs[1:])
        node = None if late else make_node(op, inputs, self, facts)
    array[...] = values
    wrote(self)
    if recorded:
        node = make_node(op, inputs, self, facts) if late else node
        plugged.rebase_history(self, node)
        if late and self._base is not None and self._seen_version == self._base._version:
            # when the result is read again, its history leads through the node of the view, as in torch
            node.facts = {**(facts or {}), "of_view": weakref.ref(self._grad_fn)}  # type: ignore[union-attr]
    return self


def refuse_inputs(inputs: tuple[Any, ...], saves: tuple[int, ...]) -> None:
    """Refuse, before anything is written, inputs that have lost their history or must not be kept."""
    for at, x in enumerate(inputs):
        if isinstance(x, Tensor):
            gradient_edge(x)
            if at in saves and x._inference:
                raise RuntimeError(messages.INFERENCE_SAVED)


def wrote(self: Tensor) -> Tensor:
    """Count a write to the memory of `self`."""
    if self._inference:
        refuse_inference(self)
    else:
        self._counter().bump()
    return self


def snapshot(self: Tensor) -> Tensor:
    """Return a copy of a tensor about to be overwritten, with the history it has now."""
    return as_it_was(self, np.array(self._data))


def as_it_was(self: Tensor, array: Any) -> Tensor:
    """Return a tensor on `array` with the history that `self` has now."""
    old = wrap(array)
    old._grad_fn, old._output_nr = self.grad_fn, self._output_nr
    old._requires_grad = self._requires_grad
    return old


def fits(array: Any, values: Any, once: bool = False) -> None:
    """Refuse values that cannot be written into `array`; with `once`, one value everywhere.

    Raises
    ------
    RuntimeError
        For an expanded array, floats among integers, or a shape that does not broadcast to it.
    """
    if not once or not array.flags.writeable:
        refuse_repeats(array)
    if KINDS[values.dtype.kind] > KINDS[array.dtype.kind]:
        source, target = (dtype_of(d).tensor_type[:-6] for d in (values.dtype, array.dtype))
        raise RuntimeError(f"result type {source} can't be cast to the desired output type {target}")
    if values.shape != array.shape:
        try:
            whole = np.broadcast_shapes(values.shape, array.shape)
        except ValueError as error:
            raise mismatch(array, values) from error
        if whole != array.shape:
            raise RuntimeError(f"output with shape {list(array.shape)} doesn't match the broadcast shape {list(whole)}")


def check_shapes(*arrays: Any) -> None:
    """Refuse arrays and numbers that do not broadcast, with torch's error."""
    whole = np.shape(arrays[0])
    for array in arrays[1:]:
        try:
            whole = np.broadcast_shapes(whole, np.shape(array))
        except ValueError as error:
            raise mismatch(np.broadcast_to(0, whole), array) from error


def mismatch(a: Any, b: Any) -> RuntimeError:
    """Return torch's error for shapes that do not broadcast."""
    m, n = np.shape(a), np.shape(b)
    for back in range(1, min(len(m), len(n)) + 1):
        if m[-back] != n[-back] and 1 not in (m[-back], n[-back]):
            return RuntimeError(
                f"The size of tensor a ({m[-back]}) must match the size of tensor b ({n[-back]}) "
                f"at non-singleton dimension {max(len(m), len(n)) - back}"
            )
    return RuntimeError(f"shapes {m} and {n} do not broadcast")
