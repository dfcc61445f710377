"""Array kernels that work on Tensors too, where the vjp rules of `rules` need that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.nptorch._tensor import wrap
from course.nptorch.grad_mode import mode
from course.nptorch.record import OPS, attach


def record(name: str, inputs: tuple[Any, ...], values: Any, facts: dict[str, Any] | None = None) -> Any:
    """Return `values` as a Tensor made by the operation `name` of the vjp table."""
    result = wrap(values)
    if mode.enabled:
        attach(OPS[name], inputs, result, facts)
    return result


def not_differentiable(function: str, **given: Any) -> None:
    """Refuse inputs that require grad where torch has no gradient for them, such as weights of classes.

    Raises
    ------
    RuntimeError
        If gradients are recorded and one of them requires grad.
    """
    for name, x in given.items():
        if mode.enabled and x is not None and x.requires_grad:
            raise RuntimeError(
                f"The function '{function}' is not differentiable with respect to argument '{name}'. "
                "This input cannot have requires_grad True."
            )


def lifted(name: str, kernel: Callable[..., Any], *facts: str) -> Callable[..., Any]:
    """Return `kernel` for arrays, and for Tensors recorded as the operation `name`.

    Its first arguments are arrays or Tensors, the last are plain facts called `facts`.
    """

    def operation(*args: Any) -> Any:
        if not mode.enabled:  # no rule is called with Tensors then
            return kernel(*args)
        first = args[: len(args) - len(facts)]
        rest = args[len(args) - len(facts) :]
        if not any(hasattr(x, "_data") for x in first):
            return kernel(*args)
        op = OPS[name]
        values = kernel(*[getattr(x, "_data", x) for x in first], *rest)
        inputs = (*first, *(None,) * (len(op.inputs) - len(first)))
        return record(name, inputs, values, dict(zip(facts, rest, strict=True)))

    operation.__name__ = name
    operation.__doc__ = kernel.__doc__
    return operation


def constant(values: Any, like: Any) -> Any:
    """Return an array in the dtype of `like`; as a Tensor if `like` is one."""
    if hasattr(like, "_data"):
        return wrap(np.asarray(values, like._data.dtype))
    return np.asarray(values, like.dtype)
