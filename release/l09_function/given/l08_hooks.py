"""Lesson 8: letting others look at gradients, and change them, on their way."""

from __future__ import annotations

import itertools
import weakref
from typing import Any, Self

import course.nptorch as torch


class RemovableHandle:
    """Takes one hook out of a table of hooks again.

    Parameters
    ----------
    hooks : collections.OrderedDict
        The table; the hook will be stored under ``handle.id``. It is held weakly, so that a
        forgotten handle keeps no graph alive.
    """

    _ids = itertools.count()  # of the class: no number is given out twice

    def __init__(self, hooks: Any) -> None:
        self.hooks = weakref.ref(hooks)
        self.id = next(RemovableHandle._ids)

    def remove(self) -> None:
        """Take the hook away; a second call changes nothing."""
        hooks = self.hooks()
        if hooks is not None:
            hooks.pop(self.id, None)

    def __enter__(self) -> Self:
        """Return what stands after ``as``: this handle."""
        return self

    def __exit__(self, *error: object) -> None:
        """Take the hook away when the block is left; an error that leaves it goes on its way."""
        self.remove()


def run_tensor_hooks(hooks: Any, gradient: Any) -> Any:
    """Call the hooks of one tensor in order of registration.

    Parameters
    ----------
    hooks : dict
        The hooks; which ones run is settled when the first one starts.
    gradient : Tensor or None
        The gradient of the tensor.

    Returns
    -------
    Tensor or None
        The gradient after the last hook: each gets what the one before returned, or what that one
        was given if it returned None.

    Raises
    ------
    TypeError
        ``expected Variable, but hook returned 'float'``, or whatever was returned that is no Tensor.
    RuntimeError
        ``hook 'its name' has changed the size of value``, or ``... has changed the type of value`` if
        the dtype is another; ``can't replace a None gradient with a non-None value``. A hook without a
        ``__name__``, such as a ``functools.partial`` or a module, is called ``<unknown>``.
    """
    for hook in list(hooks.values()):
        changed = hook(gradient)
        if changed is not None:
            _check(hook, gradient, changed)
            gradient = changed
    return gradient


def run_pre_hooks(hooks: Any, gradients: list[Any]) -> list[Any]:
    """Call the hooks that stand before a node, in order of registration.

    Parameters
    ----------
    hooks : dict
        The hooks; which ones run is settled when the first one starts.
    gradients : list
        One Tensor or None for each output of the node.

    Returns
    -------
    list
        The gradients after the last hook. Each hook gets them in a tuple, and returns a tuple of
        as many, or None to leave them as they are.

    Raises
    ------
    TypeError
        ``expected tuple, but hook returned 'list'``, or whatever was returned that is no tuple.
    RuntimeError
        ``hook 'its name' has returned an incorrect number of values``. What is in the tuple is checked
        as in `run_tensor_hooks`, but None may replace a Tensor.
    """
    for hook in list(hooks.values()):
        changed = hook(tuple(gradients))
        if changed is not None:
            gradients = _replaced(hook, gradients, changed)
    return gradients


def run_post_hooks(hooks: Any, grad_inputs: list[Any], grad_outputs: list[Any]) -> list[Any]:
    """Call the hooks that stand after a node, in order of registration.

    Parameters
    ----------
    hooks : dict
        The hooks; which ones run is settled when the first one starts.
    grad_inputs : list
        What the node passes on: one Tensor or None for each of its inputs.
    grad_outputs : list
        What the node was given: one Tensor or None for each of its outputs.

    Returns
    -------
    list
        What is passed on after the last hook. Each hook gets two tuples, for the inputs and for the
        outputs, and returns a tuple that replaces the first, or None.

    Raises
    ------
    TypeError, RuntimeError
        As in `run_pre_hooks`.
    """
    for hook in list(hooks.values()):
        changed = hook(tuple(grad_inputs), tuple(grad_outputs))
        if changed is not None:
            grad_inputs = _replaced(hook, grad_inputs, changed)
    return grad_inputs


def run_post_accumulate_hooks(leaf: Any) -> None:
    """Call the hooks that wait for ``leaf.grad``; the gradient is in place by now.

    Parameters
    ----------
    leaf : Tensor
        ``leaf._post_accumulate_hooks`` is the dict of its hooks. They are called as `run_tensor_hooks`
        calls its hooks, with `leaf` in the place of the gradient: what one returns is checked
        against what it was given, and handed to the next one.

    Raises
    ------
    TypeError, RuntimeError
        As in `run_tensor_hooks`, at once, for a number, another shape or another dtype.
    RuntimeError
        ``Tensor post accumulate grad hooks should return None.``, after the last hook, if another
        tensor than `leaf` came out: there is nothing left to replace. A hook may return `leaf`.
    """
    if run_tensor_hooks(leaf._post_accumulate_hooks, leaf) is not leaf:
        raise RuntimeError("Tensor post accumulate grad hooks should return None.")


def store_retained_grad(tensor: Any, gradient: Any) -> None:
    """Add `gradient` to the ``.grad`` of a non-leaf, always as a new tensor.

    Parameters
    ----------
    tensor : Tensor
        The non-leaf; its ``.grad`` may be None.
    gradient : Tensor
        What arrived; others may hold its memory. With ``create_graph=True`` it has a history, which
        ``.grad`` keeps.
    """
    tensor.grad = gradient.clone() if tensor.grad is None else tensor.grad + gradient


def _replaced(hook: Any, before: list[Any], after: Any) -> list[Any]:
    """Check what a node hook returned, and return it as a list."""
    if not isinstance(after, tuple):
        raise TypeError(f"expected tuple, but hook returned '{type(after).__name__}'")
    if len(after) != len(before):
        raise RuntimeError(
            f"hook '{_name(hook)}' has returned an incorrect number of values "
            f"(got {len(after)}, but expected {len(before)})"
        )
    for old, new in zip(before, after, strict=True):
        if new is not None:
            _check(hook, old, new)
    return list(after)


def _check(hook: Any, before: Any, after: Any) -> None:
    if before is None:
        raise RuntimeError("can't replace a None gradient with a non-None value")
    if not isinstance(after, torch.Tensor):
        raise TypeError(f"expected Variable, but hook returned '{type(after).__name__}'")
    if after.dtype != before.dtype:
        raise RuntimeError(
            f"hook '{_name(hook)}' has changed the type of value (was torch."
            f"{before.dtype.tensor_type} got torch.{after.dtype.tensor_type})"
        )
    if after.shape != before.shape:
        raise RuntimeError(f"hook '{_name(hook)}' has changed the size of value")


def _name(hook: Any) -> str:
    return str(getattr(hook, "__name__", "<unknown>"))
