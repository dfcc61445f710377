"""Sums and their kin: operations that fold axes away, and running sums."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.absent import absent
from course.nptorch.grad_mode import mode, recording
from course.nptorch.math import count_over
from course.nptorch.ops.axes import Axes, Dim, axes, axis
from course.nptorch.ops.layout import in_order
from course.nptorch.ops.operands import floating
from course.nptorch.ops.register import FUNCTIONS, described, op, recorded
from course.nptorch.ops.several import attach_several
from course.nptorch.record import OPS, attach

# NumPy's types do not let axis and keepdims be passed on as they come
ADD: Any = np.add
MULTIPLY: Any = np.multiply
LARGEST: Any = np.maximum
SMALLEST: Any = np.minimum


def total(data: Any, over: tuple[int, ...], keepdim: bool) -> Any:
    """Return the sum over axes; float16 is added up in float32, as torch does."""
    wide = np.float32 if data.dtype == np.float16 else data.dtype
    made = in_order(ADD.reduce(data, axis=over, keepdims=keepdim, dtype=wide))
    return made if wide is data.dtype else made.astype(data.dtype)


@op("sum", early=True)
def sum(  # noqa: A001 - torch's name
    self: Tensor,
    dim: Dim = None,
    keepdim: bool = False,
    *,
    dtype: Any = None,
    axis: Dim = None,
    keepdims: bool = False,
) -> Tensor:
    """Return the sum over `dim` (all axes without it); integers and bools sum to int64.

    ``axis`` and ``keepdims`` are NumPy's names for the same, as in torch.
    """
    dim = axis if dim is None else dim
    keepdim = keepdim or keepdims
    data = self._data
    over = axes(dim, data.ndim)
    if dtype is not None or data.dtype.kind in "iub":
        data = data.astype(np.int64 if dtype is None else dtype.numpy)
    result = wrap(total(data, over, keepdim))
    if mode.enabled:
        facts = {"shape": data.shape, "dim": over, "keepdim": keepdim}
        attach(OPS["sum" if dim is None else "sum_dim"], (self,), result, facts)
    return result


@op("mean", early=True)
def mean(
    self: Tensor,
    dim: Dim = None,
    keepdim: bool = False,
    *,
    dtype: Any = None,
    axis: Dim = None,
    keepdims: bool = False,
) -> Tensor:
    """Return the mean over `dim` (all axes without it).

    Raises
    ------
    RuntimeError
        For integers and bools, as in torch.
    """
    source = self if dtype is None else self._cast(dtype.numpy)
    dim = axis if dim is None else dim
    keepdim = keepdim or keepdims
    data = source._data
    if data.dtype.kind != "f":
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point "
            f"or complex dtype. Got: {source.dtype.tensor_type.removesuffix('Tensor')}"
        )
    over = axes(dim, data.ndim)
    count = np.asarray(count_over(data, over), data.dtype)[()]
    result = wrap(total(data, over, keepdim) / count)
    if mode.enabled:
        facts = {"shape": data.shape, "dim": over, "keepdim": keepdim}
        attach(OPS["mean" if dim is None else "mean_dim"], (source,), result, facts)
    return result


@op("prod", early=True)
def prod(self: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Return the product over one axis, or all; the gradient is exact where elements are 0."""
    source = self if dtype is None else self._cast(dtype.numpy)
    data = source._data
    over = () if not data.ndim and dim is None else tuple(range(data.ndim)) if dim is None else (axis(dim, data.ndim),)
    over = over if data.ndim else ()
    kind = np.int64 if dtype is None and data.dtype.kind in "iub" else data.dtype
    values = in_order(MULTIPLY.reduce(data, axis=over, keepdims=keepdim, dtype=kind))
    row = "prod" if dim is None else "prod_dim"
    return recorded(row, (source,), values, {"dim": over, "keepdim": keepdim})


# -- spread --------------------------------------------------------------------------------------------


