"""Operations made of others: torch has a node of its own for some, here several stand for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor
from course.nptorch.ops.axes import axes
from course.nptorch.ops.join import cat
from course.nptorch.ops.pointwise import binary, unary
from course.nptorch.ops.register import FUNCTIONS, attribute, function, method, op
from course.nptorch.ops.write import refuse_leaf

unary("asinh", "arcsinh", compute=np.arcsinh)
unary("acosh", "arccosh", compute=np.arccosh)
unary("atanh", "arctanh", compute=np.arctanh)
unary("erf", compute=lambda x: np.vectorize(math.erf, otypes=[x.dtype])(x))
binary("hypot", "hypot", compute=np.hypot, floats_only=True)
binary("logaddexp", "logaddexp", compute=np.logaddexp, floats_only=True)


@op("nansum")
def nansum(self: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Return the sum of the elements that are not nan."""
    return self.masked_fill(self.isnan(), 0).sum(dim, keepdim)  # type: ignore[no-any-return]


@op("nanmean")
def nanmean(self: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Return the mean of the elements that are not nan."""
    count = self.isnan().logical_not().sum(dim, keepdim)
    return nansum(self, dim, keepdim).div(count)  # type: ignore[no-any-return]


@function("dstack")
def dstack(tensors: Sequence[Any]) -> Tensor:
    """Return the tensors joined along their third axis."""
    deep = [x if x.ndim > 2 else x.reshape(1, -1, 1) if x.ndim < 2 else x.unsqueeze(2) for x in tensors]
    return cat(deep, 2)


@function("column_stack")
def column_stack(tensors: Sequence[Any]) -> Tensor:
    """Return the tensors joined along their second axis, vectors as columns."""
    return cat([x if x.ndim > 1 else x.reshape(-1, 1) for x in tensors], 1)


@op("tensordot")
def tensordot(self: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """Return the sums of products over some axes of both."""
    if isinstance(dims, int):
        mine, theirs = list(range(self.ndim - dims, self.ndim)), list(range(dims))
    else:
        mine, theirs = list(axes(dims[0], self.ndim)), list(axes(dims[1], b.ndim))
    left = [d for d in range(self.ndim) if d not in mine]
    right = [d for d in range(b.ndim) if d not in theirs]
    count = math.prod(self.shape[d] for d in mine)
    product = self.permute(left + mine).reshape(-1, count) @ b.permute(theirs + right).reshape(count, -1)
    shape = [self.shape[d] for d in left] + [b.shape[d] for d in right]
    return product.view(shape)  # type: ignore[no-any-return]


@op("kron")
def kron(self: Tensor, other: Tensor) -> Tensor:
    """Return the Kronecker product."""
    count = max(self.ndim, other.ndim)
    a = [1] * (count - self.ndim) + list(self.shape)
    b = [1] * (count - other.ndim) + list(other.shape)
    left = self.reshape([n for m in a for n in (m, 1)])
    right = other.reshape([n for m in b for n in (1, m)])
    return left.mul(right).reshape([m * n for m, n in zip(a, b, strict=True)])  # type: ignore[no-any-return]


@op("rot90")
def rot90(self: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """Return `self` turned by `k` quarters in the plane of two axes."""
    first, second = axes(tuple(dims), self.ndim)
    turns = k % 4
    if turns == 2:
        return self.flip(first, second)  # type: ignore[no-any-return]
    turned = self.flip(second) if turns == 1 else self.flip(first) if turns == 3 else self.clone()
    return turned.transpose(first, second) if turns else turned  # type: ignore[no-any-return]


@method("sum_to_size")
def sum_to_size(self: Tensor, *size: Any) -> Tensor:
    """Return `self` summed so that it has a shape that broadcasts to its own."""
    shape = tuple(size[0]) if len(size) == 1 and not isinstance(size[0], int) else size
    extra = self.ndim - len(shape)
    over = [*range(extra), *(i + extra for i, n in enumerate(shape) if n == 1 != self.shape[i + extra])]
    return self.sum(over, keepdim=True).reshape(shape) if over else self


@op("split_with_sizes")
def split_with_sizes(self: Tensor, split_sizes: Any, dim: int = 0) -> Any:
    """Return views of pieces of the given sizes."""
    return self.split(list(split_sizes), dim)


@method("fill_diagonal_")
def fill_diagonal_(self: Tensor, fill_value: float, wrap: bool = False) -> Tensor:
    """Write a number into the diagonal of a matrix."""
    refuse_leaf(self)
    self.diagonal().fill_(fill_value)
    return self


@attribute("real")
def real(self: Tensor) -> Tensor:
    """The tensor itself: the engine has no complex numbers."""
    return self


@method("get_device")
def get_device(self: Tensor) -> int:
    """Return -1, as for every tensor on the CPU."""
    return -1


FUNCTIONS["detach"] = lambda input: input.detach()  # noqa: A006 - torch's name
FUNCTIONS["is_inference"] = lambda input: input.is_inference()  # noqa: A006
Tensor.layout = "torch.strided"  # type: ignore[attr-defined]
Tensor.is_quantized = Tensor.is_meta = Tensor.is_mps = False  # type: ignore[attr-defined]
Tensor.name = None  # type: ignore[attr-defined]
