"""Operations with several results: one node, one gradient per result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.grad_mode import mode
from course.nptorch.record import OPS, OpNode, make_node
from course.nptorch.views import as_view


class OpNodeOfSeveral(OpNode):
    """A recorded operation whose rules take the list of all its results' gradients.

    Attributes
    ----------
    outputs : int
        How many results there are.
    forms : list of tuple
        ``(shape, dtype)`` of each, to stand in zeros where no gradient arrives.
    """

    __slots__ = ("forms", "outputs")

    def apply(self, gradients: list[Any]) -> Any:
        some = next((g for g in gradients if g is not None), None)
        if some is None:
            return self.plan.nothing
        tracked = isinstance(some, Tensor)
        whole = []
        for g, (shape, dtype) in zip(gradients, self.forms, strict=True):
            zeros = np.zeros(shape, dtype) if g is None else None
            whole.append(g if zeros is None else wrap(zeros) if tracked else zeros)
        return super().apply([whole])


def attach_several(row: str, inputs: tuple[Any, ...], results: Sequence[Tensor], facts: dict[str, Any]) -> None:
    """Record an operation as the maker of all `results`, if recording is on."""
    if not mode.enabled or not results:
        return
    node: Any = make_node(OPS[row], inputs, results[0], facts, OpNodeOfSeveral)
    if node is None:
        return
    source = inputs[0]._data
    node.outputs = len(results)
    node.forms = [(x._data.shape, x._data.dtype) for x in results]
    node.like = ((source.shape, source.dtype),)
    for slot, result in enumerate(results):
        result._grad_fn = node
        result._output_nr = slot


def view_several(
    source: Tensor,
    arrays: Sequence[Any],
    row: str,
    facts: dict[str, Any],
    steps: Sequence[Callable[[Any], Any]],
) -> tuple[Tensor, ...]:
    """Return several views of `source` made at once, which must not be changed in place.

    Parameters
    ----------
    source : Tensor
        What they are views of.
    arrays : sequence of numpy.ndarray
        The elements of each; they share memory with ``source._array``.
    row, facts : str, dict
        Row of the vjp table and its plain facts.
    steps : sequence of function
        For each, the way from `source` to it.
    """
    made = [wrap(array) for array in arrays]
    attach_several(row, (source,), made, facts)
    for slot, (view, step) in enumerate(zip(made, steps, strict=True)):
        as_view(source, view, step)
        if mode.enabled:
            name = OPS[row].node_name.removesuffix("Backward0")
            view._made = "several" if view._grad_fn is None else f"{slot} of {name}"
    return tuple(made)
