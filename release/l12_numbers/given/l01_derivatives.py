"""Lesson 1: vjp rules, and a way to check them.

A rule takes ``g``, the gradient of the loss with respect to the operation's result, and returns
the gradient with respect to one input. The names of its other parameters say what the operation
keeps: ``self`` and ``other`` are the inputs, ``result`` is the output.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course.nptorch.math import cos, tied, where


def exp_self(g: Any, result: Any) -> Any:
    """Return the gradient for `self`, given ``result = exp(self)``."""
    return g * result


def log_self(g: Any, self: Any) -> Any:
    """Return the gradient for `self` of ``log(self)``."""
    return g / self


def sin_self(g: Any, self: Any) -> Any:
    """Return the gradient for `self` of ``sin(self)``."""
    return g * cos(self)


def tanh_self(g: Any, result: Any) -> Any:
    """Return the gradient for `self`, given ``result = tanh(self)``."""
    return g * (1 - result * result)


def sigmoid_self(g: Any, result: Any) -> Any:
    """Return the gradient for `self`, given ``result = sigmoid(self)``."""
    return g * (1 - result) * result


def relu_self(g: Any, result: Any) -> Any:
    """Return the gradient for `self`, given ``result = relu(self)``.

    The slope at 0 is 0, as in torch. Where the slope is 0 nothing passes: there the gradient is 0 even if
    `g` is infinite.
    """
    # not g * (result > 0): that makes nan of an infinite g where nothing shall pass. In torch this
    # gradient can itself be differentiated with respect to the input (to 0), hence `tied`
    return tied(where(result <= 0, 0, g), result)


def mul_self(g: Any, other: Any) -> Any:
    """Return the gradient for `self` of ``self * other``."""
    return g * other


def mul_other(g: Any, self: Any) -> Any:
    """Return the gradient for `other` of ``self * other``."""
    return g * self


def div_self(g: Any, other: Any) -> Any:
    """Return the gradient for `self` of ``self / other``."""
    return g / other


def div_other(g: Any, self: Any, other: Any) -> Any:
    """Return the gradient for `other` of ``self / other``."""
    return -g * ((self / other) / other)


def numerical_vjp(
    f: Callable[[np.ndarray[Any, Any]], Any], x: np.ndarray[Any, Any], g: Any, eps: float = 1e-6
) -> np.ndarray[Any, Any]:
    """Estimate the gradient of ``sum(g * f(x))`` by central differences.

    Parameters
    ----------
    f : function
        From an array of the shape of `x` to an array or a number; the result may have another shape.
    x : numpy.ndarray
        Where; float64, any shape. It is left as it was, to the last bit.
    g : array_like
        How much each element of ``f(x)`` counts; it has the shape of ``f(x)``.
    eps : float
        How far one element is moved up, and how far down: half the distance between the two points.

    Returns
    -------
    numpy.ndarray
        One estimate per element of `x`, in its shape.
    """
    estimate = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += eps
        down[index] -= eps
        estimate[index] = np.sum(g * (np.asarray(f(up)) - np.asarray(f(down)))) / (2 * eps)
    return estimate
