"""Hooks of modules: called before and after forward, and when gradients pass through.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/notes/modules.html#module-hooks
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from typing import Any

from course.nptorch._tensor import Tensor
from course.nptorch.grad_mode import mode
from course.nptorch.graph import hook_onto
from course.nptorch.nn.module_state import State
from course.nptorch.nn.old_hooks import warn_what_is_missed
from course.nptorch.nn.passage import passage


class Hooked(State):
    """The part of `Module` that keeps hooks and calls them."""

    def _add_hook(self, table: OrderedDict[int, Any], hook: Any, prepend: bool) -> Any:
        handle = hook_onto(table, hook)
        if prepend:
            table.move_to_end(handle.id, last=False)
        return handle

    def register_forward_pre_hook(self, hook: Any, *, prepend: bool = False, with_kwargs: bool = False) -> Any:
        """Call ``hook(module, args)`` before forward; what it returns replaces the arguments.

        Parameters
        ----------
        hook : function
            With ``with_kwargs=True`` it is ``hook(module, args, kwargs)`` and returns both.
        prepend : bool
            Call it before all hooks registered so far.

        Returns
        -------
        handle : RemovableHandle
            ``handle.remove()`` takes the hook away.
        """
        handle = self._add_hook(self._forward_pre_hooks, hook, prepend)
        if with_kwargs:
            self._forward_pre_hooks_with_kwargs[handle.id] = True
        return handle

    def register_forward_hook(
        self,
        hook: Any,
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> Any:
        """Call ``hook(module, args, output)`` after forward; what it returns replaces the output.

        Parameters
        ----------
        hook : function
            With ``with_kwargs=True`` it is ``hook(module, args, kwargs, output)``.
        prepend : bool
            Call it before all hooks registered so far.
        always_call : bool
            Call it even if forward raises.

        Returns
        -------
        handle : RemovableHandle
            ``handle.remove()`` takes the hook away.
        """
        handle = self._add_hook(self._forward_hooks, hook, prepend)
        if with_kwargs:
            self._forward_hooks_with_kwargs[handle.id] = True
        if always_call:
            self._forward_hooks_always_called[handle.id] = True
        return handle

    def register_full_backward_pre_hook(self, hook: Any, prepend: bool = False) -> Any:
        """Call ``hook(module, grad_output)`` when the gradients of the outputs are known."""
        return self._add_hook(self._backward_pre_hooks, hook, prepend)

    def register_full_backward_hook(self, hook: Any, prepend: bool = False) -> Any:
        """Call ``hook(module, grad_input, grad_output)`` when the gradients of the inputs are known.

        What it returns replaces ``grad_input``. The module's inputs and outputs become views while
        such a hook is registered, and must not be changed in place.

        Raises
        ------
        RuntimeError
            If the module has a hook of the old kind.
        """
        return self._backward_hook(hook, True, prepend)

    def register_backward_hook(self, hook: Any) -> Any:
        """Hook the node that made the output; deprecated, see `register_full_backward_hook`."""
        return self._backward_hook(hook, False, False)

    def _backward_hook(self, hook: Any, full: bool, prepend: bool) -> Any:
        if self._is_full_backward_hook is (not full):
            raise RuntimeError(
                "Cannot use both regular backward hooks and full backward hooks on a single Module. "
                "Please use only one of them."
            )
        self._is_full_backward_hook = full
        return self._add_hook(self._backward_hooks, hook, prepend)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run `forward` with the module's hooks around it."""
        if not (self._forward_hooks or self._forward_pre_hooks or self._backward_hooks or self._backward_pre_hooks):
            return self.forward(*args, **kwargs)
        return self._call_with_hooks(args, kwargs)

    def _call_with_hooks(self, args: Any, kwargs: Any) -> Any:
        called: set[int] = set()
        result = None
        try:
            args, kwargs = self._run_pre_hooks(args, kwargs)
            backward = None
            full = self._is_full_backward_hook is not False
            if self._backward_pre_hooks or (full and self._backward_hooks):
                hooks = list(self._backward_hooks.values()) if full else []
                backward = BackwardHooks(self, hooks, list(self._backward_pre_hooks.values()))
                args = backward.around_inputs(args)
            result = self.forward(*args, **kwargs)
            for key, hook in list(self._forward_hooks.items()):
                called.add(key)
                changed = self._run_forward_hook(key, hook, args, kwargs, result)
                result = result if changed is None else changed
            if backward is not None:
                if not isinstance(result, Tensor | tuple):
                    warnings.warn(
                        "For backward hooks to be called, module output should be a Tensor or a "
                        f"tuple of Tensors but received {type(result)}",
                        stacklevel=3,
                    )
                result = backward.around_outputs(result)
            if not full:
                self._hook_the_node(args, result)
        except Exception:
            for key, hook in list(self._forward_hooks.items()):
                if key in self._forward_hooks_always_called and key not in called:
                    try:
                        self._run_forward_hook(key, hook, args, kwargs, result)
                    except Exception as error:
                        warnings.warn(
                            "module forward hook with ``always_call=True`` raised an exception that "
                            f"was silenced as another error was raised in forward: {error}",
                            stacklevel=3,
                        )
            raise
        return result

    def _run_pre_hooks(self, args: Any, kwargs: Any) -> tuple[Any, Any]:
        for key, hook in list(self._forward_pre_hooks.items()):
            if key in self._forward_pre_hooks_with_kwargs:
                changed = hook(self, args, kwargs)
                if changed is None:
                    continue
                if not isinstance(changed, tuple) or len(changed) != 2:
                    raise RuntimeError(
                        f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {changed}."
                    )
                args, kwargs = changed
            else:
                changed = hook(self, args)
                if changed is not None:
                    args = changed if isinstance(changed, tuple) else (changed,)
        return args, kwargs

    def _run_forward_hook(self, key: int, hook: Any, args: Any, kwargs: Any, result: Any) -> Any:
        if key in self._forward_hooks_with_kwargs:
            return hook(self, args, kwargs, result)
        return hook(self, args, result)

    def _hook_the_node(self, args: Any, result: Any) -> None:
        """Put hooks of the old kind onto the node that made the (first) output."""
        first = result
        while not isinstance(first, Tensor):
            first = next(iter(first.values())) if isinstance(first, dict) else first[0]
        node = first.grad_fn
        if node is None or not self._backward_hooks:
            return
        for hook in self._backward_hooks.values():

            def on_node(grad_inputs: Any, grad_outputs: Any, hook: Any = hook) -> Any:
                return hook(self, grad_inputs, grad_outputs)

            node.register_hook(on_node)
        warn_what_is_missed(args, result, node)


