"""Wrong slopes of products and quotients."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.faults.registry import fault

TWO = "rules-of-two-inputs"


@fault(
    "product-without-the-gradient",
    exercise=TWO,
    part="mul_self",
    help="The slope of x * w along x is w, and the chain rule multiplies it by g.",
)
def product_without_the_gradient(g: Any, other: Any) -> Any:
    return other


@fault(
    "product-like-a-sum",
    exercise=TWO,
    part="mul_self",
    help="A sum hands g on as it is; a product multiplies it by the other factor.",
)
def product_like_a_sum(g: Any, other: Any) -> Any:
    return g


@fault(
    "product-counts-both-edges",
    exercise=TWO,
    part="mul_other",
    help="Do not double anything for x * x: each edge brings one share, and the walk adds them up.",
)
def product_counts_both_edges(g: Any, self: Any) -> Any:
    return 2 * g * self


@fault(
    "product-only-with-tensors",
    exercise=TWO,
    part="mul_self",
    help="In x * 3 the other factor is a plain number, which has no methods: multiply with * alone.",
)
def product_only_with_tensors(g: Any, other: Any) -> Any:
    return g * other.reshape(g.shape)


@fault(
    "product-writes-into-the-gradient",
    exercise=TWO,
    part="mul_self",
    help="g *= ... changes the gradient that the other factor still needs: return a new product, g * ... .",
    links=["https://github.com/pytorch/pytorch/issues/75312"],
)
def product_writes_into_the_gradient(g: Any, other: Any) -> Any:
    g *= other
    return g


@fault(
    "quotient-multiplies",
    exercise=TWO,
    part="div_self",
    help="The slope of x / w along x is 1 / w: divide g by w.",
)
def quotient_multiplies(g: Any, other: Any) -> Any:
    return g * other


@fault(
    "quotient-without-the-gradient",
    exercise=TWO,
    part="div_self",
    help="1 / w is the slope alone; multiply it by g.",
)
def quotient_without_the_gradient(g: Any, other: Any) -> Any:
    return 1 / other + 0 * g


@fault(
    "numerator-with-the-square",
    exercise=TWO,
    part="div_self",
    help="The square belongs to the denominator's gradient; along x the slope of x / w is just 1 / w.",
)
def numerator_with_the_square(g: Any, other: Any) -> Any:
    return g / (other * other)


@fault(
    "denominator-without-the-minus",
    exercise=TWO,
    part="div_other",
    help="A larger denominator makes the quotient smaller: the slope along w is -x / w**2, with a minus.",
)
def denominator_without_the_minus(g: Any, self: Any, other: Any) -> Any:
    return g * self / (other * other)


@fault(
    "denominator-without-the-square",
    exercise=TWO,
    part="div_other",
    help="The slope of 1 / w is -1 / w**2: divide by w twice.",
)
def denominator_without_the_square(g: Any, self: Any, other: Any) -> Any:
    return -g * self / other


@fault(
    "denominator-without-the-numerator",
    exercise=TWO,
    part="div_other",
    help="The numerator stays where it is: the slope along w is -x / w**2, not -1 / w**2.",
)
def denominator_without_the_numerator(g: Any, self: Any, other: Any) -> Any:
    return -g / (other * other)


@fault(
    "denominator-like-the-numerator",
    exercise=TWO,
    part="div_other",
    help="You send the numerator's gradient to the denominator as well; along w the slope is another.",
)
def denominator_like_the_numerator(g: Any, self: Any, other: Any) -> Any:
    return g / other


@fault(
    "denominator-in-the-order-of-a-power",
    exercise=TWO,
    part="div_other",
    help="-g * self / other * other divides once and multiplies again: put parentheses around other * other.",
)
def denominator_in_the_order_of_a_power(g: Any, self: Any, other: Any) -> Any:
    return -g * self / other * other


@fault(
    "quotient-in-double-precision",
    exercise=TWO,
    part="div_other",
    help="Something in your rule is float64 whatever its inputs are: a float32 gradient has to stay float32.",
)
def quotient_in_double_precision(g: Any, self: Any, other: Any) -> Any:
    slope = -self / (other * other)
    return g * slope.astype(np.float64) if isinstance(slope, np.ndarray) else g * slope
