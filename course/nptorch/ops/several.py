"""Operations with several results: one node, one gradient per result."""

from __future__ import annotations

import functools
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
    forms : list of tuple or None
        ``(shape, dtype)`` of each, to stand in zeros where no gradient arrives; None leaves None.
    """

    __slots__ = ("forms", "outputs")
    prunes = False
    forms: list[Any] | None
    outputs: int

    def apply(self, gradients: list[Any], runs: Any = None) -> Any:
        some = next((g for g in gradients if g is not None), None)
        if some is None:
            return super().apply([None])
        if self.forms is None:
            return super().apply([gradients])
        tracked = isinstance(some, Tensor)
        whole = []
        for g, (shape, dtype) in zip(gradients, self.forms, strict=True):
            zeros = np.zeros(shape, dtype) if g is None else None
            whole.append(g if zeros is None else wrap(zeros) if tracked else zeros)
        return super().apply([whole])


@functools.cache
def _kind(row: str) -> type[OpNodeOfSeveral]:
    return type(OPS[row].node_name, (OpNodeOfSeveral,), {"__slots__": ()})


def attach_several(
    row: str, inputs: tuple[Any, ...], results: Sequence[Tensor], facts: dict[str, Any], fill: bool = True
) -> None:
    """Record an operation as the maker of all `results`, if recording is on.

    With `fill`, the rule gets zeros for the gradient of a result that nobody used, else None.
    """
    if not mode.enabled or not results:
        return
    node: Any = make_node(OPS[row], inputs, results[0], facts, _kind(row))
    if node is None:
        return
    source = inputs[0]._data
    node.outputs = len(results)
    node.forms = [(x._data.shape, x._data.dtype) for x in results] if fill else None
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
    for view, step in zip(made, steps, strict=True):
        as_view(source, view, step)
        if mode.enabled and view._made != "inference":
            view._made = "several"
    return tuple(made)
