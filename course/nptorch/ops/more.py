"""Operations made of others: torch has a node of its own for some, here several stand for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor
from course.nptorch.grad_mode import mode, recording
from course.nptorch.math import xlogy as on_arrays
from course.nptorch.ops.axes import axes, axis, sizes
from course.nptorch.ops.choose import of_tensors
from course.nptorch.ops.join import cat
from course.nptorch.ops.layout import copied, led_by
from course.nptorch.ops.operands import floating, in_common
from course.nptorch.ops.pointwise import binary, unary
from course.nptorch.ops.reduce import total
from course.nptorch.ops.register import FUNCTIONS, attribute, function, method, op, recorded
from course.nptorch.ops.shape import unsafe_view
from course.nptorch.ops.write import check_shapes

_erf = np.frompyfunc(math.erf, 1, 1)  # unlike numpy.vectorize it keeps the order of the axes

unary("asinh", "arcsinh", compute=np.arcsinh)
unary("acosh", "arccosh", compute=np.arccosh)
unary("atanh", "arctanh", compute=np.arctanh)
unary("erf", compute=lambda x: np.asarray(_erf(x)).astype(x.dtype))
of_tensors("hypot", binary("hypot", "hypot", compute=np.hypot, floats_only=True))
of_tensors("logaddexp", binary("logaddexp", "logaddexp", compute=np.logaddexp, floats_only=True))


@op("nansum", early=True)
def nansum(self: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Return the sum of the elements that are not nan."""
    self = self if dtype is None else self.to(dtype)
    data = self._data
    over = axes(dim, data.ndim)
    kept = np.where(np.isnan(data), 0, data).astype(data.dtype if data.dtype.kind == "f" else np.int64)
    return recorded("nansum", (self,), total(kept, over, keepdim), {"dim": over, "keepdim": keepdim})


