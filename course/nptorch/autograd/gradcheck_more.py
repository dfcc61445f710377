"""What `gradcheck` asks besides the numbers: forms, linearity in the gradient, missing gradients.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.graph import Node, gradient_edge

UNDEFINED = (
    'Expected backward function to handle undefined output grads. Please look at "Notes about undefined output '
    'gradients" in "tools/autograd/derivatives.yaml"'
)
NOT_ZERO = (
    "Expected all input grads to be undefined or zero when all output grads are undefined or zero. Please look at "
    '"Notes about undefined output gradients" in "tools/autograd/derivatives.yaml"'
)
SWITCH = (
    "Backwards compatibility: New undefined gradient support checking feature is enabled by default, but it may "
    "break existing callers of this function. If this is true for you, you can call this function with "
    '"check_undefined_grad=False" to disable the feature'
)


class GradcheckError(RuntimeError):
    """A gradient does not agree with the differences of its function."""


def refuse(**wanted: bool) -> None:
    """Refuse checks that need what the engine does not have.

    Raises
    ------
    NotImplementedError
        For the first of `wanted` that is True; it names it.
    """
    for name, value in wanted.items():
        if value:
            needs = "vmap" if "batched" in name else "forward-mode differentiation"
            raise NotImplementedError(f"course.nptorch has no {name}=True: it needs {needs}")


def check_same_form(one: Any, other: Any, eps: float, place: Any) -> None:
    """Refuse outputs whose shape or dtype changes with the values of the inputs.

    Raises
    ------
    AssertionError
        With both shapes or dtypes.
    """
    for what, plural in (("shape", "shapes"), ("dtype", "dtypes")):
        if getattr(one, what) != getattr(other, what):
            raise AssertionError(
                f"Expected `func` to return outputs with the same {what} when inputs are perturbed on index {place} by "
                f"{eps}, but got: {plural} {getattr(one, what)} and {getattr(other, what)}."
            )


def check_linear(outputs: tuple[Any, ...], inputs: list[Tensor]) -> None:
    """Check that gradients of zero give gradients of zero.

    Raises
    ------
    GradcheckError
        If one does not.
    """
    from course.nptorch.autograd import grad

    zeros = [wrap(np.zeros_like(y._data)) for y in outputs]
    for g in grad(outputs, inputs, zeros, retain_graph=True, allow_unused=True):
        if g is not None and np.any(g._data):
            raise GradcheckError("backward not multiplied by grad_output")


class UndefinedGrad(Node):
    """Passes on no gradient at all."""

    def apply(self, gradients: list[Any]) -> list[Any]:
        return [None]


def _without_gradient(y: Any) -> Any:
    edge, slot = gradient_edge(y)
    return y.attached_alias(UndefinedGrad((edge,), (slot,)))


def check_undefined(func: Callable[..., Any], inputs: tuple[Any, ...], which: Callable[[Any], Any]) -> None:
    """Check that backward copes with outputs that get no gradient, all of them or one.

    Parameters
    ----------
    func : function
        The function under test.
    inputs : tuple
        Where.
    which : function
        Picks the differentiable outputs.

    Raises
    ------
    GradcheckError
        If backward raises, or makes gradients out of nothing.
    """
    count = len(which(func(*inputs)))
    cases = [set(range(count))] + [{i} for i in range(count) if count > 1]
    checked = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]
    for missing in cases:
        outputs = which(func(*inputs))
        ends = [_without_gradient(y) if i in missing else y for i, y in enumerate(outputs)]
        _check_case(ends, checked)


def _check_case(ends: list[Any], inputs: list[Tensor]) -> None:
    from course.nptorch.autograd import grad

    zeros = [wrap(np.zeros_like(y._data)) for y in ends]
    try:
        found = grad(ends, inputs, zeros, allow_unused=True)
    except RuntimeError as error:
        warnings.warn(SWITCH, UserWarning, stacklevel=5)
        raise GradcheckError(UNDEFINED) from error
    if any(g is not None and np.any(g._data) for g in found):
        warnings.warn(SWITCH, UserWarning, stacklevel=5)
        raise GradcheckError(NOT_ZERO)
