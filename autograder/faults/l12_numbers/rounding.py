"""Wrong ideas about rounding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import course.nptorch as torch
from autograder.faults.registry import Part, fault

NOTES = "https://docs.pytorch.org/docs/stable/notes/numerical_accuracy.html"
ROUNDED = "https://github.com/pytorch/pytorch/issues/53635"
EINSUM = "https://github.com/pytorch/pytorch/issues/78275"
EVEN = "https://docs.python.org/3/tutorial/floatingpoint.html"
BITS = "https://numpy.org/doc/stable/reference/generated/numpy.ndarray.view.html"


def wrong(id: str, help: str, links: tuple[str, ...] = ()) -> Callable[[Part], Part]:
    return fault(id, exercise="short-mantissa", part="round_mantissa", help=help, links=links)


def rounded(x: Any, drop: int, half: Any) -> Any:
    """Right in all faults that are not about it: add, cut off, put nan back."""
    numbers = x.numpy()
    words = numbers.view(np.uint32)
    found = ((words + half) >> drop << drop).view(np.float32)
    return torch.tensor(np.where(np.isnan(numbers), numbers, found))


def bump(x: Any, drop: int, ties: str) -> Any:
    """Right in all faults that are not about it: what to add before cutting off."""
    half = 1 << (drop - 1)
    return half if ties == "away" else half - 1 + (x.numpy().view(np.uint32) >> drop & 1)


@wrong("rounding-cuts-off", "Cutting bits off goes towards zero: round to the nearest.", (NOTES,))
def cuts_off(x: Any, bits: int, ties: str = "even") -> Any:
    return rounded(x, 23 - bits, 0)


@wrong("rounding-ties-always-up", "A tie goes to the neighbour whose last bit is 0, up or down.", (EVEN, ROUNDED))
def always_up(x: Any, bits: int, ties: str = "even") -> Any:
    return rounded(x, 23 - bits, 1 << (22 - bits)) if bits < 23 else x.clone()


@wrong("rounding-ties-always-even", "With ties='away' a tie goes to the neighbour further from 0.", (ROUNDED,))
def always_even(x: Any, bits: int, ties: str = "even") -> Any:
    return rounded(x, 23 - bits, bump(x, 23 - bits, "even")) if bits < 23 else x.clone()


@wrong(
    "rounding-ties-towards-zero", "Half a step less one cuts every tie down: look at the last bit that stays.", (EVEN,)
)
def towards_zero(x: Any, bits: int, ties: str = "even") -> Any:
    if bits == 23:
        return x.clone()
    half = 1 << (22 - bits)
    return rounded(x, 23 - bits, half if ties == "away" else half - 1)


@wrong("rounding-ties-to-odd", "The neighbour whose last bit is 0 is the even one.", (EVEN,))
def to_odd(x: Any, bits: int, ties: str = "even") -> Any:
    if bits == 23:
        return x.clone()
    drop, half = 23 - bits, 1 << (22 - bits)
    odd = x.numpy().view(np.uint32) >> drop & 1
    return rounded(x, drop, half if ties == "away" else half - odd)


@wrong("rounding-counts-the-leading-one", "The leading 1 is not stored: of 23 stored bits, `bits` stay.", (NOTES,))
def counts_the_leading_one(x: Any, bits: int, ties: str = "even") -> Any:
    drop = min(24 - bits, 23)
    return rounded(x, drop, bump(x, drop, ties))


@wrong(
    "rounding-loses-nan",
    "A carry runs through all of a nan's bits, and a small payload is cut off: put nan back.",
    (BITS,),
)
def loses_nan(x: Any, bits: int, ties: str = "even") -> Any:
    if bits == 23:
        return x.clone()
    drop = 23 - bits
    words = x.numpy().view(np.uint32) + np.asarray(bump(x, drop, ties), dtype=np.uint32)
    return torch.tensor((words >> drop << drop).view(np.float32))


@wrong("rounding-into-x", "x.numpy() is the memory of x: compute into an array of your own.", (BITS,))
def into_x(x: Any, bits: int, ties: str = "even") -> Any:
    found = rounded(x, 23 - bits, bump(x, 23 - bits, ties)) if bits < 23 else x
    return x.copy_(found)


@wrong("rounding-shares-memory", "With nothing to cut off, too, the result needs memory of its own.", (BITS,))
def shares_memory(x: Any, bits: int, ties: str = "even") -> Any:
    return rounded(x, 23 - bits, bump(x, 23 - bits, ties)) if bits < 23 else x


@wrong("rounding-shift-of-minus-one", "With bits=23 there is nothing to cut off, and no half of it.", (BITS,))
def shift_of_minus_one(x: Any, bits: int, ties: str = "even") -> Any:
    return rounded(x, 23 - bits, bump(x, 23 - bits, ties))


@wrong(
    "rounding-as-float16",
    "float16 has 10 bits of mantissa and a short exponent: TF32 keeps the range of float32.",
    (NOTES, "https://docs.pytorch.org/docs/stable/notes/cuda.html#tf32-on-ampere"),
)
def as_float16(x: Any, bits: int, ties: str = "even") -> Any:
    if bits != 10 or ties == "away":
        return rounded(x, 23 - bits, bump(x, 23 - bits, ties)) if bits < 23 else x.clone()
    return x.to(torch.float16).to(torch.float32)


@wrong("rounding-decimals", "bits counts binary digits after the leading one, not decimal places.", (EVEN,))
def decimals(x: Any, bits: int, ties: str = "even") -> Any:
    return torch.tensor(np.round(x.numpy(), bits))


@wrong(
    "rounding-behind-the-point", "The step depends on the size of the number: it grows with the exponent.", (EINSUM,)
)
def behind_the_point(x: Any, bits: int, ties: str = "even") -> Any:
    with np.errstate(all="ignore"):
        steps = x.numpy().astype(np.float64) * 2.0**bits
        whole = np.rint(steps) if ties == "even" else np.copysign(np.floor(np.abs(steps) + 0.5), steps)
        return torch.tensor((whole / 2.0**bits).astype(np.float32))


@wrong(
    "rounding-without-the-carry",
    "What is rounded up past 1.111... is the next power of two: let the carry run on.",
    (EINSUM,),
)
def without_the_carry(x: Any, bits: int, ties: str = "even") -> Any:
    if bits == 23:
        return x.clone()
    numbers, drop = x.numpy(), 23 - bits
    words = numbers.view(np.uint32)
    mantissa = ((words & 0x7FFFFF) + bump(x, drop, ties)) >> drop << drop
    found = ((words & 0xFF800000) | (mantissa & 0x7FFFFF)).astype(np.uint32).view(np.float32)
    return torch.tensor(np.where(np.isfinite(numbers), found, numbers))


@wrong("rounding-tiny-to-zero", "Below 2**-126 numbers go on: cut the same bits off there.", (NOTES,))
def tiny_to_zero(x: Any, bits: int, ties: str = "even") -> Any:
    y = rounded(x, 23 - bits, bump(x, 23 - bits, ties)) if bits < 23 else x.clone()
    return torch.where(y.abs() < 2.0**-126, y * 0, y)


@wrong("rounding-stops-at-the-largest", "Past the largest number it is inf, as torch's bfloat16 has it.", (NOTES,))
def stops_at_the_largest(x: Any, bits: int, ties: str = "even") -> Any:
    if bits == 23:
        return x.clone()
    drop = 23 - bits
    y = rounded(x, drop, bump(x, drop, ties))
    largest = float(np.array([0x7F7FFFFF >> drop << drop], dtype=np.uint32).view(np.float32)[0])
    return torch.where(y.isinf() & ~x.isinf(), y.sign() * largest, y)
