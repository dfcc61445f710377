"""Keeping tensors for the backward pass, and reading them back.

What a node keeps is held in `SavedTensor` objects (a part of lesson 5); lesson 6 checks at
reading time that nobody changed the memory in between.
"""

from __future__ import annotations

from typing import Any

from numpy import ndarray

from course.nptorch.grad_mode import mode, recording
from course.nptorch.graph import AccumulateGrad, Nowhere, gradient_edge
from course.nptorch.messages import INFERENCE_SAVED, SAVED_DETACHED, SECOND_TIME
from course.nptorch.parts import declare, plugged

RESULT = -1
LEAVES = (AccumulateGrad, Nowhere)


class KeepForEver:
    """The null `SavedTensor`: keeps what it is given and never lets go."""

    __slots__ = ("value", "version")

    def __init__(self, value: Any, is_output: bool) -> None:
        self.value = value.detach_alias() if is_output else value
        self.version = 0

    def unpack(self) -> Any:
        """Return what was kept."""
        return self.value

    def release(self) -> None:
        """Do nothing: lesson 5 builds the class that lets go."""


class PackedTensor:
    """A saved tensor that went through the hooks of `saved_tensors_hooks`.

    What ``unpack_hook`` returns is trusted as it is: its version is not checked, as in torch. It
    takes the place of what was saved in the graph, so its own history counts for nothing.
    """

    __slots__ = ("edge", "packed", "unpack_hook", "version")

    def __init__(self, value: Any, is_output: bool, pair: Any = None) -> None:
        pack_hook, self.unpack_hook = pair or mode.saving[-1]
        self.version = None
        self.edge = (None, 0) if is_output else gradient_edge(value)
        before = value._version
        with recording(False):
            self.packed: tuple[Any] | None = (pack_hook(value),)
        if value._version != before:
            raise RuntimeError(
                "A saved tensor pack hook is modifying its input in place. Tensors provided as "
                "input to pack hook cannot be modified by in-place operations as this can lead "
                "to unexpected side-effects. Please open an issue if you need to perform in-place "
                "operations on the input to a pack hook."
            )

    def unpack(self) -> Any:
        """Return what the unpack hook makes of the packed object."""
        if self.packed is None:
            raise RuntimeError(SECOND_TIME)
        recorded = mode.enabled
        value = self.unpack_hook(self.packed[0])
        mode.enabled = recorded
        if not hasattr(value, "_data"):
            raise TypeError(
                "Output of saved tensor unpack_hook expected to be a Tensor but got result of "
                f"type {type(value).__name__}"
            )
        node, slot = self.edge
        return value if node is None else value.attached_alias(node, slot)

    def release(self) -> None:
        """Drop the packed object."""
        self.packed = None


def keep(value: Any, is_output: bool) -> Any:
    """Return the `SavedTensor` of `value`, a Tensor or a Python number.

    Raises
    ------
    RuntimeError
        If `value` was made in inference mode.
    """
    if getattr(value, "_inference", False):
        raise RuntimeError(INFERENCE_SAVED)
    if mode.saving and hasattr(value, "_data"):
        return PackedTensor(value, is_output)
    return plugged.SavedTensor(value, is_output)


def read(saved: Any, node: Any, position: int, as_tensor: bool) -> Any:
    """Unpack one saved value for a backward rule.

    Parameters
    ----------
    saved : SavedTensor
        What was kept.
    node : Node
        The node that kept it.
    position : int
        Which input of the node it was; `RESULT` for its output.
    as_tensor : bool
        Ask for a Tensor, as rules do that are recorded themselves.

    Returns
    -------
    value : numpy.ndarray, Tensor or number
        An array, or a Tensor if that was asked for. A saved output comes back attached to `node`
        again: it was kept without its history to avoid a cycle.

    Raises
    ------
    RuntimeError
        If it was released, changed in place, or detached in place since it was saved.
    """
    value = saved.unpack()
    try:
        data = value._data
    except AttributeError:  # a number
        return value
    version = saved.version
    if version is not None:
        if value._grad_fn is None and 0 <= position < len(node.edges):  # what is only kept has no edge
            edge = node.edges[position]
            if edge is not None and edge.__class__ not in LEAVES:
                raise RuntimeError(SAVED_DETACHED)  # it had a history when it was saved
        counter = value._version_counter
        if counter is not None and counter.value != version:
            plugged.check_version(version, value, node, position == RESULT or value._made == "result")
    if as_tensor:
        return value.attached_alias(_maker(node)) if position == RESULT else value
    # NumPy computes with scalars several times faster
    return data[()] if data.__class__ is ndarray and not data.ndim else data


def _maker(node: Any) -> Any:
    """Return the node that made a result which `node` kept: that of the view, where it was written to a view."""
    of_view = (getattr(node, "facts", None) or {}).get("of_view")
    return (of_view and of_view()) or node


def _unchecked(version: int, value: Any, node: Any, is_output: bool) -> None:
    """Stand in for lesson 6: nobody looks at versions yet."""


def _never_released(node: Any, retain_graph: bool) -> None:
    """Stand in for lesson 5: buffers are kept for ever."""


declare(
    "SavedTensor",
    5,
    "keep one tensor for backward; let go of it when released; never form a cycle",
    KeepForEver,
)
declare("release_saved", 5, "free what a node kept, right after it ran", _never_released)
declare(
    "check_version",
    6,
    "raise if a saved tensor's memory changed since it was saved",
    _unchecked,
)
