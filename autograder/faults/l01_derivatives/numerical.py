"""Wrong ideas about estimating a gradient by differences."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.faults.registry import fault

NUMERICAL = "numerical-vjp"


def right(f: Any, x: Any, g: Any, eps: float) -> Any:
    """A right estimate, for the faults that spoil something before or after it."""
    estimate = np.zeros(np.shape(x))
    for place in np.ndindex(np.shape(x)):
        step = np.zeros(np.shape(x))
        step[place] = eps
        estimate[place] = (g * (f(x + step) - f(x - step))).sum() / (2 * eps)
    return estimate


@fault(
    "one-sided-difference",
    exercise=NUMERICAL,
    part="numerical_vjp",
    help="Go up and down, (f(x + eps) - f(x - eps)) / (2 * eps): to one side only the error is of order eps.",
    links=[
        "https://discuss.pytorch.org/t/gradients-are-different-on-single-and-double-precision/154957",
        "https://github.com/harvard-edge/cs249r_book/issues/1342",
    ],
)
def one_sided_difference(f: Any, x: Any, g: Any, eps: float = 1e-6) -> Any:
    estimate = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        up = x.copy()
        up[place] += eps
        estimate[place] = np.sum(g * (f(up) - f(x))) / eps
    return estimate


@fault(
    "divides-by-eps",
    exercise=NUMERICAL,
    part="numerical_vjp",
    help="The two points are 2 * eps apart: divide by that, not by eps.",
)
def divides_by_eps(f: Any, x: Any, g: Any, eps: float = 1e-6) -> Any:
    return 2 * right(f, x, g, eps)


@fault(
    "steps-by-half-of-eps",
    exercise=NUMERICAL,
    part="numerical_vjp",
    help="eps is half the distance between the two points: go a whole eps up and a whole eps down.",
)
def steps_by_half_of_eps(f: Any, x: Any, g: Any, eps: float = 1e-6) -> Any:
    return right(f, x, g, eps / 2)


@fault(
    "a-step-of-its-own",
    exercise=NUMERICAL,
    part="numerical_vjp",
    help="Use the eps that you are given: a step that is written down in the function ignores the caller.",
)
def a_step_of_its_own(f: Any, x: Any, g: Any, eps: float = 1e-6) -> Any:
    return right(f, x, g, 1e-6)


@fault(
    "all-elements-at-once",
    exercise=NUMERICAL,
    part="numerical_vjp",
    help="Move one element at a time: where all move together you cannot tell who changed the result.",
)
def all_elements_at_once(f: Any, x: Any, g: Any, eps: float = 1e-6) -> Any:
    return g * (f(x + eps) - f(x - eps)) / (2 * eps)


@fault(
    "estimate-without-the-gradient",
    exercise=NUMERICAL,
    part="numerical_vjp",
    help="Each result counts with its weight g: multiply the difference by g before you sum.",
)
def estimate_without_the_gradient(f: Any, x: Any, g: Any, eps: float = 1e-6) -> Any:
    return right(f, x, np.ones_like(g), eps)


@fault(
    "sum-before-the-weights",
    exercise=NUMERICAL,
    part="numerical_vjp",
    help="Weigh each result with its own element of g and sum then: a sum of f first mixes the weights.",
)
def sum_before_the_weights(f: Any, x: Any, g: Any, eps: float = 1e-6) -> Any:
    return right(lambda v: np.sum(f(v)), x, np.sum(g), eps)


@fault(
    "weights-by-place-in-x",
    exercise=NUMERICAL,
    part="numerical_vjp",
    help="g has the shape of f(x), not of x: sum(g * difference), and do not look up g at the place of x.",
)
def weights_by_place_in_x(f: Any, x: Any, g: Any, eps: float = 1e-6) -> Any:
    return g * right(f, x, np.ones_like(g), eps)


@fault(
    "leaves-the-step-in-x",
    exercise=NUMERICAL,
    part="numerical_vjp",
    help="After the estimate x is no longer what it was: step on a copy, or write back the value you found.",
)
def leaves_the_step_in_x(f: Any, x: Any, g: Any, eps: float = 1e-6) -> Any:
    estimate = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        x[place] += eps
        above = f(x)
        x[place] -= 2 * eps
        estimate[place] = np.sum(g * (above - f(x))) / (2 * eps)
    return estimate


@fault(
    "steps-back-by-arithmetic",
    exercise=NUMERICAL,
    part="numerical_vjp",
    help="x + eps - 2 * eps + eps need not be x to the last bit: write back the value that you found.",
)
def steps_back_by_arithmetic(f: Any, x: Any, g: Any, eps: float = 1e-6) -> Any:
    estimate = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        x[place] += eps
        above = f(x)
        x[place] -= 2 * eps
        estimate[place] = np.sum(g * (above - f(x))) / (2 * eps)
        x[place] += eps
    return estimate


@fault(
    "two-names-for-one-array",
    exercise=NUMERICAL,
    part="numerical_vjp",
    help="up = down = x.copy() are two names for one array, and the steps cancel: make two copies.",
)
def two_names_for_one_array(f: Any, x: Any, g: Any, eps: float = 1e-6) -> Any:
    estimate = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        up = down = x.copy()
        up[place] += eps
        down[place] -= eps
        estimate[place] = np.sum(g * (f(up) - f(down))) / (2 * eps)
    return estimate


@fault(
    "vectors-only",
    exercise=NUMERICAL,
    part="numerical_vjp",
    help="for i in range(len(x)) walks along rows: np.ndindex(x.shape) names every element, in any shape.",
)
def vectors_only(f: Any, x: Any, g: Any, eps: float = 1e-6) -> Any:
    estimate = np.zeros_like(x)
    for i in range(len(x)):
        up, down = x.copy(), x.copy()
        up[i] += eps
        down[i] -= eps
        estimate[i] = np.sum(g * (f(up) - f(down))) / (2 * eps)
    return estimate


@fault(
    "steps-on-a-flat-copy",
    exercise=NUMERICAL,
    part="numerical_vjp",
    help="x.reshape(-1) is a copy where x is a transposed view, and steps taken there never reach x.",
)
def steps_on_a_flat_copy(f: Any, x: Any, g: Any, eps: float = 1e-6) -> Any:
    flat, estimate = x.reshape(-1), np.zeros(x.size)
    for i in range(x.size):
        before = flat[i]
        flat[i] = before + eps
        above = np.array(f(x))
        flat[i] = before - eps
        estimate[i] = np.sum(g * (above - f(x))) / (2 * eps)
        flat[i] = before
    return estimate.reshape(x.shape)


@fault(
    "steps-where-the-value-is",
    exercise=NUMERICAL,
    part="numerical_vjp",
    help="x == value finds every element that is equal: step at a place, not at a value.",
)
def steps_where_the_value_is(f: Any, x: Any, g: Any, eps: float = 1e-6) -> Any:
    estimate = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        there = x == x[place]
        estimate[place] = np.sum(g * (f(x + eps * there) - f(x - eps * there))) / (2 * eps)
    return estimate
