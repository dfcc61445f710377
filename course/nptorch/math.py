"""Functions for vjp rules: the same name works on NumPy arrays and on Tensors.

A rule written with these runs on plain arrays in an ordinary backward pass, and on Tensors, so
that it is recorded itself, under ``create_graph=True``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course.nptorch.choosing import choose
from course.nptorch.dtypes import dtype_of, get_default_dtype
from course.nptorch.engine import current
from course.nptorch.messages import TWO_BOOLS

ARRAY = (np.ndarray, np.generic)
Shape = tuple[int, ...]


def both(name: str, on_arrays: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that calls `on_arrays`, or the Tensor's method called `name`."""

    def function(x: Any, *args: Any) -> Any:
        if isinstance(x, ARRAY):
            return on_arrays(x, *args)
        return getattr(x, name)(*args)

    function.__name__ = name
    function.__doc__ = f"``{name}`` of an array, or of a Tensor (recorded)."
    return function


def logistic(x: Any) -> Any:
    """Return ``1 / (1 + exp(-x))`` of an array without overflow."""
    return np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))


def signum(x: Any) -> Any:
    """Return 1, 0 or -1 for each element of an array; 0 for nan, as torch does."""
    return (x > 0).astype(x.dtype) - (x < 0).astype(x.dtype) if x.dtype.kind != "b" else +x


def repeated(x: Any, shape: tuple[int, ...]) -> Any:
    """Return a view of `x` that repeats axes of extent 1, and may be written to, as torch's may."""
    out = np.broadcast_to(x, shape)
    if not isinstance(x, np.ndarray) or x.flags.writeable:
        out.flags.writeable = True
    return out


exp = both("exp", np.exp)
log = both("log", np.log)
log1p = both("log1p", np.log1p)
sin = both("sin", np.sin)
cos = both("cos", np.cos)
sinh = both("sinh", np.sinh)
cosh = both("cosh", np.cosh)
tanh = both("tanh", np.tanh)
sqrt = both("sqrt", np.sqrt)
reciprocal = both("reciprocal", lambda x: 1 / x)
sigmoid = both("sigmoid", logistic)
sign = both("sign", signum)
sgn = both("sgn", signum)
floor = both("floor", np.floor)
trunc = both("trunc", np.trunc)
abs = both("abs", np.abs)  # noqa: A001 - reads as mathematics
isnan = both("isnan", np.isnan)
isfinite = both("isfinite", np.isfinite)
cumsum = both("cumsum", lambda x, dim: np.cumsum(x, dim) + 0)  # as in torch it starts from 0, so -0 becomes 0
cumprod = both("cumprod", np.cumprod)
flip = both("flip", np.flip)
cross = both("cross", lambda x, y, dim: np.cross(x, y, axis=dim))
swapaxes = both("transpose", lambda x, dim0, dim1: np.swapaxes(x, dim0, dim1) if x.ndim else x)
roll = both("roll", lambda x, shifts, dims: np.roll(x, shifts if dims else sum(shifts), dims))
tril = both("tril", np.tril)
triu = both("triu", np.triu)
permute = both("permute", np.transpose)
expand = both("expand", repeated)
t = both("t", np.transpose)
reshape = both("reshape", np.reshape)
squeeze = both("squeeze", np.squeeze)
unsqueeze = both("unsqueeze", np.expand_dims)
gather = both("gather", lambda x, dim, index: x[along(index, dim, x.ndim)])


def raw(x: Any) -> Any:
    """Return the array of a Tensor; an array as it is."""
    return getattr(x, "_data", x)


def where(condition: Any, a: Any, b: Any) -> Any:
    """Pick from `a` where `condition` holds, else from `b` (each a number as well)."""
    return choose(condition, a, b) if isinstance(condition, ARRAY) else condition.choose(a, b)


def masked_fill(x: Any, mask: Any, value: float) -> Any:
    """Return `x` with a number in it where `mask` holds."""
    return choose(mask, value, x) if isinstance(x, ARRAY) else x.masked_fill(mask, value)


