"""Lesson 12: float32 rounded to a shorter mantissa. Where torch has such a format it judges."""

from __future__ import annotations

from typing import Any

import numpy as np

from course.scenarios import Draw, Yields, part, scenario

TF32, BFLOAT16, ALL = 10, 7, 23


def rounding(T: Any) -> Any:
    """Return ``round_mantissa(x, bits, ties)``: by torch's bfloat16, or in float64 by torch; or the student's part."""
    if T.__name__ != "torch":
        return part(T, "round_mantissa")

    def rounded(x: Any, bits: int, ties: str = "even") -> Any:
        if bits == BFLOAT16 and ties == "even":
            return x.to(T.bfloat16).to(T.float32)
        wide = x.to(T.float64)
        # The exponent of the leading 1; float32 has none below -126.
        exponent = T.where(T.isfinite(wide), T.frexp(wide)[1] - 1, 0).clamp(min=-126).to(T.float64)
        unit = T.exp2(exponent - bits)
        steps = wide / unit
        whole = T.round(steps) if ties == "even" else T.copysign(T.floor(steps.abs() + 0.5), steps)
        return (whole * unit).to(T.float32)

    return rounded


def single(T: Any, numbers: Any) -> Any:
    """Return a tensor of float32."""
    return T.tensor(np.asarray(numbers, dtype=np.float32))


def patterns(T: Any, *words: int) -> Any:
    """Return the float32 numbers that have these 32 bits."""
    return T.tensor(np.array(words, dtype=np.uint32).view(np.float32))


def ties_of(bits: int) -> Any:
    """Return numbers exactly halfway between two that have so many bits, of both signs and several sizes."""
    odd = np.array([1, 3, 5, 7, 2**10 - 1, 2 ** (bits + 1) - 1, 2 ** (bits + 1) - 3], dtype=np.float64)
    near_one = 1 + (odd % 2 ** (bits + 1)) * 2.0 ** -(bits + 1)
    return np.concatenate([near_one, -near_one, near_one * 2.0**10, near_one * 2.0**-9]).astype(np.float32)


@scenario(
    "rounding.ten-bits", lesson=12, contract=True, ulps=0, asks="3.14, 0.1, 1000.3: what do 10 bits make of them?"
)
def ten_bits(T: Any, draw: Draw) -> Yields:
    x = single(T, [1.0, 3.14, 0.1, -3.14, 1000.3, 1e-5, -0.7])
    yield "rounded", rounding(T)(x, TF32)
    yield "what fits already", rounding(T)(single(T, [1.5, 1024.0, 2.0**-20, -3.140625]), TF32)


@scenario("rounding.seven-bits", lesson=12, contract=True, ulps=0, asks="What does torch's bfloat16 make of them?")
def seven_bits(T: Any, draw: Draw) -> Yields:
    x = single(T, draw.normal(50) * 10.0 ** draw.integers(-30, 30, 50))
    yield "rounded", rounding(T)(x, BFLOAT16)


@scenario("rounding.as-float16", lesson=12, contract=True, ulps=0, asks="float16 has 10 bits, too: is it the same?")
def as_float16(T: Any, draw: Draw) -> Yields:
    x = single(T, draw.uniform(50, low=0.5, high=4.0) * 4.0 ** draw.integers(-5, 6, 50))
    yield "rounded", x.to(T.float16).to(T.float32) if T.__name__ == "torch" else rounding(T)(x, TF32)


@scenario("rounding.ties-to-even", lesson=12, contract=True, ulps=0, asks="Exactly halfway: which neighbour is it?")
def ties_to_even(T: Any, draw: Draw) -> Yields:
    for bits in (TF32, BFLOAT16, 3):
        x = single(T, ties_of(bits))
        yield f"{bits} bits", rounding(T)(x, bits)
        yield f"{bits} bits, asked for", rounding(T)(x, bits, ties="even")


@scenario("rounding.ties-away", lesson=12, contract=True, ulps=0, asks="Halfway, and ties go away from 0: where to?")
def ties_away(T: Any, draw: Draw) -> Yields:
    for bits in (TF32, BFLOAT16, 3):
        yield f"{bits} bits", rounding(T)(single(T, ties_of(bits)), bits, ties="away")


