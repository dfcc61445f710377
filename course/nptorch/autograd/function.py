"""What stands behind `autograd.Function`: the context that its methods are given.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/notes/extending.html
"""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any

from course.nptorch._tensor import Tensor
from course.nptorch.absent import nothing_else_in
from course.nptorch.autograd.function_node import Error, FunctionNode, read_kept
from course.nptorch.autograd.function_outputs import finish
from course.nptorch.grad_mode import mode, recording
from course.nptorch.graph import gradient_edge
from course.nptorch.parts import declare, missing, plugged

__all__ = ["FunctionBase", "FunctionCtx", "FunctionNode", "arguments", "finish", "once_differentiable", "recording"]

STATIC_ONLY = (
    "{} should not be instantiated. Methods on autograd functions are all static, so you should "
    "invoke them on the class itself. Instantiating an autograd function will raise an error in a "
    "future version of PyTorch."
)
LEGACY = (
    "Legacy autograd function with non-static forward method is deprecated. Please use new-style "
    "autograd function with static forward method. (Example: "
    "https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
)


class FunctionCtx:
    """What the methods of a Function are given as ``ctx``: a place for notes to ``backward``.

    Any attribute may be set on it, so its own have torch's names or a leading underscore.

    Attributes
    ----------
    needs_input_grad : tuple of bool
        Per input, whether its gradient is asked for.
    """

    def __init__(self, function: Any, inputs: tuple[Any, ...]) -> None:
        self._function = function
        self._inputs = inputs
        self.needs_input_grad = tuple([isinstance(x, Tensor) and x.requires_grad for x in inputs])
        self.to_save: tuple[Any, ...] = ()
        self.dirty_tensors: tuple[Any, ...] = ()
        self.non_differentiable: tuple[Any, ...] = ()
        self.materialize_grads = True
        self._materialize_non_diff_grads = True
        self._node: Any = None  # weak reference to the node, once there is one

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep Tensors (or None) for ``ctx.saved_tensors``; other things go on ``ctx`` itself."""
        self.to_save = tensors

    def save_for_forward(self, *tensors: Any) -> None:
        """Do nothing: these are for ``jvp``, and the engine has no forward mode."""

    def mark_dirty(self, *args: Any) -> None:
        """Say which inputs ``forward`` changed in place."""
        self.dirty_tensors = args

    def mark_non_differentiable(self, *args: Any) -> None:
        """Say which outputs have no gradient."""
        self.non_differentiable = args

    def set_materialize_grads(self, value: bool) -> None:
        """Choose whether missing gradients reach ``backward`` as zeros (the default) or None."""
        self.materialize_grads = value

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What `save_for_backward` was given, each checked for in-place changes."""
        node = self._node and self._node()
        return self.to_save if node is None else read_kept(node)

    @property
    def saved_variables(self) -> tuple[Any, ...]:
        """Old name of `saved_tensors`."""
        warnings.warn("'saved_variables' is deprecated; use 'saved_tensors'", DeprecationWarning, stacklevel=2)
        return self.saved_tensors

    def __getattr__(self, name: str) -> Any:
        # in torch the context is the node, so whatever a node can tell can be asked here
        node = None if name.startswith("__") or name == "_node" else self._node and self._node()
        if node is None or not hasattr(type(node), name):
            raise AttributeError(f"'{self._function.__name__}Backward' object has no attribute '{name}'")
        return getattr(node, name)


class FunctionBase:
    """What every Function has, whoever wrote its ``apply``."""

    generate_vmap_rule = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn(STATIC_ONLY.format(type(self)), DeprecationWarning, stacklevel=2)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse the form that torch gave up in 1.5."""
        raise RuntimeError(LEGACY)

    @staticmethod
    def vjp(ctx: Any, *grad_outputs: Any) -> Any:
        """Do what ``backward`` does, under its other name; one of the two is to be overridden."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom "
            "autograd.Function to use it with backward mode AD."
        )

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """Forward-mode rule; the engine never calls it."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."
        )

    @staticmethod
    def vmap(info: Any, in_dims: Any, *args: Any) -> Any:
        """Batching rule; the engine never calls it."""
        raise NotImplementedError(
            "To use autograd.Function with vmap, you must either override the vmap staticmethod "
            "or set generate_vmap_rule=True."
        )


class NullFunction(FunctionBase):
    """Stands in until lesson 9 has built `Function`: one can derive from it, and no more."""

    apply = staticmethod(missing("Function", 9))


def arguments(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """Return what ``apply`` was given by position: named arguments in the places that ``forward`` has for them.

    Where the Function has a ``setup_context``, the defaults of those left out are filled in, too.

    Raises
    ------
    TypeError
        If an argument is unknown or given twice, or one before it is missing.
    """
    forward = function.forward
    first = 1
    if getattr(function, "setup_context", None) is not None:
        first = 0
        bound = inspect.signature(forward).bind(*args, **kwargs)
        bound.apply_defaults()
        args, kwargs = bound.args, bound.kwargs
    if not kwargs:
        return args
    code = forward.__code__
    names = code.co_varnames[first : code.co_argcount]  # without `ctx`, and without keyword-only ones, as in torch
    for name in kwargs:
        if name not in names:
            raise TypeError(f"forward() got an unexpected keyword argument '{name}'")
        if name in names[: len(args)]:
            raise TypeError(f"forward() got multiple values for argument '{name}'")
    last = max(names.index(name) for name in kwargs)
    for position in range(len(args), last + 1):
        if names[position] not in kwargs:
            raise TypeError(f"forward() missing required argument: '{names[position]}' (position {position})")
    return (*args, *(kwargs[name] for name in names[len(args) : last + 1]))


def once_differentiable(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a ``backward`` that is not written in recorded operations.

    Differentiating its result raises, instead of silently giving a wrong number.
    """

    @functools.wraps(fn)
    def wrapper(ctx: Any, *args: Any) -> Any:
        with recording(False):
            outputs = fn(ctx, *args)
        if not mode.enabled or not any(isinstance(g, Tensor) and g.requires_grad for g in args):
            return outputs
        several = outputs if isinstance(outputs, tuple) else (outputs,)
        fakes = [x.detach_alias().requires_grad_() if isinstance(x, Tensor) else None for x in several]
        error = Error([(None, 0) if x is None else gradient_edge(x) for x in fakes])
        made = [
            x if fake is None else fake.attached_alias(error, i)
            for i, (x, fake) in enumerate(zip(several, fakes, strict=True))
        ]
        return tuple(made) if isinstance(outputs, tuple) else made[0]

    return wrapper


declare("Function", 9, "an operation with a backward of your own", NullFunction)
declare("SlidingConv2d", 9, "a convolution with its backward, written as a Function")

_absent = nothing_else_in("autograd.function")


def __getattr__(name: str) -> Any:
    return plugged.Function if name == "Function" else _absent(name)