def one_minus(weight: Any) -> Any:
    """Return ``1 - weight``, which torch refuses to compute of bools."""
    if raw(weight).dtype.kind == "b":
        raise RuntimeError(TWO_BOOLS)
    return 1 - weight


def reciprocal_or_0(x: Any) -> Any:
    """Return ``1 / x``, and 0 where `x` is 0."""
    return masked_fill(reciprocal(x), x == 0, 0)


def _xlogy(x: Any, y: Any) -> Any:
    return np.where((x == 0) & ~np.isnan(y), 0, x * np.log(y)).astype(np.result_type(x, y))


xlogy = both("xlogy", _xlogy)
softplus = both("softplus", lambda x: np.logaddexp(0, x).astype(x.dtype))
log_sigmoid = both("log_sigmoid", lambda x: np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x))))
tied = both("tied", lambda g, x: g)
held = both("held", lambda g, *others: g)
beside = both("beside", lambda g, x: g)


def power(x: Any, exponent: Any) -> Any:
    """Return ``x ** exponent``; by a root where torch takes one, which decides what becomes of -inf."""
    if isinstance(x, ARRAY):
        if exponent in (0.5, -0.5):
            return np.sqrt(x) if exponent > 0 else 1 / np.sqrt(x)
        return x**exponent
    return x.pow(exponent)


def quotient(x: Any, y: Any, rounding: str) -> Any:
    """Return ``x / y`` as a whole number, whose slope is 0; `rounding` is ``"floor"`` or ``"trunc"``."""
    if isinstance(x, ARRAY):
        return np.floor_divide(x, y) if rounding == "floor" else np.trunc(x / y)
    return x.div(y, rounding_mode=rounding)


def number_over(number: float, x: Any) -> Any:
    """Return ``number / x``; torch makes it in memory of the dtype of `x`, and so refuses whole numbers.

    Raises
    ------
    RuntimeError
        If the dtype of `x` is no floating point one.
    """
    kind = x.dtype if isinstance(x, ARRAY) else x._data.dtype
    if kind.kind != "f":
        made, wanted = get_default_dtype(), dtype_of(kind)
        raise RuntimeError(
            f"result type {made.tensor_type[:-6]} can't be cast to the desired output type {wanted.tensor_type[:-6]}"
        )
    over: Any = number if isinstance(x, ARRAY) else x.new_tensor(number)
    return over / x


def matmul(a: Any, b: Any) -> Any:
    """Matrix product of arrays or Tensors."""
    return a @ b


def as_shaped(x: Any, shape: tuple[int, ...]) -> Any:
    """Return `x` in another shape, or itself if it has that one."""
    return x if tuple(x.shape) == tuple(shape) else reshape(x, shape)


def transpose(x: Any) -> Any:
    """Swap the last two axes."""
    if isinstance(x, ARRAY) or x.ndim != 2:
        return x.swapaxes(-1, -2)
    return x.t()


def scaled(x: Any, factor: float) -> Any:
    """Return ``x * factor``, and `x` itself if that is 1."""
    return x if factor == 1 else x * factor


def laid(rule: Callable[[Any, Any], Any], g: Any, factor: Any, columns: bool) -> Any:
    """Return ``rule(g, factor)``, the gradient of a factor of a matrix product, which lies in memory as that does.

    With `columns` that is column by column: then the transposed gradient is computed, by the same rule.
    """
    return t(rule(factor, g)) if columns else rule(g, factor)


def outer(a: Any, b: Any) -> Any:
    """Return all products of an element of one vector and an element of another."""
    return a[:, None] * b


def zeros_like(x: Any) -> Any:
    """Zeros of the shape and dtype of `x`; an array for an array, a Tensor for a Tensor."""
    return np.zeros_like(x) if isinstance(x, ARRAY) else x.new_zeros(tuple(x.shape))


