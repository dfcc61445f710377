"""What becomes of the tensors that the forward of a Function returns."""

from __future__ import annotations

import warnings
import weakref
from typing import Any

from course.nptorch import messages
from course.nptorch._tensor import Tensor
from course.nptorch.grad_mode import mode
from course.nptorch.parts import plugged
from course.nptorch.saved import RESULT, keep
from course.nptorch.views import as_view

NOT_AN_INPUT = (
    "ctx.mark_dirty() received a tensor that was not an input. Only input Tensors that have been "
    "mutated should be passed to ctx.mark_dirty()."
)
NOT_RETURNED = (
    "Some elements marked as dirty during the forward method were not returned as output. The inputs "
    "that are modified inplace must all be outputs of the Function."
)
SEVERAL_OF_VIEW = (
    "If your Function modifies inplace an input that is a view of another Tensor, your Function "
    "cannot return more than one Tensor. This is not supported by the current autograd engine. You "
    "should either make sure the input is not a view (using .clone() for example) or make your "
    "Function only return one Tensor (potentially splitting it into two Functions: one doing the "
    "inplace that returns a single Tensor and a second one that does the other operations). You can "
    "ask on the forum https://discuss.pytorch.org/ if you need help to do this change."
)


def finish(ctx: Any, node: Any, outputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the outputs of a Function with their history, and keep what its backward needs.

    Parameters
    ----------
    ctx : FunctionCtx
        The context that ``forward`` wrote its notes into.
    node : FunctionNode or None
        None where the call is not recorded.
    outputs : tuple
        What ``forward`` returned.

    Raises
    ------
    RuntimeError
        If what was marked as changed in place is a leaf that requires grad, or was not returned.
    """
    inputs = ctx._inputs
    dirty = _only_tensors(ctx.dirty_tensors, "mark_dirty can only accept variables, but argument ")
    flat = _only_tensors(ctx.non_differentiable, "mark_non_differentiable only accepts variable arguments, but got ")
    for x in dirty:
        x._counter().bump()
    if not all(_among(x, outputs) for x in dirty):
        raise RuntimeError(NOT_RETURNED)
    tensors = sum(isinstance(x, Tensor) and not _among(x, flat) for x in outputs)
    made = []
    for slot, x in enumerate(outputs):
        if not isinstance(x, Tensor):
            made.append(x)
        elif _among(x, dirty) and _among(x, inputs):
            if x._base is not None and tensors > 1 and node is not None:
                raise RuntimeError(SEVERAL_OF_VIEW)
            if node is not None and not _among(x, flat):
                made.append(_rewritten(node, slot, x))
            else:
                made.append(x if not x.requires_grad else _fresh(ctx, node, slot, x, True, tensors))
        else:
            if _among(x, dirty):
                warnings.warn(NOT_AN_INPUT, UserWarning, stacklevel=4)
            made.append(_fresh(ctx, node, slot, x, _among(x, flat), tensors))
    if node is not None:
        node.keeps(tuple(made))
        _save(ctx, node, outputs, made)
    ctx._inputs = ()
    return tuple(made)


def _among(x: Any, several: Any) -> bool:
    """Return whether `x` itself, not its equal, is one of `several`."""
    return any(x is y for y in several)


def _only_tensors(given: tuple[Any, ...], error: str) -> tuple[Any, ...]:
    if not all(isinstance(x, Tensor) for x in given):
        raise RuntimeError(error)
    return given


def _fresh(ctx: Any, node: Any, slot: int, x: Any, flat: bool, tensors: int) -> Any:
    """Give an output its history; an input returned as it is becomes a view of itself first."""
    if _among(x, ctx._inputs):
        alias = x.detach_alias()
        if node is not None or mode.enabled or not x.requires_grad:
            as_view(x, alias, lambda t: t)
        x = alias
    if node is not None and not flat and x.dtype.is_floating_point:
        x._grad_fn, x._output_nr, x._requires_grad = node, slot, False
        if x._base is not None:  # writes so far were made by forward
            x._seen_version = x._base._version
    if x._base is not None and not (flat and node is not None):
        x._made = "function" if tensors < 2 or node is None else "several"
    return x


def _rewritten(node: Any, slot: int, x: Any) -> Any:
    """Make `node` the history of an input that was changed in place."""
    from course.nptorch.ops.write import refuse_inference, refuse_leaf

    if x.requires_grad and x._grad_fn is None:
        raise RuntimeError(messages.LEAF_MARKED_DIRTY)
    x._grad = None  # as in torch, what was kept here belongs to the old value
    refuse_inference(x)
    refuse_leaf(x)
    plugged.rebase_history(x, node)
    x._output_nr = slot
    return x


def _save(ctx: Any, node: Any, outputs: tuple[Any, ...], made: list[Any]) -> None:
    """Keep what `save_for_backward` was given; outputs without their history, to form no cycle."""
    kept, at = [], []
    for index, x in enumerate(ctx.to_save):
        if x is not None and not isinstance(x, Tensor):
            raise TypeError(
                f"save_for_backward can only save variables, but argument {index} is of type {type(x).__name__}"
            )
        fresh = (
            x is not None
            and (_among(x, made) or _among(x, outputs))
            and (not _among(x, ctx._inputs) or _among(x, ctx.dirty_tensors))
        )
        kept.append(keep(x, fresh))
        slot = next((i for i, y in enumerate(outputs) if y is x), 0)
        at.append(RESULT - slot if fresh else 0)
    node.kept, node.kept_at = tuple(kept), tuple(at)
    ctx.to_save = ()
    ctx._node = weakref.ref(node)
