"""Losses of classifiers.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html
"""

from __future__ import annotations

from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.dtypes import dtype_of
from course.nptorch.nn.functional.reduction import reduction_of
from course.nptorch.nn.lifted import not_differentiable, record
from course.nptorch.ops.careful import refusing
from course.nptorch.ops.operands import refuse_whole

__all__ = ["cross_entropy", "nll_loss"]


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return minus the log-probability of the right class.

    Parameters
    ----------
    input : Tensor
        Log-probabilities of shape ``(n, classes)``, ``(n, classes, ...)`` or ``(classes,)``.
    target : Tensor
        Right classes (integers) of shape ``(n,)``, ``(n, ...)`` or ``()``.
    weight : Tensor, optional
        Of each class; a mean is then a weighted mean.
    ignore_index : int
        A target that does not count.
    reduction : {"mean", "sum", "none"}
        What to do with the samples.

    Raises
    ------
    ValueError, RuntimeError, IndexError
        If shapes, the target's dtype or a class do not fit.
    """
    reduction = reduction_of(reduction, size_average, reduce)
    return _of_classes(input, target, weight, ignore_index, reduction)


@refusing("nll_loss_nd", early=True)
def _of_classes(input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: str) -> Tensor:
    x, t = input._data, np.asarray(target._data)
    _check(input, target, weight)
    if x.ndim == 1:
        t = t.reshape(())
    not_differentiable("nll_loss_forward" if x.ndim < 3 else "nll_loss2d_forward", weight=weight)
    if x.ndim not in (1, 2, 4):  # torch looks at what is neither rows nor images as an image of one row
        image, places = (
            one.reshape(*one.shape[:first], *((1, -1) if one.numel() else (0, 0)))
            for one, first in ((input, 2), (target, 1))
        )
        made = nll_loss(image, places, weight, ignore_index=ignore_index, reduction=reduction)
        return made.view(t.shape) if reduction == "none" else made
    axis = 0 if x.ndim == 1 else 1
    classes = x.shape[axis]
    counted = t != ignore_index
    safe = np.where(counted, t, 0)
    if t.size and (safe.min() < 0 or safe.max() >= classes):
        wrong = safe[(safe < 0) | (safe >= classes)].reshape(-1)[0]
        raise IndexError(f"Target {int(wrong)} is out of bounds.")
    each = counted.astype(x.dtype) if weight is None else np.asarray(weight._data, x.dtype)[safe] * counted
    total = each.sum()
    scale = 1 / total if reduction == "mean" else x.dtype.type(1)
    # a dense table of how much each log-probability counts: -weight at the right class, else 0
    shares = np.zeros(x.shape, x.dtype)
    samples = np.indices(safe.shape, sparse=True)
    right = (*samples[:axis], safe, *samples[axis:])  # the right class of each sample
    shares[right] = -each * scale
    values = np.where(each == 0, 0, -x[right] * each).astype(x.dtype)[()]
    if reduction != "none":
        values = np.add.reduce(values, axis=None)
        values = values / total if reduction == "mean" else values
    name = "nll_loss" if x.ndim <= 2 else "nll_loss2d"
    counts = wrap(total if reduction != "none" else x.dtype.type(0))
    return record(name, (input, target, weight, counts), values, {"shares": shares})  # type: ignore[no-any-return]


def _check(input: Tensor, target: Tensor, weight: Tensor | None) -> None:
    """Refuse what does not fit, in the order in which torch looks at it."""
    x, t = input._data, np.asarray(target._data)
    if not x.ndim:
        raise ValueError("Expected 1 or more dimensions (got 0)")
    if x.ndim == 1 and t.ndim and t.shape[0] != 1:
        raise ValueError(f"For 1D input, 1D target must have size 1, but got target size: {t.shape[0]}")
    count = t.shape[0] if t.ndim else 0
    if x.ndim != 1 and x.shape[0] != count:
        raise ValueError(f"Expected input batch_size ({x.shape[0]}) to match target batch_size ({count}).")
    if x.ndim < 3 and t.ndim > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if x.ndim == 4 and t.ndim != 3:
        raise RuntimeError(
            f"only batches of spatial targets supported (3D tensors) but got targets of dimension: {t.ndim}"
        )
    if x.ndim == 4 and t.shape != (x.shape[0], *x.shape[2:]):
        raise RuntimeError(f"size mismatch (got input: {list(x.shape)} , target: {list(t.shape)}")
    if x.ndim > 2 and t.shape != (x.shape[0], *x.shape[2:]):
        raise RuntimeError(f"Expected target size {[x.shape[0], *x.shape[2:]]}, got {list(t.shape)}")
    classes = x.shape[min(x.ndim - 1, 1)]
    if weight is not None and weight._data.shape != (classes,):
        text = "weight tensor should be defined either for all"
        if x.ndim > 2:
            raise RuntimeError(f"{text} or no classes")
        raise RuntimeError(
            f"{text} {classes} classes or no classes but got weight tensor of shape: {list(weight.shape)}"
        )
    kinds = [dtype_of(one.dtype).tensor_type.removesuffix("Tensor") for one in (x, t)]
    refuse_whole("nll_loss_out_frame" if x.ndim < 3 else "nll_loss2d_forward_out_frame", x)
    if t.dtype not in (np.int64, np.uint8):
        raise RuntimeError(f"expected target dtype to be Long or Byte, but got {kinds[1]}")
    if weight is not None and weight._data.dtype != x.dtype:
        other = weight.dtype.tensor_type.removesuffix("Tensor")
        raise RuntimeError(f"expected scalar type {kinds[0]} but found {other}")


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Return `nll_loss` of the log-softmax of `input`.

    Parameters
    ----------
    input : Tensor
        Scores of shape ``(n, classes)``, ``(n, classes, ...)`` or ``(classes,)``.
    target : Tensor
        Right classes, or probabilities of the shape of `input`.
    weight, ignore_index, reduction
        As for `nll_loss`.
    label_smoothing : float
        This share of the target is spread evenly over all classes.

    Raises
    ------
    ValueError, RuntimeError, IndexError
        If shapes, the target's dtype or a class do not fit.
    """
    reduction = reduction_of(reduction, size_average, reduce)
    axis = 0 if input.ndim == 1 else 1
    given: Any = (("input", input), ("target", target))
    for position, (name, x) in enumerate(given, 1):
        if not isinstance(x, Tensor):
            what = f"argument '{name}' (position {position}) must be Tensor, not {type(x).__name__}"
            raise TypeError(f"cross_entropy_loss(): {what}")
    if target.shape == input.shape:
        _check_soft(input, target, weight, ignore_index, axis)
        return _soft(input, target, weight, reduction, label_smoothing, axis)
    if label_smoothing > 1:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing:g}")
    scores = input.log_softmax(axis)
    loss: Any = nll_loss(scores, target, weight, None, ignore_index, None, reduction)
    if label_smoothing == 0:
        return loss  # type: ignore[no-any-return]
    even = -(scores if weight is None else scores * _along(weight, input, axis)).sum(axis)
    even = even.masked_fill(target.eq(ignore_index), 0.0)
    if reduction == "sum":
        even = even.sum()
    elif reduction == "mean":
        counted = target._data != ignore_index
        count = wrap(counted.sum() if weight is None else weight._data[target._data[counted]].sum())
        even = even.sum() / count
    classes = input.shape[axis]
    return loss * (1 - label_smoothing) + even * (label_smoothing / classes)  # type: ignore[no-any-return]


