"""Functions for vjp rules: the same name works on NumPy arrays and on Tensors.

A rule written with these runs on plain arrays in an ordinary backward pass, and on Tensors, so
that it is recorded itself, under ``create_graph=True``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def both(name: str, on_arrays: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that calls `on_arrays`, or the Tensor's method called `name`."""

    def function(x: Any, *args: Any) -> Any:
        if isinstance(x, np.ndarray | np.generic):
            return on_arrays(x, *args)
        return getattr(x, name)(*args)

    function.__name__ = name
    function.__doc__ = f"``{name}`` of an array, or of a Tensor (recorded)."
    return function


exp = both("exp", np.exp)
log = both("log", np.log)
sin = both("sin", np.sin)
cos = both("cos", np.cos)
tanh = both("tanh", np.tanh)
sqrt = both("sqrt", np.sqrt)
sign = both("sign", np.sign)
abs = both("abs", np.abs)  # noqa: A001
isnan = both("isnan", np.isnan)
cumsum = both("cumsum", np.cumsum)
flip = both("flip", np.flip)
permute = both("permute", np.transpose)
expand = both("expand", np.broadcast_to)
reshape = both("reshape", np.reshape)


def where(condition: Any, a: Any, b: Any) -> Any:
    """Pick from `a` where `condition` holds, else from `b`."""
    if isinstance(condition, np.ndarray | np.generic):
        return np.where(condition, a, b)
    return condition.where(a, b)


def matmul(a: Any, b: Any) -> Any:
    """Matrix product of arrays or Tensors."""
    return a @ b


def transpose(x: Any) -> Any:
    """Swap the last two axes."""
    return x.swapaxes(-1, -2)


def zeros_like(x: Any) -> Any:
    """Zeros of the shape and dtype of `x`; an array for an array, a Tensor for a Tensor."""
    return np.zeros_like(x) if isinstance(x, np.ndarray | np.generic) else x * 0


def index_put(g: Any, shape: tuple[int, ...], indices: Any) -> Any:
    """Return zeros of `shape` with `g` added at `indices` (what indexing with them picked)."""
    if isinstance(g, np.ndarray | np.generic):
        out = np.zeros(shape, g.dtype)
        if _picks_once(indices):
            out[indices] = g
        else:
            np.add.at(out, indices, g)
        return out
    return g.index_put_into(shape, indices)


def _picks_once(indices: Any) -> bool:
    """Return whether an index cannot pick an element twice (slices, integers, masks)."""
    parts = indices if isinstance(indices, tuple) else (indices,)
    return not any(
        isinstance(part, list) or (isinstance(part, np.ndarray) and part.dtype != np.bool_)
        for part in parts
    )


def without(g: Any, indices: Any) -> Any:
    """Return `g` with zeros at `indices`."""
    if isinstance(g, np.ndarray | np.generic):
        out = np.array(g)
        out[indices] = 0
        return out
    out = g.clone()
    out[indices] = 0
    return out


def expand_as_summed(g: Any, x: Any, dim: tuple[int, ...], keepdim: bool) -> Any:
    """Stretch `g`, the shape of `x` folded over `dim`, back to the shape of `x`."""
    kept = tuple(1 if axis in dim else n for axis, n in enumerate(x.shape))
    return expand(reshape(g, kept), tuple(x.shape))


def sum_over(x: Any, dim: tuple[int, ...]) -> Any:
    """Sum over axes, keeping them with extent 1."""
    return x.sum(axis=dim, keepdims=True) if x.shape else x


def reverse_cumsum(g: Any, dim: int) -> Any:
    """Return, for each position along `dim`, the sum of `g` from there to the end."""
    return flip(cumsum(flip(g, (dim,)), dim), (dim,)) if g.shape else g


def select_max(
    g: Any, shape: tuple[int, ...], dim: int, keepdim: bool, indices: np.ndarray[Any, Any]
) -> Any:
    """Return zeros of `shape` with `g` at the positions `indices` along `dim`."""
    if not shape:
        return g
    grid = list(np.indices(indices.shape, sparse=True))
    grid.insert(dim, indices)
    if keepdim:
        g = g.squeeze(dim)
    return index_put(g, shape, tuple(grid))


def among_equals(g: Any, x: Any, result: Any, dim: tuple[int, ...], keepdim: bool) -> Any:
    """Share `g` evenly among the elements of `x` that equal the extreme value `result`."""
    mask = x == expand_as_summed(result, x, dim, keepdim)
    count = sum_over(mask, dim)
    return expand_as_summed(g, x, dim, keepdim) * mask / count


def product_of_others(x: Any, dim: tuple[int, ...]) -> Any:
    """Return, for each element, the product of all others along `dim`; exact where x is 0.

    The products before and after each element are formed without dividing.
    """
    if not x.shape:
        return x * 0 + 1
    rest = tuple(d for d in range(len(x.shape)) if d not in dim)
    order = (*rest, *dim)
    flat = reshape(permute(x, order), (*(x.shape[d] for d in rest), -1))
    n = flat.shape[-1]
    before = [flat[..., :1] * 0 + 1]
    after = [flat[..., :1] * 0 + 1]
    for i in range(n - 1):
        before.append(before[-1] * flat[..., i : i + 1])
        after.append(after[-1] * flat[..., n - 1 - i : n - i])
    others = concatenate(before) * concatenate(after[::-1])
    back = tuple(sorted(range(len(order)), key=order.__getitem__))
    return permute(reshape(others, tuple(x.shape[d] for d in order)), back)


def concatenate(pieces: list[Any]) -> Any:
    """Join arrays or Tensors along the last axis."""
    if isinstance(pieces[0], np.ndarray):
        return np.concatenate(pieces, axis=-1)
    return pieces[0].cat_last(pieces)
