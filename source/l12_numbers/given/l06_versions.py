"""Lesson 6: who changed the memory, and whose history that is now."""

from __future__ import annotations

from typing import Any

from course.nptorch import messages
from course.nptorch.graph import Node, gradient_edge
from course.nptorch.views import HeldOperation, scatter, see, set_history, view_node


class VersionCounter:
    """Counts the writes to one piece of memory.

    The engine hands one object to a tensor, its views and what `detach` returns, so a write through
    any of them is seen by all. ``.data`` and ``clone()`` get a counter of their own.

    Attributes
    ----------
    value : int
        How many writes there were; what ``tensor._version`` shows.
    """

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def bump(self) -> None:
        """Count one write."""
        self.value += 1


def check_version(saved_version: int, value: Any, node: Any, is_output: bool) -> None:
    """Refuse a saved tensor that was written to since it was saved.

    Parameters
    ----------
    saved_version : int
        ``value._version`` at the time of saving.
    value : Tensor
        What was saved. A saved output was kept detached, so it has no ``grad_fn``.
    node : Node
        The node that saved it, and whose rule is about to read it.
    is_output : bool
        Whether `value` is the output of that node.

    Raises
    ------
    RuntimeError
        With the text ``messages.MODIFIED``, a format string with the fields ``type`` (which is
        ``value.dtype.tensor_type``), ``shape`` (a list), ``which``, ``now`` and ``saved`` (the two
        versions). ``which`` says who made the tensor: ``", which is output 0 of Exp,"``, where
        ``messages.short_name(maker)`` is the ``"Exp"``; the empty string for a tensor that no node
        made. (torch says 0 even where it was another output; both are accepted.)
    """
    if value._version == saved_version:
        return
    maker = node if is_output else value.grad_fn
    which = "" if maker is None else f", which is output 0 of {messages.short_name(maker)},"
    raise RuntimeError(
        messages.MODIFIED.format(
            type=value.dtype.tensor_type,
            shape=list(value.shape),
            which=which,
            now=value._version,
            saved=saved_version,
        )
    )


class CopySlices(Node):
    """History of a base tensor after one of its views was changed in place.

    Its edges say where gradients go: the first to what the base was before the write, the others
    where `operation` sends the gradients of its inputs beyond the first.

    Parameters
    ----------
    base : Tensor
        The base. Until this node has become its maker, its history is the one before the write. The
        base will point at this node, so a node that keeps it makes a cycle.
    replay : tuple of function
        How the view came from its base; `see` and `scatter` take it.
    operation : Node
        What has written to the view. Its first input is the view as it was before, the others are
        what was written. It wants a gradient of the view's shape.
    """

    __slots__ = ("base_shape", "held", "replay")

    def __init__(self, base: Any, replay: Any, operation: Node) -> None:
        edge, slot = gradient_edge(base)
        super().__init__((edge, *operation.edges[1:]), (slot, *operation.slots[1:]))
        self.held = HeldOperation(operation)
        self.replay = replay
        self.base_shape = tuple(base.shape)

    def apply(self, gradients: list[Any]) -> list[Any]:
        """Return one gradient per edge.

        Parameters
        ----------
        gradients : list of one numpy.ndarray, or Tensor, or None
            The gradient of the base as it is after the write; do not change it. For None, every
            gradient is None.

        Returns
        -------
        list
            First the gradient of the base as it was before (None if `operation` gives None for the
            view), then those of the operation's other inputs.

        Raises
        ------
        RuntimeError
            If the operation was released.
        """
        g = gradients[0]
        if g is None:
            return [None] * len(self.edges)
        below, *others = self.held.unpack().apply([see(g, self.replay)])
        if below is None:  # only a Function may say so, and torch takes it for the whole base
            return [None, *others]
        return [scatter(below, self.base_shape, self.replay, onto=g), *others]

    def saved(self) -> tuple[Any, ...]:
        """Return what is to be released after backward: the one `HeldOperation`."""
        return (self.held,)

    def name(self) -> str:
        """Return torch's name for this node, ``torch::autograd::CopySlices``."""
        return "torch::autograd::CopySlices"


def rebase_history(tensor: Any, operation: Node) -> None:
    """Make `operation`, which has just written to `tensor`, the history of that memory.

    The engine calls this after each recorded write; the numbers are already the new ones. It refuses
    writes to leaves that require grad before it comes here, so there is nothing to refuse.

    Parameters
    ----------
    tensor : Tensor
        What was written to. If it is a view, ``tensor._base`` is its base (never a view itself) and
        ``tensor._replay`` says how it came from there; otherwise ``tensor._base`` is None.
    operation : Node
        The node that made the new values, with the tensor before the write as its first input.

    Notes
    -----
    A view takes its history from its base when it is asked for ``grad_fn`` (by `refresh_view`).
    Ask it once at the end, so that its node has its place in the order of recording.
    """
    base = tensor._base
    if base is None:
        set_history(tensor, operation)
    else:
        set_history(base, CopySlices(base, tensor._replay, operation))
        _ = tensor.grad_fn


def refresh_view(view: Any) -> None:
    """Give a view the history it has through its base, if the memory was written to since.

    The engine calls this whenever somebody asks for ``view.grad_fn``. (So do not ask for it here:
    ``view._grad_fn`` is what is stored.) Where neither the view has a history nor its base requires
    grad, there is nothing to do and nothing to refuse.

    Parameters
    ----------
    view : Tensor
        ``view._base`` is its base, ``view._seen_version`` the version of the base for which
        ``view._grad_fn`` holds; keep that up to date. ``view._made`` is empty, or says what forbids
        to make its history anew: it was made under ``"no_grad"``, or as one of ``"several"``.

    Raises
    ------
    RuntimeError
        With the text ``messages.view_of_changed_base(view)``, if it would need a new history and
        ``view._made`` forbids it.
    """
    base = view._base
    now = base._version
    if view._seen_version == now or (view._grad_fn is None and not base.requires_grad):
        return
    if view._made:
        raise RuntimeError(messages.view_of_changed_base(view))
    set_history(view, view_node(view))
    view._seen_version = now
