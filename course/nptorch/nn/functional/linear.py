"""Linear maps and tables."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor
from course.nptorch.nn.lifted import record
from course.nptorch.ops.careful import refusing
from course.nptorch.ops.matrix import in_columns
from course.nptorch.ops.shape import stretched

__all__ = ["bilinear", "embedding", "linear", "one_hot"]


@refusing("linear", early=True)
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return ``input @ weight.T + bias``.

    Parameters
    ----------
    input : Tensor
        Of shape ``(..., in_features)``.
    weight : Tensor
        Of shape ``(out_features, in_features)``.
    bias : Tensor, optional
        Of shape ``(out_features,)``.

    Returns
    -------
    Tensor
        Of shape ``(..., out_features)``.

    Raises
    ------
    RuntimeError
        If shapes or dtypes do not fit.

    References
    ----------
    .. [1] https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.linear.html
    """
    if not input.ndim or not weight.ndim:
        raise RuntimeError(
            f"both arguments to linear need to be at least 1D, but they are {input.ndim}D and {weight.ndim}D"
        )
    if bias is None:
        return input @ weight.t()  # type: ignore[no-any-return]
    if input.ndim == 2:
        return _addmm(bias, input, weight.t())
    flat = input.reshape(-1, input.shape[-1])
    made = _addmm(bias, flat, weight.t())
    return made.view(*input.shape[:-1], weight.shape[0])  # type: ignore[no-any-return]


def _addmm(bias: Tensor, mat1: Tensor, mat2: Tensor) -> Tensor:
    a, b = mat1._data, mat2._data
    if not bias._data.dtype == a.dtype == b.dtype:
        name, x = ("self", bias) if bias._data.dtype != b.dtype else ("mat1", mat1)
        kinds = [one.dtype.tensor_type.removesuffix("Tensor") for one in (x, mat2)]
        raise RuntimeError(f"{name} and mat2 must have the same dtype, but got {' and '.join(kinds)}")
    if a.shape[1] != b.shape[0]:
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({a.shape[0]}x{a.shape[1]} and {b.shape[0]}x{b.shape[1]})"
        )
    product = a @ b
    stretched(bias._data, product.shape)
    product += bias._data
    columns = in_columns(a), in_columns(b)
    if columns == (False, True):  # the common case: a weight, transposed
        return record("linear", (bias, mat1, mat2), product)  # type: ignore[no-any-return]
    return record("addmm", (bias, mat1, mat2), product, {"alpha": 1, "beta": 1, "columns": columns})  # type: ignore[no-any-return]


def bilinear(input1: Any, input2: Any, weight: Any, bias: Tensor | None = None) -> Tensor:
    """Return ``input1 @ weight[o] @ input2 + bias[o]`` for every output o."""
    columns = [((input1 @ w) * input2).sum(-1) for w in weight]
    from course.nptorch.ops.register import FUNCTIONS

    made = FUNCTIONS["stack"](columns, -1)
    return made if bias is None else made + bias  # type: ignore[no-any-return]


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Return the rows of a table at the indices `input`.

    Parameters
    ----------
    input : Tensor
        Integers, of any shape.
    weight : Tensor
        Of shape ``(rows, width)``.
    padding_idx : int, optional
        A row that gets no gradient.

    Returns
    -------
    Tensor
        Of shape ``(*input.shape, width)``.

    Raises
    ------
    RuntimeError, IndexError
        If the indices are not integers, or out of range.
    NotImplementedError
        For ``max_norm``, ``scale_grad_by_freq`` and ``sparse``.
    """
    if max_norm is not None or scale_grad_by_freq or sparse:
        raise NotImplementedError(
            "course.nptorch has no embedding with max_norm, scale_grad_by_freq or sparse gradients"
        )
    if padding_idx is not None:
        rows = weight.shape[0]
        if not -rows <= padding_idx < rows:
            raise AssertionError("Padding_idx must be within num_embeddings")
        padding_idx %= rows
    return _rows(weight, input, padding_idx)


@refusing("embedding", early=True)
def _rows(weight: Tensor, indices: Tensor, padding_idx: int | None) -> Tensor:
    places, table = indices._data, weight._data
    if table.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    if places.dtype.kind not in "iu":
        kind = "CPUBoolType" if places.dtype == np.bool_ else f"torch.{indices.dtype.tensor_type}"
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: "
            f"Long, Int; but got {kind} instead (while checking arguments "
            "for embedding)"
        )
    rows = table.shape[0]
    if np.any(places < 0) or np.any(places >= rows):
        raise IndexError("index out of range in self")
    facts: dict[str, Any] = {"rows": rows, "skipped": padding_idx}
    return record("embedding", (weight, indices), table[places], facts)  # type: ignore[no-any-return]


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Return integers as rows of zeros with a single 1; of shape ``(*tensor.shape, classes)``.

    Raises
    ------
    RuntimeError
        If an integer is negative or not below `num_classes`, or the dtype is not int64.
    """
    return _one_hot(tensor, num_classes)


@refusing("one_hot")
def _one_hot(input: Tensor, num_classes: int) -> Tensor:
    indices = input._data
    if indices.dtype != np.int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if not indices.size and num_classes <= 0:
        raise RuntimeError("Can not infer total number of classes from empty tensor.")
    if indices.size and indices.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    classes = int(indices.max()) + 1 if num_classes == -1 else num_classes
    if indices.size and indices.max() >= classes:
        raise RuntimeError("Class values must be smaller than num_classes.")
    from course.nptorch._tensor import wrap

    return wrap(np.eye(classes, dtype=np.int64)[indices])
