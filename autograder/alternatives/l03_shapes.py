"""Lesson 3 otherwise: other ways round the axes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import course.nptorch as torch
from autograder.alternatives.registry import alternative
from course.nptorch.math import ARRAY, expand, index_put, permute, reshape, transpose, unsqueeze


@alternative("sum_to_size", "one axis after the other")
def size_by_axes(g: Any, shape: Any) -> Any:
    while len(g.shape) > len(shape):
        g = g.sum(axis=0)
    for axis in range(len(shape)):
        if shape[axis] != g.shape[axis]:
            g = g.sum(axis=axis, keepdims=True)
    return g


@alternative("sum_to_size", "summed and then reshaped")
def size_by_reshape(g: Any, shape: Any) -> Any:
    padded = [1] * (len(g.shape) - len(shape)) + list(shape)
    axes = tuple(
        i
        for i, (had, has) in enumerate(zip(padded, g.shape, strict=True))
        if had != has or i < len(padded) - len(shape)
    )
    return reshape(g.sum(axis=axes), tuple(shape)) if axes else g


@alternative("sum_to_size", "by einsum")
def size_by_einsum(g: Any, shape: Any) -> Any:
    letters = "abcdefghij"[: len(g.shape)]
    extra = len(g.shape) - len(shape)
    left = "".join(one for one, had, has in zip(letters[extra:], shape, g.shape[extra:], strict=True) if had == has)
    einsum = np.einsum if isinstance(g, ARRAY) else torch.einsum
    return reshape(einsum(f"{letters}->{left}", g), tuple(shape))


@alternative("sum_self", "axes put in one by one")
def sum_by_axes(g: Any, shape: Any, dim: Any, keepdim: Any) -> Any:
    if not keepdim:
        for axis in sorted(dim):
            g = unsqueeze(g, axis)
    return expand(g, tuple(shape))


@alternative("sum_self", "times ones")
def sum_by_ones(g: Any, shape: Any, dim: Any, keepdim: Any) -> Any:
    narrow = [1 if axis in dim else length for axis, length in enumerate(shape)]
    wide = reshape(g, tuple(narrow))
    return wide * (np.ones(shape, g.dtype) if isinstance(g, ARRAY) else torch.ones(shape, dtype=g.dtype))


@alternative("mean_self", "divided at the end")
def mean_divided_late(g: Any, shape: Any, dim: Any, keepdim: Any) -> Any:
    whole = sum_by_axes(g, shape, dim, keepdim)
    count = math.prod(shape[axis] for axis in dim)
    return whole / max(count, 1)


@alternative("mean_self", "by counting results")
def mean_by_results(g: Any, shape: Any, dim: Any, keepdim: Any) -> Any:
    results = math.prod(g.shape)
    each = math.prod(shape) / results if results else 1
    return sum_by_ones(g * (1 / each if each else 1), shape, dim, keepdim)


@alternative("matmul_self", "as a transposed product")
def left_transposed(g: Any, other: Any) -> Any:
    return transpose(other @ transpose(g))


@alternative("matmul_self", "by einsum")
def left_by_einsum(g: Any, other: Any) -> Any:
    einsum = np.einsum if isinstance(g, ARRAY) else torch.einsum
    return einsum("...ik,...jk->...ij", g, other)


@alternative("matmul_other", "as a transposed product")
def right_transposed(g: Any, self: Any) -> Any:
    return transpose(transpose(g) @ self)


@alternative("matmul_other", "by einsum")
def right_by_einsum(g: Any, self: Any) -> Any:
    einsum = np.einsum if isinstance(g, ARRAY) else torch.einsum
    return einsum("...ki,...kj->...ij", self, g)


@alternative("permute_self", "by argsort")
def permute_by_argsort(g: Any, dims: Any) -> Any:
    return permute(g, tuple(int(axis) for axis in np.argsort(dims)))


@alternative("permute_self", "where each axis went")
def permute_by_places(g: Any, dims: Any) -> Any:
    back = [0] * len(dims)
    for place, axis in enumerate(dims):
        back[axis] = place
    return permute(g, tuple(back))


@alternative("index_self", "with np.add.at")
def index_by_add_at(g: Any, shape: Any, indices: Any) -> Any:
    if not isinstance(g, ARRAY):
        return index_put(g, shape, indices)
    out = np.zeros(shape, dtype=g.dtype)
    np.add.at(out, indices, g)
    return out


@alternative("index_self", "as a product with a table of places")
def index_by_places(g: Any, shape: Any, indices: Any) -> Any:
    """The places of all elements are picked in the same way; a row of the table has a 1 at one of them."""
    places = np.arange(math.prod(shape)).reshape(shape)[indices].reshape(-1)
    table = np.zeros((len(places), math.prod(shape)))
    table[np.arange(len(places)), places] = 1
    flat = reshape(g, (1, len(places)))
    return reshape(
        flat @ (table.astype(g.dtype) if isinstance(g, ARRAY) else torch.tensor(table, dtype=g.dtype)), tuple(shape)
    )