@scenario("rounding.beside-a-tie", lesson=12, contract=True, ulps=0, asks="The float32 right beside a tie: up or down?")
def beside_a_tie(T: Any, draw: Draw) -> Yields:
    for ties in ("even", "away"):
        for name, towards in (("above", np.inf), ("below", -np.inf)):
            numbers = np.nextafter(ties_of(TF32), np.float32(towards))
            yield f"{ties}, {name}", rounding(T)(single(T, numbers), TF32, ties=ties)


@scenario(
    "rounding.carry", lesson=12, contract=True, ulps=0, asks="1.9999999 with 10 bits: what happens to the exponent?"
)
def carry(T: Any, draw: Draw) -> Yields:
    x = single(T, [1.9999999, 0.99999994, -2047.9, 4095.5, -0.4999999])
    for ties in ("even", "away"):
        yield ties, rounding(T)(x, TF32, ties=ties)


@scenario(
    "rounding.past-the-largest", lesson=12, contract=True, ulps=0, asks="The largest float32: what becomes of it?"
)
def past_the_largest(T: Any, draw: Draw) -> Yields:
    x = single(T, [3.4028235e38, -3.4028235e38, 3.3895e38, 3.39e38, 1e38])
    for bits in (BFLOAT16, TF32):
        yield f"{bits} bits", rounding(T)(x, bits)


@scenario("rounding.infinities-and-zeros", lesson=12, contract=True, ulps=0, asks="inf, -inf, 0 and -0: what are they?")
def infinities_and_zeros(T: Any, draw: Draw) -> Yields:
    x = single(T, [np.inf, -np.inf, 0.0, -0.0])
    for ties in ("even", "away"):
        y = rounding(T)(x, TF32, ties=ties)
        yield f"{ties}: rounded", y
        yield f"{ties}: one divided by it", 1 / y


@scenario("rounding.nan", lesson=12, contract=True, ulps=0, asks="There are many nan: is each of them still one?")
def nan(T: Any, draw: Draw) -> Yields:
    x = patterns(T, 0x7FC00000, 0xFFC00000, 0x7F800001, 0xFF800001, 0x7FFFFFFF, 0xFFFFFFFF, 0x3F800000)
    for bits in (BFLOAT16, TF32):
        yield f"{bits} bits", rounding(T)(x, bits)
    yield "away", rounding(T)(x, TF32, ties="away")


@scenario(
    "rounding.tiny-numbers", lesson=12, contract=True, ulps=0, asks="Below 2**-126 there is no leading 1: and now?"
)
def tiny_numbers(T: Any, draw: Draw) -> Yields:
    x = patterns(T, 0x00800000, 0x007FFFFF, 0x00012345, 0x80012345, 0x00000001, 0x00001000, 0x00003000)
    for bits in (BFLOAT16, TF32):
        # So small numbers are told apart only when made large.
        yield f"{bits} bits, times 2**126", rounding(T)(x, bits) * 2.0**126


@scenario("rounding.every-width", lesson=12, contract=True, ulps=0, asks="From 1 bit to 23: what is left of a number?")
def every_width(T: Any, draw: Draw) -> Yields:
    x = single(T, draw.normal(8) / 3)
    for bits in range(1, ALL + 1):
        yield f"{bits} bits", [rounding(T)(x, bits, ties=ties) for ties in ("even", "away")]


@scenario(
    "rounding.leaves-x-alone", lesson=12, contract=True, ulps=0, asks="Is x as it was, and the result apart from it?"
)
def leaves_x_alone(T: Any, draw: Draw) -> Yields:
    x = single(T, draw.normal(4) / 3)
    for bits in (TF32, ALL):
        y = rounding(T)(x, bits)
        yield f"{bits} bits: x", x
        y.zero_()
        yield f"{bits} bits: x, when the result is changed", x


@scenario(
    "rounding.shapes", lesson=12, contract=True, ulps=0, asks="No dimensions, none at all, a transposed matrix: fine?"
)
def shapes(T: Any, draw: Draw) -> Yields:
    yield "one number", rounding(T)(single(T, 3.14), TF32)
    yield "empty", rounding(T)(single(T, []), TF32)
    yield "transposed", rounding(T)(single(T, draw.normal(2, 3) / 3).t(), TF32)
