"""Wrong ideas about matrix products and permutations."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.faults.registry import fault
from course.nptorch.math import permute, reshape, transpose

MATRICES = "matrices"


@fault(
    "left-without-the-transpose",
    exercise=MATRICES,
    part="matmul_self",
    help="The right matrix comes back transposed: with g of shape (n, k) and other of (m, k) you get (n, m).",
)
def left_without_the_transpose(g: Any, other: Any) -> Any:
    return g @ other


@fault(
    "left-in-the-wrong-order",
    exercise=MATRICES,
    part="matmul_self",
    help="A matrix product has an order: g stays on the left, where the left matrix was multiplied from the right.",
)
def left_in_the_wrong_order(g: Any, other: Any) -> Any:
    return transpose(other) @ g


@fault(
    "left-transposed-afterwards",
    exercise=MATRICES,
    part="matmul_self",
    help="What you send back is the transpose of the gradient: transpose one factor, not the product.",
)
def left_transposed_afterwards(g: Any, other: Any) -> Any:
    return other @ transpose(g)


@fault(
    "left-reverses-all-axes",
    exercise=MATRICES,
    part="matmul_self",
    help="other.T reverses all axes, the one of the batch too: swap only the last two.",
)
def left_reverses_all_axes(g: Any, other: Any) -> Any:
    return g @ permute(other, tuple(reversed(range(len(other.shape)))))


@fault(
    "left-without-the-gradient",
    exercise=MATRICES,
    part="matmul_self",
    help="The transposed matrix is the slope; what goes back is g times it.",
)
def left_without_the_gradient(g: Any, other: Any) -> Any:
    return (g * 0 + 1) @ transpose(other)


@fault(
    "left-element-by-element",
    exercise=MATRICES,
    part="matmul_self",
    help="* multiplies element by element; the gradient of a matrix product is a matrix product, @.",
)
def left_element_by_element(g: Any, other: Any) -> Any:
    return g * transpose(other)


@fault(
    "right-without-the-transpose",
    exercise=MATRICES,
    part="matmul_other",
    help="The left matrix comes back transposed, and on the left of g.",
)
def right_without_the_transpose(g: Any, self: Any) -> Any:
    return self @ g


@fault(
    "right-like-the-left",
    exercise=MATRICES,
    part="matmul_other",
    help="Left and right are not alike: for the right matrix the transposed left one stands in front of g.",
)
def right_like_the_left(g: Any, self: Any) -> Any:
    return g @ transpose(self)


@fault(
    "right-transposed-afterwards",
    exercise=MATRICES,
    part="matmul_other",
    help="What you send back is the transpose of the gradient: the transposed left matrix comes first, then g.",
)
def right_transposed_afterwards(g: Any, self: Any) -> Any:
    return transpose(g) @ self


@fault(
    "right-reverses-all-axes",
    exercise=MATRICES,
    part="matmul_other",
    help="self.T reverses all axes, the one of the batch too: swap only the last two.",
)
def right_reverses_all_axes(g: Any, self: Any) -> Any:
    return permute(self, tuple(reversed(range(len(self.shape))))) @ g


@fault(
    "permuted-once-more",
    exercise=MATRICES,
    part="permute_self",
    help="The same permutation again does not undo it, save for a swap of two axes: use the inverse one.",
)
def permuted_once_more(g: Any, dims: Any) -> Any:
    return permute(g, dims)


@fault(
    "permuted-by-reversed-dims",
    exercise=MATRICES,
    part="permute_self",
    help="dims read backwards is not the inverse permutation: ask for each axis where it went.",
)
def permuted_by_reversed_dims(g: Any, dims: Any) -> Any:
    return permute(g, tuple(reversed(dims)))


@fault(
    "permuted-by-transposing",
    exercise=MATRICES,
    part="permute_self",
    help="Turning all axes round undoes only a permutation that turned all axes round: use dims.",
)
def permuted_by_transposing(g: Any, dims: Any) -> Any:
    return permute(g, tuple(reversed(range(len(dims)))))


@fault(
    "permuted-by-reshaping",
    exercise=MATRICES,
    part="permute_self",
    help="reshape gives the right shape and leaves every number in its old order: move the axes with permute.",
)
def permuted_by_reshaping(g: Any, dims: Any) -> Any:
    shape = [0] * len(dims)
    for place, axis in enumerate(dims):
        shape[axis] = g.shape[place]
    return reshape(g, tuple(shape))


@fault(
    "permutation-ignored",
    exercise=MATRICES,
    part="permute_self",
    help="The gradient has the axes of the result: bring them back into the order that x has.",
)
def permutation_ignored(g: Any, dims: Any) -> Any:
    return g


@fault(
    "numpy-transpose-of-tensors",
    exercise=MATRICES,
    part="permute_self",
    help="While the backward pass is recorded g is a Tensor: take permute from course.nptorch.math.",
)
def numpy_transpose_of_tensors(g: Any, dims: Any) -> Any:
    return np.transpose(np.asarray(g), np.argsort(dims))
