"""Wrong slopes of functions of one input."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.faults.registry import fault
from course.nptorch.math import abs, cos, log, sigmoid, sin, tanh, where

ONE = "rules-of-one-input"


@fault(
    "exp-times-the-input",
    exercise=ONE,
    part="exp_self",
    help="The slope of exp(x) is exp(x) itself, not x: multiply g by the result.",
    links=["https://github.com/karpathy/nn-zero-to-hero/issues/52"],
)
def exp_times_the_input(g: Any, result: Any) -> Any:
    return g * log(result)


@fault(
    "exp-without-the-gradient",
    exercise=ONE,
    part="exp_self",
    help="You return the slope alone; the chain rule multiplies it by g, the gradient that arrived.",
)
def exp_without_the_gradient(g: Any, result: Any) -> Any:
    return result


@fault(
    "exp-passes-the-gradient-on",
    exercise=ONE,
    part="exp_self",
    help="You hand g on as it came; at each element it has to be multiplied by the slope there.",
)
def exp_passes_the_gradient_on(g: Any, result: Any) -> Any:
    return g


@fault(
    "exp-writes-into-the-gradient",
    exercise=ONE,
    part="exp_self",
    help="g *= ... changes the gradient for everybody who holds it: return a new product, g * ... .",
    links=["https://github.com/pytorch/pytorch/issues/75312"],
)
def exp_writes_into_the_gradient(g: Any, result: Any) -> Any:
    g *= result
    return g


@fault(
    "log-times-the-input",
    exercise=ONE,
    part="log_self",
    help="The slope of log(x) is 1 / x: divide g by x instead of multiplying.",
)
def log_times_the_input(g: Any, self: Any) -> Any:
    return g * self


@fault(
    "log-without-the-gradient",
    exercise=ONE,
    part="log_self",
    help="1 / x is the slope alone; multiply it by g, the gradient that arrived.",
)
def log_without_the_gradient(g: Any, self: Any) -> Any:
    return 1 / self


@fault(
    "log-kept-from-zero",
    exercise=ONE,
    part="log_self",
    help="Do not add a small number to x: it changes every gradient a little, and torch sends infinity back at 0.",
)
def log_kept_from_zero(g: Any, self: Any) -> Any:
    return g / (self + 1e-7)


@fault(
    "log-of-the-absolute-value",
    exercise=ONE,
    part="log_self",
    help="The slope is 1 / x for every x: abs(x) turns its sign where x is negative.",
)
def log_of_the_absolute_value(g: Any, self: Any) -> Any:
    return g / abs(self)


@fault(
    "sin-with-a-minus",
    exercise=ONE,
    part="sin_self",
    help="The slope of sin is cos; the minus belongs to the slope of cos, which is -sin.",
)
def sin_with_a_minus(g: Any, self: Any) -> Any:
    return -g * cos(self)


@fault(
    "sin-again",
    exercise=ONE,
    part="sin_self",
    help="You multiply g by the sine itself; only exp is its own slope.",
)
def sin_again(g: Any, self: Any) -> Any:
    return g * sin(self)


@fault(
    "numpy-on-tensors",
    exercise=ONE,
    part="sin_self",
    help="np.cos knows no Tensor: take cos from course.nptorch.math, which works on arrays and on Tensors.",
)
def numpy_on_tensors(g: Any, self: Any) -> Any:
    return g * np.cos(self)


@fault(
    "methods-on-arrays",
    exercise=ONE,
    part="sin_self",
    help="A NumPy array has no method cos(): take the function of course.nptorch.math.",
)
def methods_on_arrays(g: Any, self: Any) -> Any:
    return g * self.cos()


@fault(
    "tanh-without-the-square",
    exercise=ONE,
    part="tanh_self",
    help="The slope of tanh is 1 minus the square of tanh(x): result * result.",
    links=["https://github.com/harvard-edge/cs249r_book/pull/1343"],
)
def tanh_without_the_square(g: Any, result: Any) -> Any:
    return g * (1 - result)


@fault(
    "tanh-of-the-result",
    exercise=ONE,
    part="tanh_self",
    help="result is tanh(x) already: do not take tanh of it once more.",
)
def tanh_of_the_result(g: Any, result: Any) -> Any:
    return g * (1 - tanh(result) * tanh(result))


@fault(
    "tanh-with-the-gradient-inside",
    exercise=ONE,
    part="tanh_self",
    help="g multiplies the whole slope: write g * (1 - result * result), with the parentheses.",
)
def tanh_with_the_gradient_inside(g: Any, result: Any) -> Any:
    return g * 1 - result * result


@fault(
    "sigmoid-of-the-result",
    exercise=ONE,
    part="sigmoid_self",
    help="result is sigmoid(x) already: do not take the sigmoid of it once more.",
)
def sigmoid_of_the_result(g: Any, result: Any) -> Any:
    return g * sigmoid(result) * (1 - sigmoid(result))


@fault(
    "sigmoid-with-the-slope-of-tanh",
    exercise=ONE,
    part="sigmoid_self",
    help="1 - result * result is the slope of tanh; that of sigmoid is result * (1 - result).",
)
def sigmoid_with_the_slope_of_tanh(g: Any, result: Any) -> Any:
    return g * (1 - result * result)


@fault(
    "sigmoid-in-double-precision",
    exercise=ONE,
    part="sigmoid_self",
    help="np.float64(1) makes float64 of a float32 gradient: write the plain number 1.",
)
def sigmoid_in_double_precision(g: Any, result: Any) -> Any:
    if isinstance(g, np.ndarray):
        return g * (np.float64(1) - result) * result
    return g * (1 - result) * result


@fault(
    "relu-lets-everything-through",
    exercise=ONE,
    part="relu_self",
    help="The result of relu is never below 0, so result >= 0 holds everywhere: ask result > 0.",
    links=["https://github.com/KhawajaAbaid/micrograd_c/issues/4"],
)
def relu_lets_everything_through(g: Any, result: Any) -> Any:
    return where(result >= 0, g, 0)


@fault(
    "relu-of-the-gradient",
    exercise=ONE,
    part="relu_self",
    help="It is x that decides what passes, not the sign of the gradient: a negative gradient passes as well.",
)
def relu_of_the_gradient(g: Any, result: Any) -> Any:
    return where((result > 0) & (g > 0), g, 0)


@fault(
    "relu-times-the-result",
    exercise=ONE,
    part="relu_self",
    help="Above 0 the slope of relu is 1, not x: hand g on there as it is.",
)
def relu_times_the_result(g: Any, result: Any) -> Any:
    return where(result > 0, g * result, 0)


@fault(
    "relu-times-the-mask",
    exercise=ONE,
    part="relu_self",
    help="0 times infinity is nan: choose between g and 0 with where() instead of multiplying by the mask.",
)
def relu_times_the_mask(g: Any, result: Any) -> Any:
    return g * (result > 0)
