"""Losses.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/nn.functional.html#loss-functions
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor
from course.nptorch.grad_mode import recording
from course.nptorch.nn.functional.classes import cross_entropy, nll_loss
from course.nptorch.nn.functional.reduction import reduced, reduction_of
from course.nptorch.nn.lifted import not_differentiable, record
from course.nptorch.ops.careful import refusing
from course.nptorch.ops.cast import result_type
from course.nptorch.ops.layout import led_by
from course.nptorch.ops.operands import in_common, refuse_floats_into, refuse_whole
from course.nptorch.ops.register import FUNCTIONS
from course.nptorch.ops.write import check_shapes

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cosine_similarity",
    "cross_entropy",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "mse_loss",
    "nll_loss",
    "smooth_l1_loss",
]


def _aligned(input: Any, target: Any) -> tuple[Any, Any]:
    """Broadcast input and target against each other, with torch's warning."""
    if target.size() != input.size():
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}). This will likely lead to incorrect results due to broadcasting. "
            "Please ensure they have the same size.",
            stacklevel=3,
        )
        a, b = FUNCTIONS["broadcast_tensors"](input, target)
        return a, b
    return input, target


def _pointwise(
    name: str, input: Tensor, target: Tensor, values: Any, reduction: str, *kept: Tensor | None, **facts: Any
) -> Tensor:
    values, scale = reduced(led_by(values, input._data, target._data), reduction)
    return record(name, (input, target, *kept), values, {"scale": scale, **facts})  # type: ignore[no-any-return]


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Return the mean (or sum) of the squared differences.

    Parameters
    ----------
    input, target : Tensor
        Of one shape; others are broadcast, with a warning.
    size_average, reduce : bool, optional
        Deprecated, see `reduction`.
    reduction : {"mean", "sum", "none"}
        What to do with the elements.
    weight : Tensor, optional
        Of every element.

    Raises
    ------
    ValueError
        For another `reduction`.
    """
    reduction = reduction_of(reduction, size_average, reduce)
    x, t = _aligned(input, target)
    if weight is not None:
        squared = (x - t) ** 2 * weight
        if reduction == "mean":
            return squared.sum() / weight.sum()  # type: ignore[no-any-return]
        return squared.sum() if reduction == "sum" else squared  # type: ignore[no-any-return]
    a, b = in_common(x._data, t._data)
    refuse_whole("mse_cpu", a)
    difference = a - b
    return _pointwise("mse_loss", x, t, difference * difference, reduction)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Return the mean (or sum) of the absolute differences; parameters as for `mse_loss`."""
    reduction = reduction_of(reduction, size_average, reduce)
    x, t = _aligned(input, target)
    difference = (x - t).abs()
    if weight is not None:
        difference = difference * weight
        if reduction == "mean":
            return difference.sum() / weight.sum()  # type: ignore[no-any-return]
    if reduction == "none":
        return difference  # type: ignore[no-any-return]
    return difference.mean() if reduction == "mean" else difference.sum()  # type: ignore[no-any-return]


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """Return differences squared (over ``2 * beta``) below `beta`, absolute above."""
    reduction = reduction_of(reduction, size_average, reduce)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        return l1_loss(input, target, reduction=reduction)
    input, target = _aligned(input, target)
    a, b = in_common(input._data, target._data)
    refuse_whole("smooth_l1_cpu", a)
    far = np.abs(a - b)
    values = np.where(far < beta, 0.5 * far * far / beta, far - 0.5 * beta).astype(far.dtype)
    return _pointwise("smooth_l1_loss", input, target, values, reduction, beta=beta)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Any = None
) -> Tensor:
    """Return ``delta`` times `smooth_l1_loss`."""
    if weight is not None:
        raise NotImplementedError("course.nptorch has no huber_loss with weight")
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    reduction = reduction_of(reduction)
    input, target = _aligned(input, target)
    a, b = in_common(input._data, target._data)
    refuse_whole("huber_cpu", a)
    refuse_floats_into(input._data, b)
    far = np.abs(a - b)
    values = np.where(far < delta, 0.5 * far * far, delta * (far - 0.5 * delta)).astype(input._data.dtype)
    return _pointwise("huber_loss", input, target, values, reduction, beta=delta)


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return the cross entropy of probabilities against a target between 0 and 1.

    Logarithms are held above -100, so that a certain error costs 100 and not infinity.

    Raises
    ------
    ValueError
        If the shapes differ.
    RuntimeError
        If an element of the input or the target is not between 0 and 1.
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if target.size() != input.size():
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}) is deprecated. Please ensure they have the same size."
        )
    if weight is not None:
        weight = weight.expand(FUNCTIONS["broadcast_shapes"](target.shape, weight.shape))
    return _of_chances(input, target, weight, reduction)