@op("nanmean", early=False)
def nanmean(self: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Return the mean of the elements that are not nan."""
    self = self if dtype is None else self.to(dtype)
    if self._data.dtype.kind != "f":
        kind = self.dtype.tensor_type.removesuffix("Tensor")
        raise RuntimeError(f"nanmean(): expected input to have floating point or complex dtype but got {kind}")
    count = self.isnan().logical_not().sum(dim, keepdim)
    return nansum(self, dim, keepdim).div(count)  # type: ignore[no-any-return]


@function("dstack")
def dstack(tensors: Sequence[Any]) -> Tensor:
    """Return the tensors joined along their third axis."""
    flat = [x.reshape(1, 1, 1) if not x.ndim else x.unsqueeze(0) if x.ndim == 1 else x for x in tensors]
    return cat([x if x.ndim > 2 else x.unsqueeze(2) for x in flat], 2)


@function("column_stack")
def column_stack(tensors: Sequence[Any]) -> Tensor:
    """Return the tensors joined along their second axis, vectors as columns."""
    return cat([x if x.ndim > 1 else x.reshape(-1, 1) for x in tensors], 1)


@function("tensordot")
def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """Return the sums of products over some axes of both."""
    self = a
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(a.ndim, b.ndim):
            raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        mine, theirs = list(range(a.ndim - dims, a.ndim)), list(range(dims))
    else:
        given = [[dim] if isinstance(dim, int) else list(dim) for dim in dims]
        if len(given[0]) != len(given[1]):
            raise RuntimeError("both dimension lists should have same length")
        mine, theirs = ([axis(d, x.ndim) for d in some] for some, x in zip(given, (a, b), strict=True))
    if a._data.dtype != b._data.dtype:
        raise RuntimeError("both inputs should have same dtype")
    left = [d for d in range(self.ndim) if d not in mine]
    right = [d for d in range(b.ndim) if d not in theirs]
    shape = [self.shape[d] for d in left] + [b.shape[d] for d in right]
    for i, j in zip(mine, theirs, strict=True):  # where one has extent 1, the other is summed before
        if b.shape[j] == 1:
            a = a.sum(i, keepdim=True)
        elif a.shape[i] == 1:
            b = b.sum(j, keepdim=True)
        elif a.shape[i] != b.shape[j]:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {a.shape[i]} in dim "
                f"{i - self.ndim if isinstance(dims, int) else i} and "
                f"second has size {b.shape[j]} in dim {j}"
            )
    for some in (mine, theirs):
        axes(tuple(some), max(a.ndim, b.ndim))
    count = math.prod(a.shape[d] for d in mine)
    a, b = a.permute(left + mine), b.permute(theirs + right)
    if math.prod(shape) == 1:
        return (a.reshape(-1) if a.ndim > 1 else a).dot(b.reshape(-1) if b.ndim > 1 else b).view(shape)  # type: ignore[no-any-return]
    left_size, right_size = (math.prod(self.shape[d] for d in left), math.prod(b.shape[len(theirs) :]))
    return a.reshape(left_size, count).mm(b.reshape(count, right_size)).view(shape)  # type: ignore[no-any-return]


@op("kron", early=False)
def kron(self: Tensor, other: Tensor) -> Tensor:
    """Return the Kronecker product."""
    count = max(self.ndim, other.ndim)
    a = [1] * (count - self.ndim) + list(self.shape)
    b = [1] * (count - other.ndim) + list(other.shape)
    left = unsafe_view(self, tuple(n for m in a for n in (m, 1)))
    right = unsafe_view(other, tuple(n for m in b for n in (1, m)))
    products, shape = left.mul(right), tuple(m * n for m, n in zip(a, b, strict=True))
    with recording(False):
        products.detach().view(shape)  # torch refuses where the layout of the products allows no view
    return unsafe_view(products, shape)


@op("rot90", early=False)
def rot90(self: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """Return `self` turned by `k` quarters in the plane of two axes."""
    if self._made and mode.enabled:
        _ = self.grad_fn  # a view that has lost its history is refused before anything else
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if self.ndim < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {self.ndim}")
    if dims[0] == dims[1] or abs(dims[0] - dims[1]) == self.ndim:
        raise RuntimeError(f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}")
    plane: Any = axes(tuple(dims), self.ndim)
    return recorded("rot90", (self,), np.array(np.rot90(copied(self._data), k, plane)), {"k": k, "dims": plane})


@method("positive", early=False)
def positive(self: Tensor) -> Tensor:
    """Return this tensor itself."""
    if self._data.dtype == np.bool_:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return self


@op("xlogy", early=True)
def xlogy(self: Tensor, other: Tensor) -> Tensor:
    """Return ``self * log(other)``, and 0 where `self` is 0."""
    x, y = (floating(one) for one in in_common(self._data, other._data))
    check_shapes(x, y)
    return recorded("xlogy", (self, other), led_by(on_arrays(x, y), x, y))


@method("sum_to_size", early=False)
def sum_to_size(self: Tensor, *shape: Any, size: Any = None) -> Tensor:
    """Return `self` summed so that it has a shape that broadcasts to its own."""
    shape = sizes(shape if size is None else (size,))
    extra = self.ndim - len(shape)
    own = self._data.shape[max(extra, 0) :]
    if extra < 0 or any(n not in (1, m) for n, m in zip(shape, own, strict=True)):
        raise RuntimeError(f"size {{{list(shape)}}} is not expandable to size {{{list(self.shape)}}}.")
    over = [*range(extra), *(i + extra for i, n in enumerate(shape) if n == 1 != self.shape[i + extra])]
    if not over and not (self.ndim == 0 and not shape):
        return self
    summed = self.sum(over, keepdim=True) if self.ndim else self.sum()
    return summed.view(shape) if extra else summed  # type: ignore[no-any-return]


@op("split_with_sizes", early=False)
def split_with_sizes(self: Tensor, split_sizes: Any, dim: int = 0) -> Any:
    """Return views of pieces of the given sizes."""
    return self.split(list(split_sizes), dim)


@method("fill_diagonal_", early=False)
def fill_diagonal_(self: Tensor, fill_value: float, wrap: bool = False) -> Tensor:
    """Write a number into the diagonal of a matrix."""
    if self.ndim < 2:
        raise RuntimeError("dimensions must larger than 1")
    self.diagonal().fill_(fill_value)
    return self


@attribute("real")
def real(self: Tensor) -> Tensor:
    """The tensor itself: the engine has no complex numbers."""
    return self


@method("get_device", early=False)
def get_device(self: Tensor) -> int:
    """Return -1, as for every tensor on the CPU."""
    return -1


FUNCTIONS["detach"] = lambda input: input.detach()  # noqa: A006 - torch's name
FUNCTIONS["is_inference"] = lambda input: input.is_inference()  # noqa: A006
Tensor.layout = "torch.strided"  # type: ignore[attr-defined]
Tensor.is_quantized = Tensor.is_meta = Tensor.is_mps = False  # type: ignore[attr-defined]
Tensor.name = None  # type: ignore[attr-defined]
