"""Lesson 12: which tolerance `torch.testing.assert_close` takes, and what is close under it."""

from __future__ import annotations

import itertools
import re
from typing import Any

from course.scenarios import Draw, Raised, Yields, attempt, part, scenario

INF, NAN = float("inf"), float("nan")
FLOATS = ("float16", "float32", "float64")
WHOLE = ("int64", "int32", "uint8", "bool")


def verdict(T: Any, actual: Any, expected: Any, **how: Any) -> Any:
    """Say "close", or what the error says: how many elements, how far apart, where, and what was allowed."""
    try:
        T.testing.assert_close(actual, expected, **how)
        return "close"
    except AssertionError as error:  # any other error is a mistake, and is to be seen as such
        message = str(error)
    parsed: dict[str, Any] = {"error": message.partition("!")[0] if "\n" in message else ""}
    parsed["elements"] = re.findall(r"Mismatched elements: (\d+ / \d+)", message)
    parsed["attribute"] = re.findall(r"attribute '(\w+)", message)
    parsed["differences"] = [float(one) for one in re.findall(r"difference: (\S+)", message)]
    parsed["places"] = re.findall(r"at index (\([^)]*\))", message)
    parsed["allowed"] = [float(one) for one in re.findall(r"up to (\S+) allowed", message)]
    return {name: value for name, value in parsed.items() if value}


def both(T: Any, dtype: str, actual: Any, expected: Any) -> tuple[Any, Any]:
    """Return two tensors of one dtype."""
    kind = getattr(T, dtype)
    return T.tensor(actual, dtype=kind), T.tensor(expected, dtype=kind)


def each(T: Any, dtype: str, pairs: list[tuple[Any, Any]], **how: Any) -> list[Any]:
    """Return for each pair of numbers whether they are close."""
    return [verdict(T, *both(T, dtype, [one], [other]), **how) == "close" for one, other in pairs]


@scenario("close.defaults", lesson=12, asks="1 beside 2, in every dtype: what is allowed?")
def defaults(T: Any, draw: Draw) -> Yields:
    for dtype in FLOATS:
        yield dtype, verdict(T, *both(T, dtype, [1.0], [2.0]))


@scenario("close.whole-numbers-and-bools", lesson=12, asks="0 beside 1 without a fraction: what is allowed then?")
def whole_numbers_and_bools(T: Any, draw: Draw) -> Yields:
    for dtype in WHOLE:
        yield dtype, verdict(T, *both(T, dtype, [0, 1, 1], [0, 1, 0]))


@scenario(
    "close.bfloat16", lesson=12, contract=True, asks="bfloat16, which NumPy does not have: what is allowed beside it?"
)
def bfloat16(T: Any, draw: Draw) -> Yields:
    for others in ((), ("float16",), ("float32",), ("float64",), ("int64",)):
        names = ("bfloat16", *others)
        if T.__name__ == "torch":
            kinds = [getattr(T, name) for name in (names * 2)[:2]]
            found = verdict(T, T.ones(1, dtype=kinds[0]), T.zeros(1, dtype=kinds[1]), check_dtype=False)["allowed"]
            allowed = found[::-1]
        else:
            allowed = list(part(T, "tolerance")(*names))
        yield " and ".join(names), allowed


@scenario("close.two-dtypes", lesson=12, asks="The dtypes differ, and that is no error: whose tolerance counts?")
def two_dtypes(T: Any, draw: Draw) -> Yields:
    for one, other in itertools.combinations((*FLOATS, "int64"), 2):
        a, b = T.tensor([1], dtype=getattr(T, one)), T.tensor([2], dtype=getattr(T, other))
        yield f"{one} beside {other}", verdict(T, a, b, check_dtype=False)
        yield f"{other} beside {one}", verdict(T, b, a, check_dtype=False)


@scenario("close.the-dtype-counts", lesson=12, asks="The same numbers in two dtypes, or in two shapes: close?")
def the_dtype_counts(T: Any, draw: Draw) -> Yields:
    one = T.tensor(draw.array([1.0, 2.0]))
    yield "float32 beside it", verdict(T, one, one.to(T.float32))
    yield "another shape", verdict(T, one, one.reshape(1, 2))


@scenario("close.where-the-line-is", lesson=12, asks="A little less than allowed, and a little more: which is close?")
def where_the_line_is(T: Any, draw: Draw) -> Yields:
    # Far from the line: at it the rounding of the dtype itself decides.
    for dtype, rtol, atol in (("float32", 1.3e-6, 1e-5), ("float64", 1e-7, 1e-7)):
        for size in (0.0, 2.0**-10, 1.0, 8.0, 2.0**20):
            allowed = atol + rtol * size
            within, beyond = 0.9 * allowed, 1.1 * allowed
            if dtype == "float32" and size == 2.0**20:
                within, beyond = 1.25, 1.5  # its numbers are 1/8 apart there
            pairs = [
                (sign * size + move, sign * size) for sign in (1, -1) for move in (within, -within, beyond, -beyond)
            ]
            yield f"{dtype}, beside {size}", each(T, dtype, pairs)


