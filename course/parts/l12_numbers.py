"""Lesson 12: how close two results are, how short mantissas round, and how long work takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import course.nptorch as torch


def tolerance(*dtypes: str) -> tuple[float, float]:
    """Return how far apart two results may be: the defaults of ``torch.testing.assert_close``.

    Parameters
    ----------
    *dtypes : str
        The dtypes that are compared, by name, such as ``"float32", "float64"``. The table of the lesson has
        those that are not exact; whole numbers and bools, and whatever else is not in it, have to be equal.

    Returns
    -------
    tuple of float
        ``rtol`` and ``atol``. Where the dtypes differ, the larger of each.
    """
    known = {
        "float16": (1e-3, 1e-5),
        "bfloat16": (1.6e-2, 1e-5),
        "float32": (1.3e-6, 1e-5),
        "float64": (1e-7, 1e-7),
    }
    found = [known.get(name, (0.0, 0.0)) for name in dtypes]
    return max(rtol for rtol, _ in found), max(atol for _, atol in found)


def is_close(actual: Any, expected: Any, rtol: float, atol: float, equal_nan: bool = False) -> Any:
    """Return which elements of two arrays are close enough.

    An element is close if it is equal, or if the two are a finite distance apart that is at most
    ``atol + rtol * |expected|``. So an infinity is close to itself alone, and nan to nothing. Floats are
    subtracted in their own dtype, and a distance that this cannot hold is infinite.

    Parameters
    ----------
    actual, expected : numpy.ndarray
        Of one shape and one dtype: floats, whole numbers (``uint8`` too) or bools, which count as 0 and 1.
        Two int64 that differ by 1 differ, however large they are.
    rtol, atol : float
        Relative and absolute tolerance.
    equal_nan : bool
        Whether nan is close to nan.

    Returns
    -------
    numpy.ndarray
        Of bool, of the same shape.
    """
    if actual.dtype.kind in "bu":  # 3 - 4 is 255 in uint8, and bools have no minus
        actual, expected = actual.astype(np.int64), expected.astype(np.int64)
    close = actual == expected
    if equal_nan:
        close = close | (np.isnan(actual) & np.isnan(expected))
    away = abs(actual - expected)
    return close | (np.isfinite(away) & (away <= atol + rtol * abs(expected)))


def round_mantissa(x: Any, bits: int, ties: str = "even") -> Any:
    """Round float32 to the nearest number that has only `bits` bits of mantissa.

    Sign and exponent stay as wide as they are in float32. With 10 bits this is TF32, with 7 bfloat16.

    Parameters
    ----------
    x : Tensor
        Of dtype float32 and any shape. It is left as it is.
    bits : int
        How many of the 23 stored bits of the mantissa are kept: 1 to 23. The leading 1, which is not stored,
        does not count.
    ties : str
        Where to go from exactly halfway: ``"even"``, to the neighbour whose last kept bit is 0, or ``"away"``,
        to the one further from 0.

    Returns
    -------
    Tensor
        Float32, of the same shape, in memory of its own. What is rounded up past the largest number becomes
        inf; inf stays inf, and nan nan, whichever nan it is. The sign of zero is kept.
    """
    numbers = x.numpy()
    drop = 23 - bits
    if drop == 0:
        return x.clone()
    pattern = numbers.view(np.uint32)
    half = 1 << (drop - 1)
    if ties == "even":
        half = half - 1 + (pattern >> drop & 1)  # a tie moves up only if the last kept bit is 1
    rounded = (pattern + half) >> drop << drop  # a carry out of the mantissa belongs into the exponent
    return torch.tensor(np.where(np.isnan(numbers), numbers, rounded.view(np.float32)))


def measure(
    work: Callable[[], Any],
    synchronize: Callable[[], Any],
    clock: Callable[[], float],
    warmup: int = 3,
    repeats: int = 10,
) -> tuple[float, float]:
    """Measure how long one call of `work` takes on a device that has a queue.

    Parameters
    ----------
    work : function
        Puts its work into the queue and comes back, maybe long before that is done.
    synchronize : function
        Waits until the queue is empty; ``torch.cuda.synchronize`` is one.
    clock : function
        Returns the time in seconds; ``time.perf_counter`` is one.
    warmup : int
        So many calls come first and are not measured.
    repeats : int
        So many calls are measured, at least 1, each for itself: from the moment at which the device has nothing
        to do until it has nothing to do again.

    Returns
    -------
    tuple of float
        The median of the measured times, and the distance between their quartiles: the 25th and the 75th
        percentile, between two times along a straight line, as ``np.percentile`` has it.
    """

    def idle() -> float:
        synchronize()
        return clock()

    for _ in range(warmup):
        work()
    times = []
    for _ in range(repeats):
        start = idle()
        work()
        times.append(idle() - start)
    first, median, third = np.percentile(times, [25, 50, 75])
    return float(median), float(third - first)