class BackwardHooks:
    """One call of a module with full backward hooks: a gate before it and a gate behind it.

    The gate behind sees the gradients of the outputs first; the gate before sees those of the
    inputs, and then the hooks run with both.
    """

    def __init__(self, module: Any, hooks: list[Any], pre_hooks: list[Any]) -> None:
        self.module = module
        self.hooks = hooks
        self.pre_hooks = pre_hooks
        self.grad_outputs: Any = None
        self.inputs = self.outputs = 0
        self.input_places: list[int] | None = None
        self.output_places: list[int] | None = None

    def around_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Lead the inputs through the gate before the module."""
        self.inputs = len(args)
        args, self.input_places = self._gate(args, self._on_inputs)
        return args

    def around_outputs(self, result: Any) -> Any:
        """Lead the outputs through the gate behind the module."""
        several = isinstance(result, tuple)
        outputs = result if several else (result,)
        self.outputs = len(outputs)
        outputs, self.output_places = self._gate(outputs, self._on_outputs)
        return outputs if several else outputs[0]

    def _gate(self, values: tuple[Any, ...], post_hook: Any) -> tuple[Any, list[int] | None]:
        places = [i for i, x in enumerate(values) if isinstance(x, Tensor)]
        if not mode.enabled or not any(values[i].requires_grad for i in places):
            return values, None
        through = passage([values[i] for i in places])
        node = next(x.grad_fn for x in through if x.grad_fn is not None)
        node.register_hook(post_hook)
        replaced = list(values)
        for i, x in zip(places, through, strict=True):
            replaced[i] = x
        made = tuple(replaced) if type(values) is tuple else type(values)(*replaced)
        return made, places

    def _on_inputs(self, grad_inputs: Any, _: Any) -> Any:
        if self.grad_outputs is None:
            return None  # gradients came to the inputs without passing through the outputs
        assert self.input_places is not None
        gradients = _spread(grad_inputs, self.input_places, self.inputs)
        for hook in self.hooks:
            changed = hook(self.module, gradients, self.grad_outputs)
            if changed is None:
                continue
            changed = changed if isinstance(changed, tuple) else (changed,)
            if len(changed) != len(gradients):
                raise RuntimeError(
                    "Backward hook returned an invalid number of grad_input, "
                    f"got {len(changed)}, but expected {len(gradients)}"
                )
            gradients = changed
        self.grad_outputs = None
        return tuple(gradients[i] for i in self.input_places)

    def _on_outputs(self, _: Any, grad_outputs: Any) -> Any:
        assert self.output_places is not None
        gradients = _spread(grad_outputs, self.output_places, self.outputs)
        for hook in self.pre_hooks:
            changed = hook(self.module, gradients)
            if changed is None:
                continue
            changed = changed if isinstance(changed, tuple) else (changed,)
            if len(changed) != len(gradients):
                raise RuntimeError(
                    "Backward pre hook returned an invalid number of grad_output, "
                    f"got {len(changed)}, but expected {len(gradients)}"
                )
            gradients = changed
        self.grad_outputs = gradients
        if self.input_places is None:
            self._without_inputs()
        return tuple(gradients[i] for i in self.output_places)

    def _without_inputs(self) -> None:
        """Run the hooks at once: no input requires grad, so nothing will arrive there."""
        warnings.warn(
            "Full backward hook is firing when gradients are computed with respect to module "
            "outputs since no inputs require gradients. See "
            "https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html#torch.nn.Module."
            "register_full_backward_hook for more details.",
            stacklevel=5,
        )
        for hook in self.hooks:
            changed = hook(self.module, (None,) * self.inputs, self.grad_outputs)
            if changed is not None and not (isinstance(changed, tuple) and all(g is None for g in changed)):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always "
                    "return None or None for all gradients."
                )
        self.grad_outputs = None


def _spread(gradients: Any, places: list[int], count: int) -> tuple[Any, ...]:
    """Return `count` values: the gradients at their places, None elsewhere."""
    spread: list[Any] = [None] * count
    for i, gradient in zip(places, gradients, strict=True):
        spread[i] = gradient
    return tuple(spread)