def _check_soft(input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, axis: int) -> None:
    if not target.dtype.is_floating_point:
        kind = target.dtype.tensor_type.removesuffix("Tensor")
        raise RuntimeError(f"Expected floating point type for target with class probabilities, got {kind}")
    if ignore_index >= 0:
        raise RuntimeError("ignore_index is not supported for floating point target")
    if weight is not None and weight._data.shape != (input.shape[axis],):
        raise RuntimeError(
            f"cross_entropy: weight tensor should be defined either for all {input.shape[axis]} classes or no classes "
            f"but got weight tensor of shape: {list(weight.shape)}"
        )


def _soft(input: Tensor, target: Any, weight: Tensor | None, reduction: str, smoothing: float, axis: int) -> Tensor:
    """Return the cross entropy against probabilities."""
    if smoothing:
        target = target * (1 - smoothing) + smoothing / input.shape[axis]
    products = input.log_softmax(axis) * target
    if weight is not None:
        products = products * _along(weight, input, axis)
    if reduction == "none":
        return -products.sum(axis)  # type: ignore[no-any-return]
    if reduction == "sum":
        return -products.sum()  # type: ignore[no-any-return]
    rows = input.numel() / input.shape[axis] if input.shape[axis] else 0
    return (-products.sum()).over(rows)  # type: ignore[no-any-return]


def _along(weight: Tensor, input: Tensor, axis: int) -> Tensor:
    shape = [1] * input.ndim
    shape[axis] = -1
    return weight.reshape(*shape)  # type: ignore[no-any-return]
