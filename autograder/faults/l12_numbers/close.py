"""Wrong ideas about tolerances."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.faults.registry import Part, fault

TESTING = "https://docs.pytorch.org/docs/stable/testing.html#torch.testing.assert_close"
DOUBLE = "https://discuss.pytorch.org/t/gradients-are-different-on-single-and-double-precision/154957"
ISCLOSE = "https://docs.pytorch.org/docs/stable/generated/torch.isclose.html"
NUMPY = "https://numpy.org/doc/stable/reference/generated/numpy.isclose.html"
FLAKY = "https://github.com/pytorch/pytorch/pull/80518"

TABLE = {"float16": (1e-3, 1e-5), "bfloat16": (1.6e-2, 1e-5), "float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7)}


def wrong(id: str, help: str, links: tuple[str, ...] = ()) -> Callable[[Part], Part]:
    return fault(id, exercise="close-enough", part="is_close", help=help, links=links)


def wrong_tolerance(id: str, help: str, links: tuple[str, ...] = ()) -> Callable[[Part], Part]:
    return fault(id, exercise="close-enough", part="tolerance", help=help, links=links)


def widened(*arrays: Any) -> list[Any]:
    """Right in all faults that are not about it."""
    return [one.astype(np.int64) if one.dtype.kind in "bu" else one for one in arrays]


def nans(a: Any, b: Any, equal_nan: bool) -> Any:
    """Right in all faults that are not about it."""
    return np.isnan(a) & np.isnan(b) & equal_nan


@wrong_tolerance(
    "tolerance-of-the-first", "Two dtypes may differ: the larger rtol and the larger atol count.", (TESTING,)
)
def of_the_first(*dtypes: str) -> tuple[float, float]:
    return TABLE.get(dtypes[0], (0.0, 0.0))


@wrong_tolerance(
    "tolerance-of-the-stricter",
    "Beside float16 even float64 is only as good as float16: take the larger tolerance.",
    (TESTING, DOUBLE),
)
def of_the_stricter(*dtypes: str) -> tuple[float, float]:
    found = [TABLE.get(one, (0.0, 0.0)) for one in dtypes]
    return min(rtol for rtol, _ in found), min(atol for _, atol in found)


@wrong_tolerance(
    "tolerance-the-same-for-all",
    "1e-5 and 1e-8 are allclose's defaults for every dtype; assert_close looks at it.",
    (ISCLOSE,),
)
def same_for_all(*dtypes: str) -> tuple[float, float]:
    return 1e-5, 1e-8


@wrong_tolerance("tolerance-for-whole-numbers", "Whole numbers and bools are exact: 0.0 and 0.0.", (TESTING,))
def for_whole_numbers(*dtypes: str) -> tuple[float, float]:
    found = [TABLE.get(one, TABLE["float64"]) for one in dtypes]
    return max(rtol for rtol, _ in found), max(atol for _, atol in found)


@wrong_tolerance("tolerance-in-the-wrong-order", "rtol comes first, then atol.", (TESTING,))
def wrong_order(*dtypes: str) -> tuple[float, float]:
    found = [TABLE.get(one, (0.0, 0.0)) for one in dtypes]
    return max(atol for _, atol in found), max(rtol for rtol, _ in found)


@wrong("close-relative-to-actual", "The tolerance is relative to |expected|, the second one.", (ISCLOSE,))
def relative_to_actual(actual: Any, expected: Any, rtol: float, atol: float, equal_nan: bool = False) -> Any:
    a, b = widened(actual, expected)
    away = abs(a - b)
    return (a == b) | nans(a, b, equal_nan) | (np.isfinite(away) & (away <= atol + rtol * abs(a)))


@wrong(
    "close-relative-to-the-larger",
    "math.isclose takes the larger of the two, so that order does not matter; torch takes |expected|.",
    ("https://docs.python.org/3/library/math.html#math.isclose", ISCLOSE),
)
def relative_to_the_larger(actual: Any, expected: Any, rtol: float, atol: float, equal_nan: bool = False) -> Any:
    a, b = widened(actual, expected)
    away = abs(a - b)
    size = np.maximum(abs(a), abs(b))
    return (a == b) | nans(a, b, equal_nan) | (np.isfinite(away) & (away <= atol + rtol * size))


@wrong("close-one-or-the-other", "The two tolerances are added, not taken as alternatives.", (ISCLOSE,))
def one_or_the_other(actual: Any, expected: Any, rtol: float, atol: float, equal_nan: bool = False) -> Any:
    a, b = widened(actual, expected)
    away = abs(a - b)
    return (a == b) | nans(a, b, equal_nan) | (np.isfinite(away) & (away <= np.maximum(atol, rtol * abs(b))))


@wrong("close-without-the-sign", "rtol * expected is negative where expected is: take its size.", (ISCLOSE,))
def without_the_sign(actual: Any, expected: Any, rtol: float, atol: float, equal_nan: bool = False) -> Any:
    a, b = widened(actual, expected)
    away = abs(a - b)
    return (a == b) | nans(a, b, equal_nan) | (np.isfinite(away) & (away <= atol + rtol * b))


@wrong("close-one-sided", "Take the size of the distance: too small is as far off as too large.", (ISCLOSE,))
def one_sided(actual: Any, expected: Any, rtol: float, atol: float, equal_nan: bool = False) -> Any:
    a, b = widened(actual, expected)
    away = a - b
    return (a == b) | nans(a, b, equal_nan) | (np.isfinite(away) & (away <= atol + rtol * abs(b)))


@wrong("close-relative-error", "Dividing by expected fails where it is 0; and atol has its part too.", (FLAKY,))
def relative_error(actual: Any, expected: Any, rtol: float, atol: float, equal_nan: bool = False) -> Any:
    a, b = widened(actual, expected)
    away = abs(a - b)
    with np.errstate(all="ignore"):
        return (a == b) | nans(a, b, equal_nan) | (np.isfinite(away) & (away / abs(b) <= rtol))


@wrong(
    "close-to-infinity",
    "An infinite tolerance, or an infinite expected value, must not make a number close.",
    (ISCLOSE,),
)
def to_infinity(actual: Any, expected: Any, rtol: float, atol: float, equal_nan: bool = False) -> Any:
    a, b = widened(actual, expected)
    return (a == b) | nans(a, b, equal_nan) | (abs(a - b) <= atol + rtol * abs(b))


@wrong("close-inf-minus-inf", "inf - inf is nan, and nan is within no tolerance: ask for equality first.", (ISCLOSE,))
def inf_minus_inf(actual: Any, expected: Any, rtol: float, atol: float, equal_nan: bool = False) -> Any:
    a, b = widened(actual, expected)
    away = abs(a - b)
    return nans(a, b, equal_nan) | (np.isfinite(away) & (away <= atol + rtol * abs(b)))


@wrong("close-nan-to-nan", "nan is close to nan only where equal_nan asks for it.", (TESTING,))
def nan_to_nan(actual: Any, expected: Any, rtol: float, atol: float, equal_nan: bool = False) -> Any:
    a, b = widened(actual, expected)
    away = abs(a - b)
    return (a == b) | nans(a, b, True) | (np.isfinite(away) & (away <= atol + rtol * abs(b)))


@wrong("close-nan-never", "With equal_nan two nan are close.", (TESTING,))
def nan_never(actual: Any, expected: Any, rtol: float, atol: float, equal_nan: bool = False) -> Any:
    a, b = widened(actual, expected)
    away = abs(a - b)
    return (a == b) | (np.isfinite(away) & (away <= atol + rtol * abs(b)))


@wrong("close-nan-to-anything", "equal_nan needs a nan on both sides.", (TESTING,))
def nan_to_anything(actual: Any, expected: Any, rtol: float, atol: float, equal_nan: bool = False) -> Any:
    a, b = widened(actual, expected)
    away = abs(a - b)
    either = (np.isnan(a) | np.isnan(b)) & equal_nan
    return (a == b) | either | (np.isfinite(away) & (away <= atol + rtol * abs(b)))


@wrong("close-less-than", "At most as far apart as allowed: <=.", (ISCLOSE,))
def less_than(actual: Any, expected: Any, rtol: float, atol: float, equal_nan: bool = False) -> Any:
    a, b = widened(actual, expected)
    away = abs(a - b)
    return (a == b) | nans(a, b, equal_nan) | (np.isfinite(away) & (away < atol + rtol * abs(b)))


@wrong("close-as-float64", "float64 cannot tell all int64 apart: compare whole numbers as what they are.", (NUMPY,))
def as_float64(actual: Any, expected: Any, rtol: float, atol: float, equal_nan: bool = False) -> Any:
    a, b = actual.astype(np.float64), expected.astype(np.float64)
    away = abs(a - b)
    return (a == b) | nans(a, b, equal_nan) | (np.isfinite(away) & (away <= atol + rtol * abs(b)))


@wrong("close-uint8-wraps", "In uint8 3 - 4 is 255, and bools have no minus: convert them first.", (NUMPY,))
def uint8_wraps(actual: Any, expected: Any, rtol: float, atol: float, equal_nan: bool = False) -> Any:
    away = abs(actual - expected)
    close = (actual == expected) | (np.isfinite(away) & (away <= atol + rtol * abs(expected)))
    return close | nans(actual, expected, equal_nan)


@wrong(
    "close-all-or-nothing", "One bool for each element: assert_close says how many are wrong, and where.", (TESTING,)
)
def all_or_nothing(actual: Any, expected: Any, rtol: float, atol: float, equal_nan: bool = False) -> Any:
    a, b = widened(actual, expected)
    away = abs(a - b)
    close = (a == b) | nans(a, b, equal_nan) | (np.isfinite(away) & (away <= atol + rtol * abs(b)))
    return np.full(close.shape, close.all())
