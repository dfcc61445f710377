"""Products of matrices and vectors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor
from course.nptorch.math import cross as on_arrays
from course.nptorch.ops.axes import axis
from course.nptorch.ops.operands import in_common, is_tensor
from course.nptorch.ops.register import FUNCTIONS, described, method, op, recorded
from course.nptorch.ops.shape import stretched, unsafe_view
from course.nptorch.ops.write import check_shapes


def multiply(a: Any, b: Any) -> Any:
    """Return the product of two arrays; float16 is added up in float32, as torch does."""
    if a.dtype == np.float16:
        return (a.astype(np.float32) @ b.astype(np.float32)).astype(np.float16)
    return a @ b


def _kind(x: Tensor) -> str:
    return x.dtype.tensor_type.removesuffix("Tensor")


def _same_scalars(a: Tensor, b: Tensor) -> None:
    if a._data.dtype != b._data.dtype:
        raise RuntimeError(f"expected scalar type {_kind(a)} but found {_kind(b)}")


def _same_dtype(a: Tensor, b: Tensor) -> None:
    if a._data.dtype != b._data.dtype:
        names = [_c_name(x) for x in (a, b)]
        raise RuntimeError(f"expected m1 and m2 to have the same dtype, but got: {names[0]} != {names[1]}")


_C_NAMES = {"float16": "c10::Half", "float32": "float", "float64": "double", "uint8": "unsigned char"}
_C_NAMES |= {"int8": "signed char", "int16": "short int", "int32": "int", "int64": "long int"}


def _c_name(x: Tensor) -> str:
    name: str = x._data.dtype.name
    return _C_NAMES.get(name, name)


def _fitting(a: Any, b: Any) -> None:
    if a.shape[-1] != b.shape[0]:
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({a.shape[0]}x{a.shape[1]} and {b.shape[0]}x{b.shape[1]})"
        )


def _fitting_vector(a: Any, b: Any, onto: int = 1) -> None:
    if a.shape[1] != b.shape[0] or onto not in (1, a.shape[0]):
        count = a.shape[0] if onto == 1 else onto
        raise RuntimeError(f"size mismatch, got input ({count}), mat ({a.shape[0]}x{a.shape[1]}), vec ({b.shape[0]})")


def _fitting_batches(a: Any, b: Any) -> None:
    if a.shape[0] != b.shape[0] or a.shape[2] != b.shape[1]:
        raise RuntimeError(
            "Expected size for first two dimensions of batch2 tensor to be: "
            f"[{a.shape[0]}, {a.shape[2]}] but got: [{b.shape[0]}, {b.shape[1]}]."
        )


def in_columns(x: Any) -> bool:
    """Return whether a matrix lies in memory column by column."""
    return bool(x.strides == (x.itemsize, x.itemsize * x.shape[0]))


def _recorded(self: Tensor, other: Tensor, a: Any, b: Any) -> Tensor:
    """Return the product of two matrices; its gradients lie in memory as they do."""
    columns = in_columns(a), in_columns(b)
    if True in columns:
        return recorded("mm_laid", (self, other), multiply(a, b), {"columns": columns})
    return recorded("mm", (self, other), multiply(a, b))


@op("mm", early=True)
def mm(self: Tensor, mat2: Tensor) -> Tensor:
    """Return the product of two matrices.

    Raises
    ------
    RuntimeError
        If one is no matrix, or their shapes or dtypes do not fit.
    """
    a, b = self._data, is_tensor("mm", "mat2", 2, mat2)._data
    if a.ndim != 2:
        raise RuntimeError("self must be a matrix")
    if b.ndim != 2:
        raise RuntimeError("mat2 must be a matrix")
    _fitting(a, b)
    _same_dtype(self, mat2)
    return _recorded(self, mat2, a, b)


@op("bmm", early=True)
def bmm(self: Tensor, mat2: Tensor) -> Tensor:
    """Return the products of two equally long rows of matrices."""
    a, b = self._data, is_tensor("bmm", "mat2", 2, mat2)._data
    for name, x in (("batch1", a), ("batch2", b)):
        if x.ndim != 3:
            raise RuntimeError(f"{name} must be a 3D tensor")
    _fitting_batches(a, b)
    _same_scalars(self, mat2)
    return recorded("bmm", (self, mat2), multiply(a, b))


@op("mv", early=True)
def mv(self: Tensor, vec: Tensor) -> Tensor:
    """Return the product of a matrix and a vector."""
    a, b = self._data, is_tensor("mv", "vec", 2, vec)._data
    if not a.ndim:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    if a.ndim != 2 or b.ndim != 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got 1, {a.ndim}, {b.ndim}")
    _fitting_vector(a, b)
    if a.dtype != b.dtype:
        kinds = [x.dtype.tensor_type[:-6] for x in (vec, self, vec)]
        raise RuntimeError(
            f"addmv input tensors must have the same dtype, but got {kinds[0]}, {kinds[1]}, and {kinds[2]}"
        )
    return recorded("mv", (self, vec), multiply(a, b))


@op("dot", early=True)
def dot(self: Tensor, tensor: Tensor) -> Tensor:
    """Return the sum of the products of the elements of two vectors."""
    a, b = self._data, is_tensor("dot", "tensor", 2, tensor)._data
    if a.ndim != 1 or b.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {a.ndim}D and {b.ndim}D tensors")
    if a.dtype != b.dtype:
        raise RuntimeError(
            "dot : expected both vectors to have same dtype, but found "
            f"{self.dtype.tensor_type[:-6]} and {tensor.dtype.tensor_type[:-6]}"
        )
    if a.shape != b.shape:
        raise RuntimeError(
            "inconsistent tensor size, expected tensor "
            f"[{a.size}] and src [{b.size}] to have the same number of elements, but got {a.size} "
            f"and {b.size} elements respectively"
        )
    return recorded("dot", (self, tensor), multiply(a, b))


@op("outer", "ger", early=False)
def outer(self: Tensor, vec2: Tensor) -> Tensor:
    """Return all products of an element of one vector and an element of another."""
    for name, x in (("self", self), ("vec2", vec2)):
        if x.ndim != 1:
            raise RuntimeError(f"outer: Expected 1-D argument {name}, but got {x.ndim}-D")
    return self.reshape(self.numel(), 1) * vec2  # type: ignore[no-any-return]


@op("matmul", early=False)
def matmul(self: Tensor, other: Tensor) -> Tensor:
    """Return the matrix product; axes before the last two are broadcast.

    It is put together, as torch does it, from `dot`, `mv`, `mm` and `bmm`.
    """
    is_tensor("matmul", "other", 2, other)
    m, n = self._data.ndim, other._data.ndim
    if m == 2 and n == 2:
        a, b = self._data, other._data
        if a.shape[1] == b.shape[0] and a.dtype is b.dtype:  # the common case, in one step
            return _recorded(self, other, a, b)
        return self.mm(other)  # type: ignore[no-any-return]
    if m == 0 or n == 0:
        raise RuntimeError(f"both arguments to matmul need to be at least 1D, but they are {m}D and {n}D")
    if m == 1 and n == 1:
        return self.dot(other)  # type: ignore[no-any-return]
    if m == 2 and n == 1:
        return self.mv(other)  # type: ignore[no-any-return]
    if m == 1 and n == 2:
        product = self.unsqueeze(0).mm(other)
        values = product._array.reshape(-1)
        return recorded("squeeze_dim_", (product,), values, {"shape": product._data.shape})
    if n <= 2 and m >= 3 and _folds(self, other):
        folded = self.reshape(math.prod(self._data.shape[:-1]), self._data.shape[-1])
        product = folded.mm(other) if n == 2 else folded.mv(other)
        return unsafe_view(product, (*self._data.shape[:-1], *other._data.shape[1:]))
    if m <= 2 and n >= 3 and (self.requires_grad or (m == 1 and _folds(other, self, True))):
        small = self.t() if m == 2 else self
        product = matmul(other.mT, small)
        return product.mT.contiguous() if m == 2 else product
    if m == n == 3 and other._data.shape[0] == 1 != self._data.shape[0] and other.requires_grad:
        return matmul(self, other.squeeze(0))
    if m == n == 3 and self._data.shape[0] == 1 != other._data.shape[0] and self.requires_grad:
        return matmul(self.squeeze(0), other)
    return _batched(self, other)


def _folds(large: Tensor, small: Tensor, turned: bool = False) -> bool:
    """Return whether torch makes one matrix of a batch: so as to repeat nothing that gets a gradient, or to copy less.

    With `turned`, of the batch with the last two axes swapped.
    """
    x = large._array
    if small.requires_grad or not x.size:
        return True
    shape, steps = list(x.shape), list(x.strides)
    for i in reversed(range(x.ndim - 2)):
        steps[i] = steps[i + 1] * shape[i + 1] if shape[i] == 1 else steps[i]
    if turned:
        shape[-2:], steps[-2:] = shape[:-3:-1], steps[:-3:-1]
    return all(steps[i] == steps[i + 1] * shape[i + 1] for i in range(x.ndim - 2))


def _batched(self: Tensor, other: Tensor) -> Tensor:
    a = self.unsqueeze(0) if self.ndim == 1 else self
    b = other.unsqueeze(1) if other.ndim == 1 else other
    check_shapes(*(np.broadcast_to(0, x._data.shape[:-2]) for x in (a, b)))
    batch = np.broadcast_shapes(a._data.shape[:-2], b._data.shape[:-2])
    rows, inner = a._data.shape[-2:]
    columns = b._data.shape[-1]
    a3 = a.expand(*batch, rows, inner).reshape(-1, rows, inner)
    b3 = b.expand(*batch, *b._data.shape[-2:]).reshape(-1, *b._data.shape[-2:])
    shape = [*batch, rows, columns]
    if self.ndim == 1:
        del shape[-2]
    if other.ndim == 1:
        del shape[-1]
    product = a3.bmm(b3)
    return unsafe_view(product.squeeze(-1) if other.ndim == 1 else product, tuple(shape))


def _operator(self: Tensor, other: Any) -> Any:
    return matmul(self, other) if isinstance(other, Tensor) else NotImplemented


method("__matmul__")(_operator)


def _sum_of_products(row: str, self: Tensor, a: Tensor, b: Tensor, beta: Any, alpha: Any) -> Any:
    """Describe ``beta * self + alpha * (a @ b)``."""
    x, y = a._data, b._data
    if row == "addmv":
        counts = self.ndim, x.ndim, y.ndim
        if counts not in ((0, 2, 1), (1, 2, 1)):
            raise RuntimeError(f"vector + matrix @ vector expected, got {counts[0]}, {counts[1]}, {counts[2]}")
        _fitting_vector(x, y, self._data.size)
        if not self._data.dtype == x.dtype == y.dtype:
            kinds = ", ".join(map(_kind, (self, a)))
            raise RuntimeError(f"addmv input tensors must have the same dtype, but got {kinds}, and {_kind(b)}")
    elif row == "addmm":
        for name, matrix in (("mat1", x), ("mat2", y)):
            if matrix.ndim != 2:
                raise RuntimeError(f"{name} must be a matrix, got {matrix.ndim}-D tensor")
        for name, one in (("self", self), ("mat1", a)):
            if one._data.dtype != y.dtype:
                raise RuntimeError(f"{name} and mat2 must have the same dtype, but got {_kind(one)} and {_kind(b)}")
        _fitting(x, y)
    else:
        _refuse_batches(self, a, b)
    product = multiply(x, y)
    stretched(self._data, product.shape)
    scaled = product if alpha == 1 else product * alpha
    values = scaled if beta == 0 else self._data + scaled if beta == 1 else self._data * beta + scaled
    facts = {"alpha": alpha, "beta": beta}
    if row == "addmm":
        facts["columns"] = in_columns(x), in_columns(y)
    return row, (self, a, b), values, facts


def _refuse_batches(self: Tensor, a: Tensor, b: Tensor) -> None:
    """Refuse what cannot go into `baddbmm`, in the order in which torch looks at it."""
    shape = []
    for x, dim in ((a, 0), (a, 1), (b, 2)):
        if not x.ndim:
            raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
        shape.append(x._data.shape[axis(dim, x.ndim)])
    stretched(self._data, tuple(shape))
    if not self._data.dtype == a._data.dtype == b._data.dtype:
        if self._data.dtype == a._data.dtype:
            _same_scalars(a, b)
        mine, *others = (_c_name(x) for x in (self, a, b))
        raise RuntimeError(
            f"Input dtypes must be the same, got: input {mine}, batch1: {others[0]}, batch2: {others[1]}"
        )
    for name, x in (("batch1", a), ("batch2", b)):
        if x.ndim != 3:
            raise RuntimeError(f"{name} must be a 3D tensor")
    _fitting_batches(a._data, b._data)


@described("addmm")
def addmm(self: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """Return ``beta * self + alpha * (mat1 @ mat2)``."""
    return _sum_of_products("addmm", self, mat1, mat2, beta, alpha)


@described("baddbmm")
def baddbmm(self: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """Return ``beta * self + alpha * (batch1 @ batch2)``."""
    return _sum_of_products("baddbmm", self, batch1, batch2, beta, alpha)


@described("addmv")
def addmv(self: Tensor, mat: Tensor, vec: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """Return ``beta * self + alpha * (mat @ vec)``."""
    return _sum_of_products("addmv", self, mat, vec, beta, alpha)


@op("cross", early=True)
def cross(self: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """Return the cross product of vectors of three elements along `dim`, or the first such axis."""
    if dim is None:
        if 3 not in self._data.shape:
            raise RuntimeError("no dimension of size 3 in input")
        dim = self._data.shape.index(3)
    if self.ndim != other.ndim:
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    over = axis(dim, self.ndim)
    for x in (self, other):
        if x._data.shape[over] != 3:
            raise RuntimeError(
                f"linalg.cross: inputs dimension {dim} must have length 3. Got {self._data.shape[over]} and "
                f"{other._data.shape[over]}"
            )
    check_shapes(self._data, other._data)
    _same_scalars(self, other)
    return recorded("cross", (self, other), on_arrays(*in_common(self._data, other._data), over), {"dim": over})


@op("inner", early=False)
def inner(self: Tensor, other: Tensor) -> Tensor:
    """Return the sums of products over the last axes of both."""
    if not self.ndim or not other.ndim:
        return self.mul(other)  # type: ignore[no-any-return]
    if self._data.shape[-1] != other._data.shape[-1]:
        raise RuntimeError(
            "inner() the last dimension must match on both input tensors but got shapes "
            f"{list(self._data.shape)} and {list(other._data.shape)}"
        )
    if self._data.dtype != other._data.dtype:
        raise RuntimeError("both inputs should have same dtype")
    return FUNCTIONS["tensordot"](self, other, ([-1], [-1]))  # type: ignore[no-any-return]