@refusing("binary_cross_entropy", early=True)
def _of_chances(input: Tensor, target: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    not_differentiable("binary_cross_entropy", weight=weight)
    x, t = input._data, target._data
    if x.dtype != t.dtype:
        kinds = [one.dtype.tensor_type.removesuffix("Tensor") for one in (target, input)]
        raise RuntimeError(f"Found dtype {kinds[0]} but expected {kinds[1]}")
    refuse_whole("binary_cross_entropy", x)
    wrong = [~((one >= 0) & (one <= 1)).reshape(-1) for one in (x, t)]
    if wrong[0].any() or wrong[1].any():  # torch goes from element to element, and looks at the input first
        name = "input" if wrong[0][np.argmax(wrong[0] | wrong[1])] else "target"
        raise RuntimeError(f"all elements of {name} should be between 0 and 1")
    with np.errstate(divide="ignore"):
        values = -(t * np.maximum(np.log(x), -100) + (1 - t) * np.maximum(np.log1p(-x), -100))
    values = values if weight is None else values * weight._data
    return _pointwise("binary_cross_entropy", input, target, values, reduction, weight)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """Return `binary_cross_entropy` of ``sigmoid(input)``, without overflow.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if target.size() != input.size():
        raise ValueError(f"Target size ({target.shape}) must be the same as input size ({input.shape})")
    not_differentiable("binary_cross_entropy_with_logits", weight=weight, pos_weight=pos_weight)
    x, t = input._data, target._data
    refuse_whole("log_sigmoid_cpu", x)
    refuse_floats_into(t, x)
    log_sigmoid = np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))
    if pos_weight is not None:
        check_shapes(pos_weight._data, t)
    if weight is not None:
        check_shapes(x, weight._data)
    if pos_weight is None:
        values = (1 - t) * x - log_sigmoid
    else:
        values = (1 - t) * x - ((pos_weight._data - 1) * t + 1) * log_sigmoid
    values = values if weight is None else values * weight._data
    return _pointwise("binary_cross_entropy_with_logits", input, target, values, reduction, weight, pos_weight)


def kl_div(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """Return the divergence of a distribution from the one whose logarithm `input` is.

    Parameters
    ----------
    reduction : {"mean", "batchmean", "sum", "none"}
        ``"batchmean"`` divides the sum by the batch, which is the mathematical definition.
    log_target : bool
        Whether `target` is a logarithm too.
    """
    reduction = "batchmean" if reduction == "batchmean" else reduction_of(reduction, size_average, reduce)
    if reduction == "mean":
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size."
            "'batchmean' divides only by the batch size, and aligns with the KL div math definition."
            "'mean' will be changed to behave the same as 'batchmean' in the next major release.",
            stacklevel=2,
        )
    for position, (name, x) in enumerate((("input", input), ("target", target)), 1):
        if not isinstance(x, Tensor):
            raise TypeError(f"kl_div(): argument '{name}' (position {position}) must be Tensor, not {type(x).__name__}")
    if input._data.dtype.kind != "f" or target._data.dtype.kind != "f":
        raise RuntimeError("kl_div: Integral inputs not supported.")
    if log_target:
        difference = target - input  # recorded first, as in torch
        values = target.exp() * difference
    else:
        product = target * input  # recorded first, as in torch
        values = target.xlogy(target) - product
    if reduction == "batchmean":
        return values.sum() / input.shape[0]  # type: ignore[no-any-return]
    if reduction == "none":
        return values  # type: ignore[no-any-return]
    return values.mean() if reduction == "mean" else values.sum()  # type: ignore[no-any-return]


@refusing("cosine_similarity")
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """Return the cosine of the angle between `x1` and `x2` along an axis."""
    common = result_type(x1, x2)
    if not common.is_floating_point:
        kind = common.tensor_type.removesuffix("Tensor")
        raise RuntimeError(f"expected common dtype to be floating point, yet common dtype is {kind}")
    x1, x2 = x1.to(common), x2.to(common)
    check_shapes(x1._data, x2._data)
    whole = np.broadcast_shapes(x1._data.shape, x2._data.shape)
    x1, x2 = (x if x._data.shape == whole else x.expand(whole) for x in (x1, x2))
    lengths = [x.norm(2, dim, keepdim=True).clone() for x in (x1, x2)]
    with recording(False):  # as in torch, the lower bound counts as a constant
        for length in lengths:
            length.clamp_min_(eps)
    return (x1 / lengths[0] * (x2 / lengths[1])).sum(dim)  # type: ignore[no-any-return]
