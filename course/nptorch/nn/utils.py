"""``torch.nn.utils``: clipping gradients, and all parameters as one vector.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/nn.html#utilities
"""

from __future__ import annotations

import types
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.absent import nothing_else_in
from course.nptorch.dtypes import get_default_dtype
from course.nptorch.grad_mode import recording
from course.nptorch.ops.register import FUNCTIONS

__all__ = [
    "clip_grad_norm_",
    "clip_grad_value_",
    "clip_grads_with_norm_",
    "get_total_norm",
    "parameters_to_vector",
    "vector_to_parameters",
]

Parameters = Tensor | Iterable[Tensor]


def _gradients(parameters: Parameters) -> list[Tensor]:
    if isinstance(parameters, Tensor):
        parameters = [parameters]
    else:
        drained = isinstance(parameters, types.GeneratorType)
        parameters = list(parameters)
        if drained and not parameters:
            warnings.warn(
                "`parameters` is an empty generator, no gradient clipping will occur.",
                stacklevel=3,
            )
    return [x.grad for x in parameters if x.grad is not None]


def get_total_norm(
    tensors: Parameters,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Return the norm of several tensors taken as one vector.

    Raises
    ------
    RuntimeError
        If the norm is not finite and `error_if_nonfinite`.
    """
    several = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    if not several:
        return wrap(np.zeros((), get_default_dtype().numpy))
    order = float(norm_type)
    norms = np.array([_norm(x._data, order) for x in several], several[0]._data.dtype)
    total = _norm(norms, order)
    if error_if_nonfinite and not np.isfinite(total):
        raise RuntimeError(
            f"The total norm of order {order} for gradients from `parameters` is non-finite, so it "
            "cannot be clipped. To disable this error and scale the gradients by the non-finite norm "
            "anyway, set `error_if_nonfinite=False`"
        )
    return wrap(np.asarray(total, norms.dtype))


def _norm(x: Any, order: float) -> Any:
    return np.linalg.norm(np.asarray(x).reshape(-1), order)


def clip_grads_with_norm_(
    parameters: Parameters, max_norm: float, total_norm: Any, foreach: bool | None = None
) -> None:
    """Scale gradients in place by ``max_norm / total_norm``, if that makes them smaller."""
    with recording(False):
        factor = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
        for gradient in _gradients(parameters):
            gradient.mul_(factor)


def clip_grad_norm_(
    parameters: Parameters,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale the gradients of `parameters` in place so that their common norm is at most `max_norm`.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
        Whose gradients; those without are left out.
    max_norm : float
        Largest norm allowed.
    norm_type : float
        Which norm; ``float("inf")`` for the largest element.
    error_if_nonfinite : bool
        Raise if the norm is nan or infinite.

    Returns
    -------
    Tensor
        The norm before clipping.

    Raises
    ------
    RuntimeError
        If the norm is not finite and `error_if_nonfinite`.
    """
    max_norm = float(max_norm)
    kept = parameters if isinstance(parameters, Tensor | types.GeneratorType) else list(parameters)
    gradients = _gradients(kept)
    with recording(False):
        total: Any = get_total_norm(gradients, norm_type, error_if_nonfinite)
        if gradients:
            factor = (float(max_norm) / (total + 1e-6)).clamp(max=1.0)
            for gradient in gradients:
                gradient.mul_(factor)
    return total  # type: ignore[no-any-return]


def clip_grad_value_(parameters: Parameters, clip_value: float, foreach: bool | None = None) -> None:
    """Hold every element of the gradients of `parameters` between ``-clip_value`` and ``clip_value``, in place."""
    clip_value = float(clip_value)
    with recording(False):
        for gradient in _gradients(parameters):
            gradient.clamp_(-float(clip_value), float(clip_value))


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """Return all elements of `parameters` in one vector (recorded)."""
    return FUNCTIONS["cat"]([x.reshape(-1) for x in parameters])  # type: ignore[no-any-return]


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Make the parameters views of the pieces of a vector.

    Raises
    ------
    TypeError
        If `vec` is no Tensor.
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {type(vec).__name__}")
    at = 0
    for parameter in parameters:
        count = parameter.numel()
        whole: Any = vec.detach_alias()
        piece = whole[at : at + count].view(parameter.shape)._array
        parameter.data = wrap(piece)
        at += count


__getattr__ = nothing_else_in("nn.utils")