def ones_like(x: Any) -> Any:
    """Ones of the shape and dtype of `x`; an array for an array, a Tensor for a Tensor."""
    return np.ones_like(x) if isinstance(x, ARRAY) else x.new_ones(tuple(x.shape))


def log_number(x: float) -> float:
    """Return the logarithm of a number: ``-inf`` for 0, ``nan`` below, without an error."""
    if x > 0:
        return math.log(x)
    return -math.inf if x == 0 else math.nan


def between(x: Any, low: Any, high: Any) -> Any:
    """Return where ``low <= x <= high``; None means no bound."""
    if low is None:
        return x <= high
    return x >= low if high is None else (x >= low) & (x <= high)


def capped(x: Any, limit: float) -> Any:
    """Return `x` where it is below a limit, which takes its place, with slope 0, elsewhere."""
    return where(x >= limit, limit, x)


def below(low: Any, high: Any, otherwise: bool) -> Any:
    """Return where ``low < high``, or `otherwise` if one of them is missing."""
    return np.bool_(otherwise) if low is None or high is None else low < high


def no_derivative(name: str) -> Callable[[Any], Any]:
    """Return the rule of an operation that torch does not differentiate either."""

    def rule(g: Any) -> Any:
        raise RuntimeError(f"derivative for aten::{name} is not implemented")

    return refusing(rule)


def unforeseen(name: str) -> Callable[[Any, Any], Any]:
    """Return the rule of an operation without a derivative, missed only where the node `below` asks for it."""

    def rule(g: Any, below: Any) -> Any:
        if current.backward is None or current.backward.will_run(below):
            raise NotImplementedError(f"the derivative for '{name}' is not implemented.")

    return refusing(rule)


