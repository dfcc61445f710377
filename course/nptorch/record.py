"""Recording: one `OpNode` for each operation whose result needs a gradient.

Programs spend their time in small operations, so what runs for each of them (`attach` and
`OpNode.apply`) is written out rather than composed of small functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from course.nptorch.grad_mode import HOOKED, mode
from course.nptorch.graph import NO_EDGE, Nowhere, accumulator, gradient_edge
from course.nptorch.messages import INFERENCE_SAVED
from course.nptorch.parts import declare, plugged
from course.nptorch.saved import RESULT, keep, read
from course.nptorch.shown import ShownSaved
from course.nptorch.table import OF_MANY, OPS, Op, Plan, built, node_bases, share, vjp, vjp_of_many

__all__ = [
    "OF_MANY",
    "OPS",
    "Op",
    "OpNode",
    "Plan",
    "attach",
    "built",
    "conform",
    "make_node",
    "needed",
    "recorded_first",
    "share",
    "vjp",
    "vjp_of_many",
]

new = object.__new__
ONE_ZERO, TWO_ZEROS = (0,), (0, 0)
OF_NUMBERS = {"mul", "div"}  # a number in their rules is one that was kept


class OpNode(ShownSaved):
    """A recorded operation from the table.

    Attributes
    ----------
    plan : Plan
        Which rules run, and what they need.
    kept : tuple of SavedTensor
        What the rules need, in the order of ``plan.saves``.
    facts : dict or None
        Plain facts the rules need (``dim``, shapes).
    like : tuple or None
        Per input ``(shape, dtype)`` to which its gradient is brought back; None where all fit.
    """

    __slots__ = ("facts", "kept", "like", "plan")
    prunes = True
    plan: Plan
    kept: tuple[Any, ...]
    facts: Any
    like: Any

    def apply(self, gradients: list[Any], runs: Any = None) -> Any:
        g = gradients[0]
        plan = self.plan
        if g is None and not plan.op.refuses:
            for saved, at in zip(self.kept, plan.saves, strict=True):
                read(saved, self, at, False)  # torch looks at what was kept even so
            return plan.nothing
        out = plan.back(self, g, runs)
        if self.like is None:
            return out
        return [
            None if grad is None or form is None else conform(grad, *form)
            for grad, form in zip(out, self.like, strict=True)
        ]

    def apply_recorded(self, gradients: list[Any], runs: Any = None) -> Any:
        op = self.plan.op
        mode.in_rule, mode.rule = op.name not in OF_NUMBERS, op.node_name
        try:
            return self.apply(gradients) if runs is None else self.apply(gradients, runs)
        finally:
            mode.in_rule, mode.rule = False, ""

    def saved(self) -> tuple[Any, ...]:
        return self.kept

    def name(self) -> str:
        return self.plan.op.node_name


node_bases.append(OpNode)


def conform(gradient: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
    """Bring a gradient back to the shape (lesson 3) and dtype of the input it belongs to."""
    if gradient.shape != shape:
        gradient = plugged.sum_to_size(gradient, shape)
    if gradient.__class__ is ndarray or not hasattr(gradient, "_data"):
        return gradient if gradient.dtype is dtype or gradient.dtype == dtype else gradient.astype(dtype)
    return gradient if gradient._data.dtype == dtype else gradient._cast(dtype)


def _other_float(x: Any, dtype: np.dtype[Any]) -> bool:
    return hasattr(x, "_data") and x._data.dtype is not dtype and x._data.dtype.kind in "fiu"


def needed(inputs: tuple[Any, ...]) -> tuple[bool, ...]:
    """Return, per input, whether it is a Tensor that requires grad."""
    return tuple([hasattr(x, "_data") and x.requires_grad for x in inputs])


def attach(op: Op, inputs: tuple[Any, ...], result: Any, facts: dict[str, Any] | None = None) -> Any:
    """Record `op` as the maker of the Tensor `result`, if recording is on and an input needs it.

    Parameters
    ----------
    op : Op
        Row of the table.
    inputs : tuple
        One per rule: a Tensor, a Python number, or None.
    result : Tensor
        A fresh result; it gets its ``grad_fn``.
    facts : dict
        Plain facts for the rules.

    Returns
    -------
    result : Tensor
        The same object.
    """
    if mode.enabled:
        node = make_node(op, inputs, result, facts)
        if node is not None:
            result._grad_fn = node
    return result


def attach_one(op: Op, x: Any, result: Any) -> None:
    """Do what `attach` does for a result of the shape and dtype of its one input, a Tensor."""
    edge = x._grad_fn
    if edge is None or x._base is not None or x._output_nr:  # a leaf, a view, one of several
        result._grad_fn = make_node(op, (x,), result, None)
        return
    node: OpNode = new(op.kind)
    result._grad_fn = node
    result._base = result._version_counter = None  # reading what an instance stores is much faster
    result._output_nr = 0
    result._inference = False
    op.plans[1].fill(node, (edge,), ONE_ZERO, None, result, x)


def attach_two(op: Op, x: Any, y: Any, result: Any, facts: dict[str, Any] | None) -> None:
    """Do what `attach` does for two Tensors of the dtype of the result."""
    one, two = x._grad_fn, y._grad_fn
    leaf = one is None or two is None
    if x._base is not None or y._base is not None or (leaf and (x._inference or y._inference)):
        result._grad_fn = make_node(op, (x, y), result, facts)  # it may lead nowhere, or may not be kept
        return
    if leaf:
        if one is None and x._requires_grad:
            one = accumulator(x)
        if two is None and y._requires_grad:
            two = accumulator(y)
        if one is two is None:
            return
    node: OpNode = new(op.kind)
    result._grad_fn = node
    result._base = result._version_counter = None
    result._output_nr = 0
    result._inference = False
    slots = (x._output_nr, y._output_nr) if x._output_nr or y._output_nr else TWO_ZEROS
    op.plans[(one is not None) + 2 * (two is not None)].fill(node, (one, two), slots, facts, result, x, y)
    data = result._data
    if data.__class__ is ndarray:  # among numbers there is nothing to bring back to a shape
        a, b, shape = x._data.shape, y._data.shape, data.shape
        if a != shape or b != shape:
            node.like = (one and (a, data.dtype), two and (b, data.dtype))


def recorded_first(op: Op | None, inputs: tuple[Any, ...]) -> None:
    """Do what torch does before it computes, for an operation that has turned out to be impossible.

    Raises
    ------
    RuntimeError
        If an input has lost its history, or must not be kept.
    """
    if not mode.enabled:
        return
    edges = [gradient_edge(x)[0] if hasattr(x, "_data") else None for x in inputs]
    if op is None or not any(edges):
        return
    for at in op.plan(_wanted(op, edges[: op.arity])).saves:
        if at != RESULT and at < len(inputs):
            keep(inputs[at], False)


def _wanted(op: Op, edges: Sequence[Any]) -> tuple[bool, ...]:
    """Return, per input, whether its gradient is wanted: of several, nothing is kept for one that nobody gets."""
    lost = () if op.refuses or len(edges) == 1 else (Nowhere,)
    return tuple([edge is not None and not isinstance(edge, lost) for edge in edges])


def make_node(
    op: Op,
    inputs: tuple[Any, ...],
    result: Any,
    facts: dict[str, Any] | None,
    kind: type[OpNode] | None = None,
) -> OpNode | None:
    """Return the node of one operation, with its edges and everything its rules need.

    None if no input requires grad.
    """
    edges: list[Any] = []
    slots: list[int] = []
    wanted, bit, lost = 0, 1, False
    for x in inputs[: op.arity]:  # what is only kept has no edge
        if not hasattr(x, "_data"):
            edge, slot = NO_EDGE
        elif x._base is None and x._grad_fn is not None:  # the common case, without a call
            edge, slot = x._grad_fn, x._output_nr
        else:
            edge, slot = gradient_edge(x)
        edges.append(edge)
        slots.append(slot)
        if edge is not None:
            wanted |= bit
            lost |= edge.__class__ is Nowhere
        bit <<= 1
    if not wanted:
        return None
    plan = op.plan(_wanted(op, edges)) if lost else op.plans[wanted]
    for at in () if HOOKED and mode.saving else plan.saves:  # else it is packed, or refused, one by one
        if getattr(result if at == RESULT else inputs[at], "_inference", False):
            raise RuntimeError(INFERENCE_SAVED)
    node: OpNode = new(kind or op.kind)
    shown = result
    if HOOKED and mode.saving and RESULT in plan.saves:  # the hooks are shown its history, as in torch
        shown = result.attached_alias(node)
    plan.fill(node, tuple(edges), tuple(slots), facts, shown, *inputs[: len(op.inputs)])
    shape, dtype = result._data.shape, result._data.dtype
    for x, want in zip(inputs, plan.needed, strict=False):
        # a factor of another dtype would pass it on to the gradient of this input
        if (x._data.shape != shape or x._data.dtype is not dtype) if want else _other_float(x, dtype):
            node.like = tuple(
                [(x._data.shape, x._data.dtype) if want else None for x, want in zip(inputs, plan.needed, strict=False)]
            )
            break
    return node


declare("sum_to_size", 3, "sum a gradient back over the axes that broadcasting added")
