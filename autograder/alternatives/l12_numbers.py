"""Lesson 12 in other words."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable
from typing import Any

import numpy as np

import course.nptorch as torch
from autograder.alternatives.registry import alternative


@alternative(part="tolerance", how="by comparing what is allowed")
def tolerance_by_order(*dtypes: str) -> tuple[float, float]:
    loosest_first = {"bfloat16": 1.6e-2, "float16": 1e-3, "float32": 1.3e-6}
    for name, rtol in loosest_first.items():
        if name in dtypes:
            return rtol, 1e-5
    return (1e-7, 1e-7) if "float64" in dtypes else (0.0, 0.0)


@alternative(part="tolerance", how="in a loop")
def tolerance_in_a_loop(*dtypes: str) -> tuple[float, float]:
    rtol = atol = 0.0
    for name in dtypes:
        if name == "float64":
            rtol, atol = max(rtol, 1e-7), max(atol, 1e-7)
        elif name in ("float32", "float16", "bfloat16"):
            rtol = max(rtol, {"float32": 1.3e-6, "float16": 0.001, "bfloat16": 0.016}[name])
            atol = 1e-5
    return rtol, atol


@alternative(part="is_close", how="one element after the other")
def close_one_by_one(actual: Any, expected: Any, rtol: float, atol: float, equal_nan: bool = False) -> Any:
    def close(a: Any, b: Any) -> bool:
        if a == b:
            return True
        if math.isnan(a) or math.isnan(b):
            return equal_nan and math.isnan(a) and math.isnan(b)
        return bool(abs(a - b) != math.inf and abs(a - b) <= atol + rtol * abs(b))

    # Floats one by one keep their dtype, and with it its largest distance; whole numbers become Python's.
    flat = [one.ravel() if one.dtype.kind == "f" else one.ravel().astype(int).tolist() for one in (actual, expected)]
    pairs = zip(*flat, strict=True)
    return np.array([close(a, b) for a, b in pairs], dtype=bool).reshape(actual.shape)


@alternative(part="is_close", how="with np.isclose where that is right")
def close_by_numpy(actual: Any, expected: Any, rtol: float, atol: float, equal_nan: bool = False) -> Any:
    if actual.dtype.kind == "f":
        fits = np.isfinite(actual - expected) | (actual == expected) | np.isnan(actual)
        return np.isclose(actual, expected, rtol=rtol, atol=atol, equal_nan=equal_nan) & fits
    a, b = actual.astype(object), expected.astype(object)  # Python's numbers, which have no end
    wide = abs(a * 1 - b * 1) <= atol + rtol * abs(b * 1)
    return np.asarray(wide, dtype=bool)


@alternative(part="round_mantissa", how="in float64, with frexp and rint")
def rounded_in_float64(x: Any, bits: int, ties: str = "even") -> Any:
    wide = x.numpy().astype(np.float64)
    with np.errstate(all="ignore"):
        exponent = np.maximum(np.frexp(np.where(np.isfinite(wide), wide, 1.0))[1] - 1, -126)
        steps = np.ldexp(wide, bits - exponent)
        whole = np.rint(steps) if ties == "even" else np.copysign(np.floor(np.abs(steps) + 0.5), steps)
        return torch.tensor(np.ldexp(whole, exponent - bits).astype(np.float32))


@alternative(part="round_mantissa", how="the nearer of two neighbours")
def nearer_neighbour(x: Any, bits: int, ties: str = "even") -> Any:
    numbers = x.numpy()
    words = numbers.view(np.uint32).astype(np.int64)
    step = 2 ** (23 - bits)
    sign, size = words & 2**31, words % 2**31
    below, rest = size // step, size % step
    up = 2 * rest > step
    up |= (2 * rest == step) & ((below % 2 == 1) if ties == "even" else True)
    size = (below + up) * step
    found = (sign + size).astype(np.uint32).view(np.float32)
    found = np.array(found)
    found[np.isnan(numbers)] = np.nan
    return torch.tensor(found.reshape(numbers.shape))


@alternative(part="measure", how="with statistics")
def measure_with_statistics(
    work: Callable[[], Any],
    synchronize: Callable[[], Any],
    clock: Callable[[], float],
    warmup: int = 3,
    repeats: int = 10,
) -> tuple[float, float]:
    for _ in range(warmup):
        work()
    synchronize()
    times = []
    for _ in range(repeats):
        start = clock()
        work()
        synchronize()
        times.append(clock() - start)
    if len(times) == 1:
        return times[0], 0.0
    first, median, third = statistics.quantiles(times, n=4, method="inclusive")
    return median, third - first


@alternative(part="measure", how="by hand, from one look to the next")
def measure_by_hand(
    work: Callable[[], Any],
    synchronize: Callable[[], Any],
    clock: Callable[[], float],
    warmup: int = 3,
    repeats: int = 10,
) -> tuple[float, float]:
    looks: list[float] = []
    for turn in range(warmup + repeats):
        if turn >= warmup:
            synchronize()
            looks.append(clock())
        work()
    synchronize()
    looks.append(clock())
    times = sorted(b - a for a, b in itertools.pairwise(looks))

    def at(share: float) -> float:
        place = share * (len(times) - 1)
        low = math.floor(place)
        high = min(low + 1, len(times) - 1)
        return times[low] + (place - low) * (times[high] - times[low])

    return at(0.5), at(0.75) - at(0.25)
