"""Lesson 1 otherwise: other formulas for the same slopes, and other ways to step."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.alternatives.registry import alternative
from course.nptorch.math import sign, sin, where, zeros_like


@alternative("exp_self", "the factors the other way round")
def exp_turned(g: Any, result: Any) -> Any:
    return result * g


@alternative("exp_self", "as what is added to the gradient")
def exp_added(g: Any, result: Any) -> Any:
    return g + g * (result - 1)


@alternative("log_self", "times the reciprocal")
def log_times_reciprocal(g: Any, self: Any) -> Any:
    return g * (1 / self)


@alternative("log_self", "as a power")
def log_as_power(g: Any, self: Any) -> Any:
    return self**-1 * g


@alternative("sin_self", "a quarter of a turn later")
def sin_later(g: Any, self: Any) -> Any:
    return g * sin(self + math.pi / 2)


@alternative("sin_self", "by half of the angle")
def sin_by_half_angles(g: Any, self: Any) -> Any:
    half = sin(self / 2)
    return g * (1 - 2 * half * half)


@alternative("tanh_self", "as a difference")
def tanh_as_difference(g: Any, result: Any) -> Any:
    return g - g * result**2


@alternative("tanh_self", "as two factors")
def tanh_as_factors(g: Any, result: Any) -> Any:
    slope = (1 + result) * (1 - result)
    return slope * g


@alternative("sigmoid_self", "as a difference")
def sigmoid_as_difference(g: Any, result: Any) -> Any:
    return (result - result**2) * g


@alternative("sigmoid_self", "in two steps")
def sigmoid_in_steps(g: Any, result: Any) -> Any:
    inner = g * result
    return inner - inner * result


@alternative("relu_self", "chosen where the result is positive")
def relu_chosen(g: Any, result: Any) -> Any:
    return where(result > 0, g, zeros_like(g))


@alternative("relu_self", "0 where the result is 0")
def relu_zero_where_zero(g: Any, result: Any) -> Any:
    return where(sign(result) == 0, 0.0, g)


@alternative("mul_self", "added to zeros")
def mul_self_summed(g: Any, other: Any) -> Any:
    return 0 * g + g * other


@alternative("mul_self", "the factors the other way round")
def mul_self_turned(g: Any, other: Any) -> Any:
    return other * g


@alternative("mul_other", "by the rule of its sister")
def mul_other_by_sister(g: Any, self: Any) -> Any:
    return mul_self_turned(g, self)


def _made(slope: Callable[..., Any]) -> Callable[..., Any]:
    """Rules can be made by a function, too."""

    def rule(g: Any, self: Any) -> Any:
        return g * slope(self)

    return rule


alternative("mul_other", "made from its slope")(_made(lambda other: other))


@alternative("div_self", "times the reciprocal")
def div_self_reciprocal(g: Any, other: Any) -> Any:
    return g * (1 / other)


@alternative("div_self", "as a power")
def div_self_power(g: Any, other: Any) -> Any:
    return g * other**-1


@alternative("div_other", "over the square")
def div_other_over_square(g: Any, self: Any, other: Any) -> Any:
    return -(g * self) / (other * other)


@alternative("div_other", "as a product of two quotients")
def div_other_two_quotients(g: Any, self: Any, other: Any) -> Any:
    return (g / other) * (-self / other)


@alternative("numerical_vjp", "in place, what was there is written back")
def numerical_in_place(f: Any, x: Any, g: Any, eps: float = 1e-6) -> Any:
    estimate = np.empty_like(x)
    for place, kept in list(np.ndenumerate(x)):
        x[place] = kept + eps
        above = np.sum(g * f(x.copy()))
        x[place] = kept - eps
        below = np.sum(g * f(x.copy()))
        x[place] = kept
        estimate[place] = (above - below) / (2 * eps)
    return estimate


@alternative("numerical_vjp", "along the rows of a unit matrix")
def numerical_by_directions(f: Any, x: Any, g: Any, eps: float = 1e-6) -> Any:
    def weighed(flat: Any) -> float:
        return float(np.vdot(g, f(flat.reshape(x.shape))))

    start = x.ravel()
    steps = eps * np.eye(x.size)
    slopes = [(weighed(start + step) - weighed(start - step)) / eps / 2 for step in steps]
    return np.array(slopes, dtype=x.dtype).reshape(x.shape)