@scenario("close.given-tolerances", lesson=12, asks="rtol and atol are given: which numbers are close?")
def given_tolerances(T: Any, draw: Draw) -> Yields:
    pairs = [(1.0, 1.5), (10.0, 11.0), (10.0, 12.0), (-10.0, -11.0), (-10.0, 10.0), (0.0, 0.25), (0.25, 0.0)]
    for rtol, atol in ((0.0, 0.5), (0.125, 0.0), (0.0625, 0.5), (0.0, 0.0), (4.0, 0.0)):
        yield f"rtol={rtol}, atol={atol}", each(T, "float64", pairs, rtol=rtol, atol=atol)
    alone = attempt(T.testing.assert_close, *both(T, "float64", [1.0], [1.0]), rtol=1.0)
    yield "one alone", alone.type if isinstance(alone, Raised) else "close"


@scenario("close.which-one-is-expected", lesson=12, asks="1 beside 2 with rtol=0.5: close, and the other way round?")
def which_one_is_expected(T: Any, draw: Draw) -> Yields:
    small, large = [(1.0, 2.0), (-1.0, -2.0), (0.0, 3.0)], [(2.0, 1.0), (-2.0, -1.0), (3.0, 0.0)]
    for rtol in (0.5, 1.0):
        yield f"smaller than expected, rtol={rtol}", each(T, "float64", small, rtol=rtol, atol=0.0)
        yield f"larger than expected, rtol={rtol}", each(T, "float64", large, rtol=rtol, atol=0.0)


@scenario("close.exactly-on-the-line", lesson=12, asks="Exactly as far apart as is allowed: still close?")
def exactly_on_the_line(T: Any, draw: Draw) -> Yields:
    pairs = [(1.25, 1.0), (0.75, 1.0), (2.75, 2.0), (2.75 + 2.0**-40, 2.0)]
    yield "atol alone", each(T, "float64", pairs, rtol=0.0, atol=0.25)
    yield "both", each(T, "float64", pairs, rtol=0.25, atol=0.25)


@scenario("close.infinities", lesson=12, asks="Is inf close to inf, to -inf, and to a large number?")
def infinities(T: Any, draw: Draw) -> Yields:
    pairs = [(INF, INF), (-INF, -INF), (INF, -INF), (1e30, INF), (INF, 1e30), (-INF, 1.0), (0.0, INF)]
    for dtype in FLOATS:
        yield (
            dtype,
            each(T, dtype, [(one, other) for one, other in pairs if dtype != "float16" or 1e30 not in (one, other)]),
        )
    yield "with a tolerance of inf", each(T, "float64", pairs, rtol=0.0, atol=INF)


@scenario("close.too-far-for-the-dtype", lesson=12, asks="The distance itself does not fit the dtype: close?")
def too_far_for_the_dtype(T: Any, draw: Draw) -> Yields:
    yield "float16", each(T, "float16", [(60000.0, -60000.0), (-60000.0, 60000.0), (60000.0, 59968.0)])
    yield "float32, anything goes", each(T, "float32", [(3e38, -3e38), (3e38, 1.0)], rtol=0.0, atol=INF)


@scenario("close.nan", lesson=12, asks="Is nan close to nan?")
def nan(T: Any, draw: Draw) -> Yields:
    pairs = [(NAN, NAN), (NAN, 1.0), (1.0, NAN), (NAN, INF), (1.0, 1.0), (1.0, 2.0)]
    yield "as it is", each(T, "float64", pairs)
    yield "equal_nan", each(T, "float64", pairs, equal_nan=True)
    yield "equal_nan, not to be told apart", verdict(T, *both(T, "float32", [NAN, 1.0], [NAN, NAN]), equal_nan=True)


@scenario("close.large-whole-numbers", lesson=12, asks="2**53 and 2**53 + 1 are one float64: are they close as int64?")
def large_whole_numbers(T: Any, draw: Draw) -> Yields:
    pairs = [(2**53, 2**53 + 1), (2**53 + 1, 2**53), (2**62 + 1, 2**62), (2**53 + 1, 2**53 + 1)]
    yield "int64", each(T, "int64", pairs)


@scenario("close.small-whole-numbers", lesson=12, asks="3 beside 4 with atol=1, in dtypes that have no -1: close?")
def small_whole_numbers(T: Any, draw: Draw) -> Yields:
    for dtype in ("uint8", "int32", "int64"):
        yield dtype, each(T, dtype, [(3, 4), (4, 3), (3, 5), (5, 3), (200, 100)], rtol=0.0, atol=1.0)
    yield "bool", each(T, "bool", [(True, False), (False, True), (True, True)], rtol=0.0, atol=1.0)
    yield "uint8, relative", each(T, "uint8", [(3, 4), (4, 3), (100, 120), (240, 250)], rtol=0.25, atol=0.0)


@scenario("close.which-elements", lesson=12, asks="Some elements of a matrix are wrong: how many, and which is worst?")
def which_elements(T: Any, draw: Draw) -> Yields:
    expected = draw.normal(3, 4)
    actual = expected.copy()
    for row, column, away in ((0, 1, 0.5), (2, 3, -2.0), (1, 0, 1e-9)):
        actual[row, column] += away
    a, b = T.tensor(actual), T.tensor(expected)
    yield "a matrix", verdict(T, a, b)
    yield "left as it is", a
    yield "both", b


@scenario("close.one-number", lesson=12, asks="Tensors without dimensions, and plain numbers: which are close?")
def one_number(T: Any, draw: Draw) -> Yields:
    yield "tensors", verdict(T, *both(T, "float32", 1.0, 1.00001))
    yield "tensors, too far", verdict(T, *both(T, "float32", 1.0, 1.0001))
    yield "plain numbers", verdict(T, 1.0, 1.00000001)
    yield "plain numbers, too far", verdict(T, 1.0, 1.00001)
    yield "whole numbers", verdict(T, 3, 4)
