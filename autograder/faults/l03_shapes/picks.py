"""Wrong ideas about the gradient of picked elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.faults.registry import fault
from course.nptorch.math import ARRAY, index_put

PICKS = "picked-elements"


@fault(
    "picked-twice-counted-once",
    exercise=PICKS,
    part="index_self",
    help="out[indices] = g, and += as well, writes once to each place: what was picked twice counts twice.",
)
def picked_twice_counted_once(g: Any, shape: Any, indices: Any) -> Any:
    if not isinstance(g, ARRAY):
        return index_put(g, shape, indices)
    out = np.zeros(shape, g.dtype)
    out[indices] = g
    return out


@fault(
    "picked-twice-averaged",
    exercise=PICKS,
    part="index_self",
    help="An element that was picked several times receives the sum of its gradients, not their mean.",
)
def picked_twice_averaged(g: Any, shape: Any, indices: Any) -> Any:
    if not isinstance(g, ARRAY):
        return index_put(g, shape, indices)
    times = np.zeros(shape)
    np.add.at(times, indices, 1)
    return index_put(g, shape, indices) / np.maximum(times, 1)


@fault(
    "not-picked-gets-one",
    exercise=PICKS,
    part="index_self",
    help="What was not picked does not change the result: start with zeros.",
)
def not_picked_gets_one(g: Any, shape: Any, indices: Any) -> Any:
    if not isinstance(g, ARRAY):
        return index_put(g, shape, indices)
    times = np.zeros(shape)
    np.add.at(times, indices, 1)
    return index_put(g, shape, indices) + (times == 0)


@fault(
    "picked-from-the-gradient",
    exercise=PICKS,
    part="index_self",
    help="g[indices] picks once more; backward goes the other way, and puts g where its numbers came from.",
)
def picked_from_the_gradient(g: Any, shape: Any, indices: Any) -> Any:
    return g[indices]


@fault(
    "sent-back-as-it-came",
    exercise=PICKS,
    part="index_self",
    help="g has the shape of what was picked; the gradient of x has the shape of x.",
)
def sent_back_as_it_came(g: Any, shape: Any, indices: Any) -> Any:
    return g


@fault(
    "ones-where-picked",
    exercise=PICKS,
    part="index_self",
    help="Put g where its numbers came from; the count of how often each was picked is only the slope.",
)
def ones_where_picked(g: Any, shape: Any, indices: Any) -> Any:
    return index_put(g * 0 + 1, shape, indices)


@fault(
    "picked-in-order",
    exercise=PICKS,
    part="index_self",
    help="The first number of g belongs to the first index, not to the first element of x.",
)
def picked_in_order(g: Any, shape: Any, indices: Any) -> Any:
    if not isinstance(g, ARRAY):
        return index_put(g, shape, indices)
    times = np.zeros(shape)
    np.add.at(times, indices, 1)
    out = np.zeros(int(np.prod(shape)), g.dtype)
    places = np.flatnonzero(times)[: g.size]
    out[places] = g.ravel()[: len(places)]
    return out.reshape(shape)


@fault(
    "picked-along-the-first-axis",
    exercise=PICKS,
    part="index_self",
    help="indices may be a tuple with something for each axis: use all of it, out[indices].",
)
def picked_along_the_first_axis(g: Any, shape: Any, indices: Any) -> Any:
    first = indices[0] if isinstance(indices, tuple) else indices
    return index_put(g, shape, first)


@fault(
    "counted-from-the-front-only",
    exercise=PICKS,
    part="index_self",
    help="-1 is the last element, as in every index: do not leave negative numbers out.",
)
def counted_from_the_front_only(g: Any, shape: Any, indices: Any) -> Any:
    first = indices[0] if isinstance(indices, tuple) else indices
    if isinstance(first, np.ndarray) and first.dtype.kind == "i" and isinstance(g, ARRAY):
        behind = first >= 0
        g = g * behind.reshape(behind.shape + (1,) * (g.ndim - behind.ndim)) if g.ndim >= behind.ndim else g
    return index_put(g, shape, indices)


@fault(
    "numpy-adds-tensors",
    exercise=PICKS,
    part="index_self",
    help="While the backward pass is recorded g is a Tensor, which np.add.at cannot take: use index_put.",
)
def numpy_adds_tensors(g: Any, shape: Any, indices: Any) -> Any:
    out = np.zeros(shape, g.dtype if isinstance(g, ARRAY) else np.float64)
    np.add.at(out, indices, np.asarray(g))
    return out


@fault(
    "masks-without-places",
    exercise=PICKS,
    part="index_self",
    help="A mask says where something was picked: with out[mask] the gradients go there, one after the other.",
)
def masks_without_places(g: Any, shape: Any, indices: Any) -> Any:
    first = indices[0] if isinstance(indices, tuple) else indices
    if isinstance(first, np.ndarray) and first.dtype == np.bool_ and isinstance(g, ARRAY):
        out = np.zeros(shape, g.dtype)
        count = min(g.size, out.size)
        out.reshape(-1)[:count] = g.reshape(-1)[:count]
        return out
    return index_put(g, shape, indices)
