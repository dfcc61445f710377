"""Derivatives of folds: sums of squares, norms, products, extremes.

As in `math`, everything works on arrays and on Tensors. Where torch has a form of its own for a corner (an
element that is 0, not a number, or shared), it is kept.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from course.nptorch.math import (
    ARRAY,
    Shape,
    abs,
    as_numbers,
    concatenate,
    count_over,
    cumprod,
    cumsum,
    expand_as_summed,
    flip,
    isnan,
    ones_like,
    permute,
    raw,
    reciprocal_or_0,
    reshape,
    select,
    sgn,
    stack,
    sum_over,
    where,
    zeros_like,
)


def of_angle(g: Any, y: Any, x: Any, wanted: bool) -> Any:
    """Return the gradient of ``atan2(y, x)`` for `y` if that is `wanted`, else for `x`; 0 where both are 0."""
    squares = x * x  # in torch's order: when leaves get their gradients depends on it
    inverse = reciprocal_or_0(y * y + squares)
    return g * x * inverse if wanted else g * -y * inverse


def of_divisor(g: Any, a: Any, b: Any, value: float) -> Any:
    """Return the gradient of ``value * a / b`` for `b`."""
    square = b * b  # in torch's order, too
    return -g * (value * a / square)


def minus_mean(x: Any, dim: Shape) -> Any:
    """Return `x` less its mean over `dim`."""
    count = count_over(x, dim)
    return x - sum_over(x, dim) / count if count else x


def of_mean(g: Any, x: Any, dim: Shape, keepdim: bool) -> Any:
    """Return the gradient of a mean, None for None."""
    return None if g is None else expand_as_summed(g, x, dim, keepdim) / count_over(x, dim)


def of_variance(g: Any, x: Any, dim: Shape, keepdim: bool, correction: float, whole: bool) -> Any:
    """Return the gradient of a variance, None for None; `whole` if no axes were named."""
    if g is None:
        return None
    freedom = count_over(x, dim) - correction
    if freedom <= 0 and (whole or not x.shape):
        at_the_mean = x == sum_over(x, dim) / max(count_over(x, dim), 1)
        return expand_as_summed(g, x, dim, keepdim) * where(at_the_mean, math.nan, ones_like(x) * math.inf)
    return expand_as_summed(g * (2 / freedom if freedom else math.inf), x, dim, keepdim) * minus_mean(x, dim)


def of_deviation(g: Any, x: Any, result: Any, dim: Shape, keepdim: bool, correction: float, whole: bool) -> Any:
    """Return the gradient of a standard deviation, None for None."""
    if g is None:
        return None
    return of_variance(where(result == 0, 0, g / (2 * result)), x, dim, keepdim, correction, whole)


def of_extreme(g: Any, x: Any, extreme: Any, dim: Shape, keepdim: bool) -> Any:
    """Return the gradient of a largest or smallest element, which equal ones share; None for None."""
    if g is None:
        return None
    chosen = x == expand_as_summed(extreme, x, dim, keepdim)
    return expand_as_summed(g, x, dim, keepdim) * shares(chosen, dim, x)


def added(a: Any, b: Any) -> Any:
    """Return ``a + b``, where None stands for nothing."""
    return b if a is None else a if b is None else a + b


def divide_or_zero(a: Any, b: Any) -> Any:
    """Return ``a / b``, and 0 where `b` is 0."""
    return where(b == 0, 0, a / b)


def of_norm(g: Any, x: Any, result: Any, p: float, dim: Shape, keepdim: bool) -> Any:
    """Return the gradient of the p-norm over `dim`; a gradient of nan stops at a norm of 0 where it does in torch."""
    g, norm = (as_kept(one, x, dim) for one in (g, result))
    if p == 0:
        return g * (x * 0)
    if p == 1:
        return sgn(x) * g
    if p == 2:
        return g * divide_or_zero(x, norm)
    if math.isinf(p):
        largest = as_numbers((abs(x) == norm) | (isnan(x) & isnan(norm)), x)
        return sgn(x) * (g / sum_over(largest, dim) * largest)
    if p < 1:
        return sgn(x) * where(x == 0, 0, abs(x) ** (p - 1)) * g * norm ** (1 - p)
    scaled = sgn(x) * abs(x) ** (p - 1) if p < 2 else x * abs(x) ** (p - 2)
    return scaled * where(norm == 0, 0, g / norm ** (p - 1))


def as_kept(g: Any, x: Any, dim: Shape) -> Any:
    """Return `g`, the shape of `x` folded over `dim`, with extent 1 along those axes."""
    return reshape(g, tuple(1 if axis in dim else n for axis, n in enumerate(x.shape)))


def of_distance(g: Any, x: Any, result: Any, p: float) -> Any:
    """Return the gradient of the p-norm of all elements."""
    return of_norm(g, x, result, p, tuple(range(len(x.shape))), False)


def shares(mask: Any, dim: Shape, like: Any) -> Any:
    """Return, in the dtype of `like`, a mask divided by how many of it hold over `dim`."""
    chosen = as_numbers(mask, like)
    return chosen / sum_over(chosen, dim)


def shared(g: Any, mask: Any) -> Any:
    """Return `g`, a number, where `mask` holds, divided by how many of it hold; 0 elsewhere."""
    share = g / as_numbers(mask, g).sum()
    return where(mask, share, 0) if isinstance(g, ARRAY) else zeros_like(as_numbers(mask, g)).masked_fill(mask, share)


def _of_factor(g: Any, x: Any, dim: int, k: int) -> Any:
    """Return the gradient of one factor of ``cumprod(x, dim)``, put together as torch does it for a second pass."""
    n = x.shape[dim]
    before = x.narrow(dim, 0, k).prod(dim, keepdim=True) if k else ones_like(x.narrow(dim, 0, 1))
    others = [before]
    if k + 1 < n:
        after = x.narrow(dim, k + 1, n - k - 1).cumprod(dim)
        others.append(before * after if k else after)
    return (g.narrow(dim, k, n - k) * concatenate(others, dim)).sum(dim)


def reverse_cumsum(g: Any, dim: int) -> Any:
    """Return, for each position along `dim`, the sum of `g` from there to the end."""
    return flip(cumsum(flip(g, (dim,)), dim), (dim,)) if g.shape else g


def product_of_others(x: Any, result: Any, dim: Shape, keepdim: bool) -> Any:
    """Return, for each element, the product of all others over `dim`; exact where x is 0.

    Where there is a 0, the products before and after each element are formed without dividing.
    """
    if raw(x != 0).all():
        return expand_as_summed(result, x, dim, keepdim) / x
    rest = tuple(d for d in range(len(x.shape)) if d not in dim)
    order = (*rest, *dim)
    counts = tuple(x.shape[d] for d in order)
    flat = reshape(permute(x, order), (*(x.shape[d] for d in rest), count_over(x, dim)))
    n, last = flat.shape[-1], len(flat.shape) - 1
    one = ones_like(flat[..., :1])
    before = cumprod(concatenate([one, flat[..., : n - 1]], last), last)
    after = cumprod(concatenate([one, flip(flat[..., 1:], (last,))], last), last)
    others = before * flip(after, (last,))
    back = tuple(sorted(range(len(order)), key=order.__getitem__))
    made = permute(reshape(others, counts), back)
    return np.ascontiguousarray(made) if isinstance(made, ARRAY) else made


def of_product(g: Any, x: Any, result: Any) -> Any:
    """Return the gradient of the product of all elements."""
    if isinstance(x, ARRAY) and x.shape and np.count_nonzero(x) < x.size - 1:
        return np.zeros_like(x)  # whatever g is
    return of_product_along(g, x, result, tuple(range(len(x.shape))), False)


def of_product_along(g: Any, x: Any, result: Any, dim: Shape, keepdim: bool) -> Any:
    """Return the gradient of the products over `dim`; nothing is multiplied where an element is alone and 0."""
    if not x.shape:
        return g
    g = expand_as_summed(g, x, dim, keepdim)
    return g if count_over(x, dim) == 1 and not raw(x).all() else g * product_of_others(x, result, dim, keepdim)


def product_slope(g: Any, x: Any, result: Any, dim: int) -> Any:
    """Return the gradient of ``cumprod(x, dim)``; exact where x is 0.

    An element is a factor of its own product and of all later ones: where there is a 0, what comes
    back from those is gathered from the end without dividing.
    """
    n = x.shape[dim] if x.shape else 1
    if n == 1:
        return g
    if raw(x != 0).all():
        return reverse_cumsum(result * g, dim) / x
    if not isinstance(x, ARRAY):
        return stack([_of_factor(g, x, dim, k) for k in range(n)], dim)
    ahead = select(g, dim, n - 1)
    later = [ahead]
    for i in range(n - 2, -1, -1):
        ahead = select(g, dim, i) + select(x, dim, i + 1) * ahead
        later.append(ahead)
    before = ones_like(select(x, dim, 0))
    made = []
    for i in range(n):
        made.append(before * later[n - 1 - i])
        before = before * select(x, dim, i)
    return stack(made, dim)
