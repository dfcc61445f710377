"""Views: tensors on another tensor's memory, and gradients through them.

A view remembers its *base* (never another view) and a *replay*: the operations that lead from
the base to it. The replay serves to find the same elements in a gradient of the base.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.grad_mode import mode
from course.nptorch.graph import hooks_of
from course.nptorch.messages import SECOND_TIME
from course.nptorch.parts import declare
from course.nptorch.record import Op, attach, make_node, vjp

Replay = tuple[Callable[[Any], Any], ...]


def make_view(
    source: Tensor,
    array: Any,
    op: Op,
    facts: dict[str, Any],
    step: Callable[[Any], Any],
) -> Tensor:
    """Return a view of `source` on `array`, recorded as `op`.

    Parameters
    ----------
    source : Tensor
        What it is a view of.
    array : numpy.ndarray
        The elements; it shares memory with ``source._array``.
    op, facts : Op, dict
        Row of the vjp table and its plain facts.
    step : function
        The same operation, from a Tensor to a Tensor.
    """
    view = wrap(array)
    attach(op, (source,), view, facts)
    return as_view(source, view, step)


def as_view(source: Tensor, view: Tensor, step: Callable[[Any], Any]) -> Tensor:
    """Make a recorded Tensor on the memory of `source` known as a view of it."""
    if source._inference:  # nothing is recorded, and it is no view, as in torch
        view._inference, view._grad_fn = True, None
        return view
    if mode.inference:  # a view of a normal tensor stays one
        view._inference = False
    base = source if source._base is None else source._base
    view._base = base
    view._steps = (*source._replay, step)
    if base._turns:
        view._turned = len(base._turns)
    view._version_counter = base._counter()
    view._seen_version = view._version_counter.value
    view._made = source._made
    if not mode.enabled:
        # nothing was recorded, though it says that it requires grad if its base does, as in torch
        view._made = "inference" if mode.inference or source._made == "inference" else "no_grad"
    return view


def see(g: Any, replay: Replay) -> Any:
    """Return the elements of `g` (array or Tensor of the base's shape) that a view sees."""
    tracked = isinstance(g, Tensor)
    seen = g.clone() if tracked else wrap(g)  # as in torch, writing to `g` later changes nothing that is kept
    for step in replay:
        seen = step(seen)
    return seen if tracked else seen._data


def scatter(g: Any, shape: tuple[int, ...], replay: Replay, onto: Any = None) -> Any:
    """Put the gradient of a view into a gradient of its base.

    Parameters
    ----------
    g : numpy.ndarray or Tensor
        Gradient of the view.
    shape : tuple of int
        Shape of the base.
    replay : tuple of function
        How the view came from the base.
    onto : numpy.ndarray or Tensor, optional
        Gradient of the base whose other elements are kept; zeros without it.
    """
    if isinstance(g, Tensor) or isinstance(onto, Tensor):
        return _recorded_scatter(g, shape, replay, onto)
    out = np.zeros(shape, g.dtype) if onto is None else np.array(onto)
    window = see(out, replay)
    if onto is None and _overlaps(window):
        where = see(np.arange(out.size).reshape(shape), replay)
        np.add.at(out.reshape(-1), where, g)
    elif np.shares_memory(window, out):
        window[...] = g
    else:  # some step copied
        np.put(out, see(np.arange(out.size).reshape(shape), replay), g)
    return out


def _overlaps(window: Any) -> bool:
    return any(n > 1 and stride == 0 for n, stride in zip(window.shape, window.strides, strict=True))


def _recorded_scatter(g: Any, shape: tuple[int, ...], replay: Replay, onto: Any) -> Tensor:
    data = g._data if isinstance(g, Tensor) else g
    source = g if isinstance(g, Tensor) else wrap(g)
    placed = wrap(scatter(data, shape, replay))
    if onto is None and not source._data.size:
        return placed  # nothing came, and nobody will ask from where
    attach(SCATTER, (source,), placed, {"replay": replay})
    if onto is None:
        return placed
    mask = scatter(np.ones(data.shape, np.bool_), shape, replay)
    other = onto if isinstance(onto, Tensor) else wrap(onto)
    return placed.where(wrap(mask), other)  # type: ignore[no-any-return]


def view_node(view: Tensor) -> Any:
    """Return a fresh node that leads from a view to its base as the base is now."""
    base = view._base
    assert base is not None
    facts = {"shape": base._data.shape, "replay": view._replay}
    node = make_node(AS_STRIDED, (base,), view, facts)
    if node is None:  # the base requires no grad any more: the view still does, as in torch, and its node leads nowhere
        leaf = base.detach_alias()
        leaf._requires_grad = True
        node = make_node(AS_STRIDED, (leaf,), view, facts)
        assert node is not None
        node.edges = (None,)
    return node


def set_history(tensor: Tensor, node: Any) -> None:
    """Make `node` the maker of `tensor`, in place of what made it before.

    Hooks stay with the value they were put on; only `retain_grad` means the newest value.

    Parameters
    ----------
    tensor : Tensor
        A tensor whose memory was written to, or a view of one.
    node : Node
        The tensor is its only output.
    """
    before = tensor._grad_fn
    if before is not None and before.hooks is not None and node is not None:
        held = before.hooks.retained.pop(tensor._output_nr, None)
        if held is not None:
            hooks_of(node).retained[0] = held
    tensor._grad_fn = node
    tensor._output_nr = 0


class HeldOperation:
    """Holds one operation for the node of a base, until it is released.

    It has the `unpack` and `release` of a `SavedTensor`, so a node that lists it among what it keeps
    lets go of it when the others let go. Only this hold on the operation is given up: what the
    operation itself kept stays as long as somebody else leads to it, such as the graph of a gradient
    that was taken with ``create_graph``.
    """

    __slots__ = ("operation",)

    def __init__(self, operation: Any) -> None:
        self.operation: Any = operation

    def unpack(self) -> Any:
        """Return the operation; a RuntimeError once it was released."""
        if self.operation is None:
            raise RuntimeError(SECOND_TIME)
        return self.operation

    def release(self) -> None:
        """Let go of it."""
        self.operation = None


AS_STRIDED = vjp("as_strided", self=lambda g, shape, replay: scatter(g, shape, replay))
SCATTER = vjp("scatter_view", self=lambda g, replay: see(g, replay))


class _NoVersions:
    """The null `VersionCounter`: nobody counts, unless a scenario does so by hand (`course.scenarios.changed`)."""

    value = 0

    def bump(self) -> None:
        """Do nothing: lesson 6 builds the counter."""


def _keep_view(view: Tensor) -> None:
    """Stand in for lesson 6: a view's history stays what it was when it was made."""


declare("VersionCounter", 6, "count the writes to one piece of memory", _NoVersions)
declare("refresh_view", 6, "give a view its new history after its base changed", _keep_view)
declare("rebase_history", 6, "make an in-place operation the new history of its memory")
