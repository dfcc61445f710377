"""What torch asks of the numbers that random ones are drawn by."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.nptorch.dtypes import dtype_of


def _kind(x: Any) -> str:
    return dtype_of(x.dtype).tensor_type.removesuffix("Tensor")


def _short(value: Any) -> str:
    return f"{float(value):g}"


def refuse_kind(kernel: str, x: Any) -> None:
    """Refuse an array of whole numbers, for which torch's `kernel` was not written.

    Raises
    ------
    NotImplementedError
        With torch's text.
    """
    if x.dtype.kind != "f":
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{_kind(x)}'")


def for_normal(std: Any) -> None:
    """Refuse a negative standard deviation, or an array with such.

    Raises
    ------
    RuntimeError
        With torch's text.
    """
    if isinstance(std, np.ndarray | np.generic):
        if (np.asarray(std) < 0).any():
            raise RuntimeError("normal expects all elements of std >= 0.0")
    elif not std >= 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {_short(std)}")


def for_uniform(low: Any, high: Any) -> None:
    """Refuse bounds the wrong way round."""
    if low > high:
        raise RuntimeError(
            f"uniform_ expects to return a [from, to) range, but found from={_short(low)} > to={_short(high)}"
        )


def for_integers(low: int, high: int) -> None:
    """Refuse bounds between which there is no whole number."""
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")


def for_bernoulli(p: Any) -> None:
    """Refuse a chance, or an array of chances, that is not between 0 and 1."""
    if isinstance(p, np.ndarray | np.generic):
        refuse_kind("bernoulli_tensor_cpu_p_", p)
        inside = (np.asarray(p) >= 0) & (np.asarray(p) <= 1)
        if not inside.all():
            raise RuntimeError(
                "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error message be improved?  "
                "If so, please report an enhancement request to PyTorch.)"
            )
    elif not 0 <= p <= 1:
        raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={_short(p)}")


def for_exponential(x: Any, rate: float) -> None:
    """Refuse a rate that is not above 0, and whole numbers to be drawn."""
    if x.dtype.kind != "f":
        raise RuntimeError(
            "Exponential distribution is a continuous probability distribution. dtype must be a floating point but "
            f"you specified {_kind(x)}"
        )
    if not rate > 0:
        raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={_short(rate)}")


def for_multinomial(weights: Any, count: int, replacement: bool) -> None:
    """Refuse weights of which no `count` positions can be drawn."""
    if weights.ndim not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if weights.dtype.kind != "f":
        raise RuntimeError(f"multinomial only supports floating-point dtypes for input, got: {_kind(weights)}")
    if count <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and count > weights.shape[-1]:
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    if not np.all(np.isfinite(weights) & (weights >= 0)):
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if np.any(weights.sum(-1) <= 0):
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
