"""To whom nothing may be written: leaves, views that must keep their history, tensors of inference mode."""

from __future__ import annotations

from typing import Any

from course.nptorch import messages
from course.nptorch._tensor import Tensor
from course.nptorch.grad_mode import mode
from course.nptorch.record import needed


def refuse_leaf(self: Tensor) -> None:
    """Refuse to write to a leaf that requires grad, or to a view of one, while recording.

    Raises
    ------
    RuntimeError
        With torch's message; nothing has been changed.
    """
    if not mode.enabled:
        return
    if self._base is None:
        if self._requires_grad:
            raise RuntimeError(messages.LEAF_IN_PLACE)
        return
    if self._made and self.requires_grad:
        raise RuntimeError(messages.view_in_place(self))
    base = self._base
    if base._grad_fn is None and (base._requires_grad or self._grad_fn is not None):
        raise RuntimeError(messages.LEAF_VIEW_IN_PLACE)
    if self._grad_fn is None and base._grad_fn is not None:
        # nobody has asked for its history since its base got one: torch takes it for a leaf that requires grad
        raise RuntimeError(messages.LEAF_IN_PLACE)


def refuse_inference(self: Tensor) -> None:
    """Refuse to have written to a tensor that was made in inference mode, outside of it.

    Raises
    ------
    RuntimeError
        With torch's message. As in torch this comes last: the numbers are the new ones then.
    """
    if self._inference and not mode.inference:
        raise RuntimeError(
            "Inplace update to inference tensor outside InferenceMode is not allowed.You can make "
            "a clone to get a normal tensor before doing inplace update.See "
            "https://github.com/pytorch/rfcs/pull/17 for more details."
        )


def refuse_view(self: Tensor, *others: Any) -> None:
    """Refuse to write to a view that must keep its history, if it or one of the `others` requires grad.

    Raises
    ------
    RuntimeError
        With torch's message; nothing has been changed.
    """
    if self._made and self._base is not None and (not others or (mode.enabled and True in needed((self, *others)))):
        raise RuntimeError(messages.view_in_place(self))