def _spread(
    self: Tensor, dim: Any, unbiased: Any, correction: Any, keepdim: bool, root: bool = False, name: str = "std and var"
) -> Any:
    """Return variance (or its root), mean and facts; torch's old signature is ``var(unbiased)``, too."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    data = self._data
    if data.dtype.kind != "f":
        raise RuntimeError(f"{name} only support floating point and complex dtypes")
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    over = axes(dim, data.ndim)
    count = count_over(data, over)
    wide = data.astype(np.float64, copy=False)  # torch adds up in double here, which hardly ever overflows
    middle = ADD.reduce(wide, axis=over, keepdims=True) / wide.dtype.type(count)
    squares = ADD.reduce(np.square(wide - middle), axis=over, keepdims=keepdim)
    variance = squares / wide.dtype.type(max(count - correction, 0))
    if np.isinf(middle).any():  # torch moves a mean from element to element, and away from inf it is nan
        last = tuple(slice(-1, None) if d in over else slice(None) for d in range(data.ndim))
        odd = ~np.isfinite(wide)
        middle = np.where(np.add.reduce(odd, axis=over, keepdims=True) > odd[last], np.nan, middle)
    middle = middle if keepdim else np.squeeze(middle, over)
    facts = {"dim": over, "keepdim": keepdim, "correction": correction, "whole": dim is None}
    spread = np.sqrt(variance) if root else variance
    return in_order(spread.astype(data.dtype)), in_order(middle.astype(data.dtype)), facts


@described("var", inplace=False)
def var(self: Tensor, dim: Dim = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None) -> Any:
    """Return the variance over `dim`, with ``n - correction`` (1 by default) in its divisor."""
    variance, _, facts = _spread(self, dim, unbiased, correction, keepdim)
    return "var", (self,), variance, facts


@described("std", inplace=False)
def std(self: Tensor, dim: Dim = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None) -> Any:
    """Return the standard deviation over `dim`; its gradient is 0 where it is 0."""
    deviation, _, facts = _spread(self, dim, unbiased, correction, keepdim, root=True)
    return "std", (self,), deviation, facts


@op("var_mean", early=True)
def var_mean(
    self: Tensor, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None
) -> tuple[Tensor, Tensor]:
    """Return variance and mean over `dim`."""
    variance, middle, facts = _spread(self, dim, unbiased, correction, keepdim, name="var_mean")
    made = wrap(variance), wrap(middle)
    attach_several("var_mean", (self,), made, facts, fill=False)
    return made


@op("std_mean", early=True)
def std_mean(
    self: Tensor, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None
) -> tuple[Tensor, Tensor]:
    """Return standard deviation and mean over `dim`."""
    deviation, middle, facts = _spread(self, dim, unbiased, correction, keepdim, root=True, name="std_mean")
    made = wrap(deviation), wrap(middle)
    attach_several("std_mean", (self,), made, facts, fill=False)
    return made


# -- norms ----------------------------------------------------------------------------------------------


@op("norm", early=True)
def norm(self: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Tensor:
    """Return the p-norm over `dim` (all axes without it); ``"fro"`` is 2.

    Raises
    ------
    RuntimeError
        For integers, as in torch.
    """
    if isinstance(p, str) and p not in ("fro", "nuc"):
        raise RuntimeError(f"linalg.matrix_norm: Order {p} not supported.")
    if p == "nuc":
        raise absent("norm(p='nuc')")
    for d in dim if isinstance(dim, tuple | list) else (dim,):
        if d is not None and not isinstance(d, int):
            raise TypeError(
                f"linalg_vector_norm(): argument 'dim' (position 3) must be tuple of ints, not {type(dim).__name__}"
            )
    source = self if dtype is None else self._cast(dtype.numpy)
    return vector_norm(source, 2 if p in ("fro", None) else p, dim, keepdim)


def vector_norm(x: Tensor, ord: Any = 2, dim: Any = None, keepdim: bool = False) -> Tensor:  # noqa: A002
    """Return the norm of the elements over `dim`, all of them taken as one vector."""
    data = x._data
    if data.dtype.kind != "f":
        raise RuntimeError(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got "
            f"{x.dtype.tensor_type.removesuffix('Tensor')}"
        )
    over = axes(dim, data.ndim)
    p = float(ord)
    size = np.abs(data).astype(np.float32) if data.dtype == np.float16 else np.abs(data)
    if math.isinf(p):
        if not count_over(size, over):
            empty = next(d for d in over if not size.shape[d])
            where = "an empty tensor " if dim is None else f"the dimension {empty}"
            raise RuntimeError(
                f"linalg.vector_norm cannot compute the {p:g} norm on {where}because "
                f"{'' if dim is None else 'this dimension is empty and '}the operation does not have an identity"
            )
        fold = LARGEST if p > 0 else SMALLEST
        values = fold.reduce(size, axis=over, keepdims=keepdim)
    elif p == 0:
        values = ADD.reduce((size != 0).astype(size.dtype), axis=over, keepdims=keepdim)
    elif p == 2:
        values = np.sqrt(ADD.reduce(np.square(size), axis=over, keepdims=keepdim))
    else:
        values = ADD.reduce(size**p, axis=over, keepdims=keepdim) ** (1 / p)
    facts = {"ord": p, "dim": over, "keepdim": keepdim}
    return recorded("norm", (x,), in_order(values.astype(data.dtype)), facts)


@op("dist", early=True)
def dist(self: Any, other: Tensor, p: float = 2) -> Tensor:
    """Return the p-norm of ``self - other``."""
    with recording(False):
        values = norm(self - other, p)._data
    return recorded("dist", (self, other), values, {"p": float(p)})


# -- exponentials --------------------------------------------------------------------------------------


@described("logsumexp", inplace=False)
def logsumexp(self: Tensor, dim: Axes, keepdim: bool = False) -> Any:
    """Return ``log(sum(exp(self)))`` over `dim`, without overflow."""
    x = floating(self._data)
    over = axes(dim, x.ndim)
    top = LARGEST.reduce(x, axis=over, keepdims=True, initial=-np.inf)
    finite = np.where(np.isfinite(top), top, 0)
    values = np.log(ADD.reduce(np.exp(x - finite), axis=over, keepdims=True)) + finite
    values = values if keepdim else np.squeeze(values, over)
    return "logsumexp", (self,), in_order(values.astype(x.dtype)), {"dim": over, "keepdim": keepdim}


def _shifted(self: Tensor, dim: Any, dtype: Any, name: str) -> tuple[Tensor, Any, int, tuple[int, ...]]:
    source = self if dtype is None else self._cast(dtype.numpy)
    x = source._data
    over = axis(dim, x.ndim)
    if x.dtype.kind != "f":
        kernel = f"{name}_lastdim_kernel_impl" if over == x.ndim - 1 else f"{name}_kernel_impl"
        kind = source.dtype.tensor_type.removesuffix("Tensor")
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{kind}'")
    real = (over,) if x.ndim else ()
    if not x.size:
        return source, x, over, real
    return source, x - LARGEST.reduce(x, axis=real, keepdims=True), over, real


@op("softmax", early=True)
def softmax(self: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """Return ``exp(self)`` scaled so that it sums to 1 along `dim`."""
    source, x, over, real = _shifted(self, dim, dtype, "softmax")
    e = np.exp(x)
    return recorded("softmax", (source,), in_order(e / ADD.reduce(e, axis=real, keepdims=True)), {"dim": over})


@op("log_softmax", early=True)
def log_softmax(self: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """Return the logarithm of `softmax`, without overflow."""
    source, x, over, real = _shifted(self, dim, dtype, "log_softmax")
    e = np.exp(x)
    values = x - np.log(ADD.reduce(e, axis=real, keepdims=True))
    return recorded("log_softmax", (source,), in_order(values), {"dim": over})


# -- running -----------------------------------------------------------------------------------------


@described("cumsum")
def cumsum(self: Tensor, dim: int, *, dtype: Any = None) -> Any:
    """Return the sums of all elements up to and including each one along `dim`."""
    source = self if dtype is None else self._cast(dtype.numpy)
    data = source._data
    over = axis(dim, data.ndim)
    kind = np.dtype(np.int64) if dtype is None and data.dtype.kind in "iub" else data.dtype
    values = in_order(np.cumsum(data, over, dtype=kind) + kind.type(0)) if data.ndim else data.astype(kind)
    return "cumsum", (source,), values, {"dim": over}


@described("cumprod")
def cumprod(self: Tensor, dim: int, *, dtype: Any = None) -> Any:
    """Return the products of all elements up to and including each one along `dim`."""
    source = self if dtype is None else self._cast(dtype.numpy)
    data = source._data
    over = axis(dim, data.ndim)
    kind = np.int64 if dtype is None and data.dtype.kind in "iub" else data.dtype
    values = in_order(np.cumprod(data, over, dtype=kind)) if data.ndim else data.astype(kind)
    return "cumprod", (source,), values, {"dim": over}


@op("diff", early=False)
def diff(self: Tensor, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Tensor:
    """Return the differences of neighbours along `dim`, `n` times over, with more tensors at the ends."""
    if not self.ndim:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    if any(x is not None and x.ndim != self.ndim for x in (prepend, append)):
        raise RuntimeError("diff expects prepend or append to be the same dimension as input")
    count = axis(dim, self.ndim)
    whole = [x for x in (prepend, self, append) if x is not None]
    made: Any = FUNCTIONS["cat"](whole, count) if len(whole) > 1 else self
    for _ in range(n):
        extent = made.shape[count]
        made = made.narrow(count, 1, extent - 1) - made.narrow(count, 0, extent - 1)
    return made  # type: ignore[no-any-return]
