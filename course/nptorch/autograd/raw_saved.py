"""What a node keeps, before it is unpacked: ``node._raw_saved_self``, ``node._raw_saved_tensors``.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/notes/autograd.html#registering-hooks-for-saved-tensors
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course.nptorch.messages import SECOND_TIME
from course.nptorch.saved import RESULT, PackedTensor

FREED = (
    "Calling register_hooks on a saved tensor after it has been freed. Saved intermediate values of the graph are "
    "freed when you call .backward() or autograd.grad(). Specify retain_graph=True if you need to backward through "
    "the graph a second time or if you need to access saved variables after calling backward."
)
HAS_HOOKS = (
    "Calling register_hooks on a saved tensor whose hooks have already been set. Hint: only one pair of hooks is "
    "allowed at a time."
)


class RawSaved(type):
    """Makes ``SavedTensor()`` an error, as in torch."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """Refuse."""
        raise RuntimeError("Trying to create a SavedTensor object from Python is forbidden.")


class SavedTensor(metaclass=RawSaved):
    """One place in what a node keeps.

    Attributes
    ----------
    node : Node
        The node.
    index : int
        Position in ``node.kept``.
    at : int
        Which input of the node it was; `RESULT` and below for outputs.
    """

    node: Any
    index: int
    at: int

    def register_hooks(self, *hooks: Callable[[Any], Any]) -> None:
        """Let what is kept go through two functions: one now, the other at every use.

        Parameters
        ----------
        *hooks : two functions
            The first gets the Tensor, and what it returns is kept instead. The second gets what was kept, and
            returns a Tensor of the same content.

        Raises
        ------
        RuntimeError
            If it has hooks already, was released, or None was kept.
        """
        if len(hooks) != 2 or not all(callable(hook) for hook in hooks):
            raise TypeError("register_hooks(): incompatible function arguments. It takes two functions.")
        saved = self.node.kept[self.index]
        if isinstance(saved, PackedTensor):
            raise RuntimeError(HAS_HOOKS)
        value = _unpacked(saved, FREED)
        if value is None:
            raise RuntimeError("Calling register_hooks on a saved tensor with value None is forbidden")
        if hasattr(value, "_data"):  # a number is kept as it is
            packed = PackedTensor(value, self.at <= RESULT, hooks)
            kept = self.node.kept
            self.node.kept = (*kept[: self.index], packed, *kept[self.index + 1 :])


def raw_saved(node: Any, index: int, at: int) -> SavedTensor:
    """Return one place in what `node` keeps."""
    made: SavedTensor = object.__new__(SavedTensor)
    made.node, made.index, made.at = node, index, at
    return made


def all_raw_saved(node: Any) -> tuple[SavedTensor, ...]:
    """Return every place in what the node of a Function keeps.

    Raises
    ------
    RuntimeError
        If it was released.
    """
    for saved in node.kept:
        if not isinstance(saved, PackedTensor):
            _unpacked(saved, SECOND_TIME)
    return tuple([raw_saved(node, index, at) for index, at in enumerate(node.kept_at)])


def _unpacked(saved: Any, error: str) -> Any:
    try:
        return saved.unpack()
    except RuntimeError as freed:
        raise RuntimeError(error) from freed