def refusing(rule: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a rule that raises, and does so even if no gradient arrives."""
    rule.refuses = True  # type: ignore[attr-defined]
    return rule


# -- pieces of an array ----------------------------------------------------------------------------


def at(dim: int, where: Any) -> tuple[Any, ...]:
    """Return the index that picks `where` along axis `dim` and everything along those before."""
    return (*(slice(None),) * dim, where)


def narrow(g: Any, dim: int, start: int, stop: int) -> Any:
    """Return positions `start` to `stop` along an axis."""
    return g[at(dim, slice(start, stop))]


def piece(g: Any, dim: int, bounds: tuple[int, int] | None) -> Any:
    """Return the positions between two bounds along an axis; without bounds zeros of shape ``(0,)``, not recorded."""
    return zeros_like(g.reshape(-1)[:0]) if bounds is None else narrow(g, dim, *bounds)


def select(g: Any, dim: int, index: int) -> Any:
    """Return position `index` along an axis, which disappears."""
    return g[at(dim, index)]


def concatenate(pieces: Sequence[Any], dim: int) -> Any:
    """Join arrays or Tensors along an axis."""
    if isinstance(pieces[0], ARRAY):
        return np.concatenate(pieces, axis=dim)
    return pieces[0].joined(pieces, dim)


def stack(pieces: Sequence[Any], dim: int) -> Any:
    """Join arrays or Tensors along a new axis."""
    if isinstance(pieces[0], ARRAY):
        return np.stack(pieces, axis=dim)
    return pieces[0].stacked(pieces, dim)


def along(index: Any, dim: int, ndim: int) -> tuple[Any, ...]:
    """Return the full index into `ndim` axes that means ``index`` along `dim` and the same place elsewhere.

    To torch a number has one axis where that is asked for, so index and axes may be 0 and 1, or 1 and 0.
    """
    index = raw(index)
    if not ndim or not index.ndim:
        return (index,) if ndim else (None,) if index.ndim else (...,)
    grid = list(np.indices(index.shape, sparse=True))
    grid[dim] = index
    return tuple(grid)


def index_put(g: Any, shape: Shape, indices: Any) -> Any:
    """Return zeros of `shape` with `g` added at `indices` (what indexing with them picked)."""
    if isinstance(g, ARRAY):
        out = np.zeros(shape, g.dtype)
        if not g.size:
            return out
        if _picks_once(indices):
            out[indices] = g
        else:
            np.add.at(out, indices, g)
        return out
    return g.put_into(shape, indices) if _picks_once(indices, False) else g.put_at(shape, indices)


def _picks_once(indices: Any, masks: bool = True) -> bool:
    """Return whether an index cannot pick an element twice (slices, integers, and masks unless told otherwise)."""
    parts = indices if isinstance(indices, tuple) else (indices,)
    return not any(
        isinstance(part, list) or (isinstance(part, np.ndarray) and not (masks and part.dtype == np.bool_))
        for part in parts
    )


def put_along(g: Any, index: Any, shape: Shape, dim: int) -> Any:
    """Return zeros of `shape` with `g` added at the positions `index` along `dim`; a number stays, but is kept."""
    return index_put(g, shape, along(index, dim, len(shape))) if shape else held(g, g)


def put_picked(g: Any, index: Any, shape: Shape, dim: int, keepdim: bool) -> Any:
    """Do `put_along` for one position per fold, as ``max(dim)`` picks it."""
    if shape and not keepdim:
        g, index = unsqueeze(g, dim), unsqueeze(index, dim)
    return put_along(g, index, shape, dim)


def without(g: Any, indices: Any) -> Any:
    """Return `g` with zeros at `indices`."""
    keep = np.ones(g.shape, np.bool_)
    keep[indices] = False
    if isinstance(g, ARRAY):
        return np.where(keep, g, 0).astype(g.dtype)
    return g.blanked(~keep)


def put_diagonal(g: Any, shape: Shape, offset: int, dim1: int, dim2: int) -> Any:
    """Return zeros of `shape` with the last axis of `g` on the diagonal of two axes."""
    steps = np.arange(g.shape[-1])
    place = (..., steps + max(-offset, 0), steps + max(offset, 0))
    order = (*(d for d in range(len(shape)) if d not in (dim1, dim2)), dim1, dim2)
    turned_shape = tuple(shape[d] for d in order)
    put = index_put(g, turned_shape, place) if isinstance(g, ARRAY) else g.put_into(turned_shape, place)
    back = tuple(sorted(range(len(order)), key=order.__getitem__))
    return put if back == tuple(range(len(order))) else permute(put, back)


# -- sums and their kin ----------------------------------------------------------------------------


def expand_as_summed(g: Any, x: Any, dim: Shape, keepdim: bool) -> Any:
    """Stretch `g`, the shape of `x` folded over `dim`, back to the shape of `x`."""
    kept = tuple(1 if axis in dim else n for axis, n in enumerate(x.shape))
    return expand(reshape(g, kept), tuple(x.shape))


def sum_over(x: Any, dim: Shape) -> Any:
    """Sum over axes, keeping them with extent 1."""
    return x.sum(axis=dim, keepdims=True) if x.shape else x


def count_over(x: Any, dim: Shape) -> int:
    """Return over how many elements the axes `dim` of `x` run."""
    return math.prod(x.shape[d] for d in dim) if x.shape else 1


def as_numbers(mask: Any, like: Any) -> Any:
    """Return a mask as ones and zeros of the dtype of `like`."""
    return mask.astype(like.dtype) if isinstance(mask, ARRAY) else mask.to(like.dtype)


def turned(g: Any, k: int, dims: Any) -> Any:
    """Turn `g` by `k` quarters in the plane of two axes."""
    return np.rot90(np.asarray(g), k, dims) if isinstance(g, ARRAY) else g.rot90(k, dims)


def unrepeat(g: Any, shape: Shape, repeats: Shape) -> Any:
    """Sum the gradient of ``repeat`` over the copies of each element."""
    g = reshape(g, tuple(n for pair in zip(repeats, _front(shape, repeats), strict=True) for n in pair))
    g = g.sum(axis=tuple(range(0, 2 * len(repeats), 2)))
    return as_shaped(g, shape)


def _front(shape: Shape, repeats: Shape) -> Shape:
    return (*(1,) * (len(repeats) - len(shape)), *shape)
