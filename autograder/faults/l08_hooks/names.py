"""One wrong idea in three places: that every hook has a name to be refused by."""

from __future__ import annotations

from typing import Any

from autograder.faults.l08_hooks.tensor_hooks import call
from autograder.faults.registry import fault
from course.parts.l08_hooks import run_post_hooks, run_pre_hooks


def refuse(hook: Any, error: RuntimeError) -> RuntimeError:
    """Say who did it, as these faults do: not every hook has that attribute."""
    return RuntimeError(f"hook '{hook.__name__}': {error}")


@fault(
    "every-hook-has-a-name",
    exercise="tensor-hooks",
    part="run_tensor_hooks",
    help="A partial or a module has no __name__: use getattr(hook, '__name__', '<unknown>') in the message.",
)
def every_hook_has_a_name(hooks: Any, gradient: Any) -> Any:
    for hook in list(hooks.values()):
        changed = hook(gradient)
        try:
            gradient = call([lambda g, answer=changed: answer], gradient)
        except RuntimeError as error:
            raise refuse(hook, error) from None
    return gradient


@fault(
    "pre-every-hook-has-a-name",
    exercise="node-hooks",
    part="run_pre_hooks",
    help="Before a node, too, a hook may have no __name__: use getattr(hook, '__name__', '<unknown>').",
)
def pre_every_hook_has_a_name(hooks: Any, gradients: list[Any]) -> list[Any]:
    for hook in list(hooks.values()):
        changed = hook(tuple(gradients))
        try:
            gradients = run_pre_hooks({0: lambda given, answer=changed: answer}, gradients)
        except RuntimeError as error:
            raise refuse(hook, error) from None
    return gradients


@fault(
    "post-every-hook-has-a-name",
    exercise="node-hooks",
    part="run_post_hooks",
    help="After a node, too, a hook may have no __name__: use getattr(hook, '__name__', '<unknown>').",
)
def post_every_hook_has_a_name(hooks: Any, grad_inputs: list[Any], grad_outputs: list[Any]) -> list[Any]:
    for hook in list(hooks.values()):
        changed = hook(tuple(grad_inputs), tuple(grad_outputs))
        try:
            grad_inputs = run_post_hooks({0: lambda *given, answer=changed: answer}, grad_inputs, grad_outputs)
        except RuntimeError as error:
            raise refuse(hook, error) from None
    return grad_inputs
