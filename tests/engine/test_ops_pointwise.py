"""Element-by-element operations agree with torch: values, nodes, errors, two derivatives."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.cases import COUNTS, EMPTY, FLAGS, MASK, ODD, TIES, I, P, Q, S, V, X, Y, Z
from tests.engine.helper import agree

ANY = "exp sin cos tan sinh cosh tanh atan sigmoid relu neg abs sign floor ceil round trunc frac square expm1"
POSITIVE = "log log2 log10 log1p sqrt rsqrt reciprocal"
INSIDE = "asin acos"
UNARY = [
    *((name, X) for name in ANY.split()),
    *((name, P) for name in POSITIVE.split()),
    *((name, I) for name in INSIDE.split()),
]


@pytest.mark.parametrize(("name", "x"), UNARY, ids=[name for name, _ in UNARY])
def test_one_input(name, x):
    agree(lambda T, x: getattr(x, name)(), x)
    agree(lambda T, x: getattr(T, name)(x), np.asarray(x[0, 0]))
    agree(lambda T, x: getattr(x + 0, f"{name}_")(), x)
    agree(lambda T, x: getattr(x, name)(), EMPTY)
    agree(lambda T, x: getattr(x, name)(), x.astype(np.float32))
    agree(lambda T, x: getattr(x, name)(), ODD, second=False, grad=name != "relu")
    agree(lambda T, x: getattr(x, name)(), COUNTS)
    agree(lambda T, x: getattr(x, name)(), x.astype(np.float16), second=False)


BINARY = {
    "add": lambda T, a, b: a + b,
    "sub": lambda T, a, b: a - b,
    "mul": lambda T, a, b: a * b,
    "div": lambda T, a, b: a / b,
    "pow": lambda T, a, b: a.abs() ** b,
    "maximum": lambda T, a, b: T.maximum(a, b),
    "minimum": lambda T, a, b: T.minimum(a, b),
    "max": lambda T, a, b: T.max(a, b),
    "remainder": lambda T, a, b: a % b,
    "fmod": lambda T, a, b: T.fmod(a, b),
    "atan2": lambda T, a, b: T.atan2(a, b),
    "add alpha": lambda T, a, b: T.add(a, b, alpha=2.5),
    "sub alpha": lambda T, a, b: a.sub(b, alpha=3),
    "div floor": lambda T, a, b: T.div(a, b, rounding_mode="floor"),
    "div trunc": lambda T, a, b: T.div(a, b, rounding_mode="trunc"),
    "lerp": lambda T, a, b: a.lerp(b, 0.3),
    "lerp far": lambda T, a, b: T.lerp(a, b, 0.8),
    "where": lambda T, a, b: T.where(a > b, a, b),
}


@pytest.mark.parametrize("name", BINARY)
def test_two_inputs(name):
    f = BINARY[name]
    agree(f, X, Q)
    agree(f, X, V)
    agree(f, X[:, :1], V)
    agree(f, X, S)
    agree(f, S, S * 2)
    agree(f, EMPTY, S)
    agree(f, X, X.copy())
    agree(f, X, np.ones(3))


NUMBERS = {
    "x + 2": lambda T, x: x + 2,
    "2 + x": lambda T, x: 2 + x,
    "x - 2.5": lambda T, x: x - 2.5,
    "2 - x": lambda T, x: 2 - x,
    "x * 3": lambda T, x: x * 3,
    "3 * x": lambda T, x: 3 * x,
    "x / 4": lambda T, x: x / 4,
    "4 / x": lambda T, x: 4 / x,
    "x ** 2": lambda T, x: x**2,
    "x ** 3": lambda T, x: x**3,
    "x ** 0": lambda T, x: x**0,
    "x ** 1": lambda T, x: x**1,
    "x ** 0.5": lambda T, x: x.abs() ** 0.5,
    "x ** -1": lambda T, x: x**-1,
    "2 ** x": lambda T, x: 2**x,
    "0 ** x": lambda T, x: 0 ** x.detach().abs(),
    "x // 2": lambda T, x: x // 2,
    "5 // x": lambda T, x: 5 // x,
    "x % 2": lambda T, x: x % 2,
    "5 % x": lambda T, x: 5 % x,
    "x % -3": lambda T, x: x % -3,
    "-x": lambda T, x: -x,
    "+x": lambda T, x: +x,
    "abs(x)": lambda T, x: abs(x),
    "rsub": lambda T, x: T.rsub(x, 3),
    "rsub alpha": lambda T, x: T.rsub(x, 3, alpha=2),
    "pow(2, x)": lambda T, x: T.pow(2, x),
    "fmod": lambda T, x: x.fmod(2),
    "true": lambda T, x: x * True,
    "clamp": lambda T, x: x.clamp(-0.5, 0.5),
    "clamp int": lambda T, x: x.clamp(0, 2),
    "clamp min": lambda T, x: x.clamp(min=0),
    "clamp max": lambda T, x: T.clamp(x, max=0.25),
    "clamp_min": lambda T, x: x.clamp_min(0),
    "clamp_max": lambda T, x: x.clamp_max(0),
    "clamp nothing": lambda T, x: x.clamp(),
    "round decimals": lambda T, x: x.double().round(decimals=1),
    "masked_fill": lambda T, x: x.masked_fill(x > 0, 2),
    "where number": lambda T, x: T.where(x > 0, x, 0.5),
    "number where": lambda T, x: T.where(x > 0, 1, x),
    "two numbers": lambda T, x: T.where(x > 0, 1, 0),
    "x.where": lambda T, x: x.where(x > 0, 0),
    "where alone": lambda T, x: T.where(x > 0),
    "add": lambda T, x: T.add(2, x),
    "mul": lambda T, x: T.mul(2, x),
    "leaky_relu": lambda T, x: T.nn.functional.leaky_relu(x.double(), 0.2),
    "softplus": lambda T, x: T.nn.functional.softplus(x.double()),
    "nan_to_num": lambda T, x: x.nan_to_num(),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_with_numbers(name):
    f = NUMBERS[name]
    agree(f, X)
    agree(f, TIES)
    agree(f, S)
    agree(f, COUNTS[:1] * 0 + 3)
    agree(f, X.astype(np.float32))
    agree(f, ODD, second=False)


THREE = {
    "addcmul": lambda T, a, b, c: T.addcmul(a, b, c, value=0.5),
    "addcdiv": lambda T, a, b, c: a.addcdiv(b, c, value=2),
    "lerp": lambda T, a, b, c: a.lerp(b, c),
    "clamp": lambda T, a, b, c: a.clamp(b, c),
    "clamp min": lambda T, a, b, c: a.clamp(min=b),
    "clamp_max": lambda T, a, b, c: a.clamp_max(c),
    "where": lambda T, a, b, c: T.where(a > 0, b, c),
}


@pytest.mark.parametrize("name", THREE)
def test_three_inputs(name):
    agree(THREE[name], X, Y, Q)
    agree(THREE[name], X, Y, np.asarray(0.4))
    agree(THREE[name], X, V, Q)


PLAIN = {
    "comparisons": lambda T, a, b: [a == b, a != b, a < b, a > b, a <= b, a >= b],
    "named": lambda T, a, b: [a.eq(b), a.ne(b), T.lt(a, b), T.gt(a, b), a.le(b), a.ge(b)],
    "logic": lambda T, a, b: [T.logical_and(a, b), a.logical_or(b), a.logical_not(), a.logical_xor(b)],
    "tests": lambda T, a, b: [a.isnan(), T.isinf(a), T.isfinite(a)],
    "folds": lambda T, a, b: [a.all(), a.any(), a.all(0), a.any(-1, keepdim=True)],
    "close": lambda T, a, b: [T.allclose(a, b), T.isclose(a, b), a.equal(b), T.equal(a, a)],
    "counting": lambda T, a, b: [a.count_nonzero(), a.nonzero(), T.nonzero(a, as_tuple=True)],
    "in": lambda T, a, b: [0.0 in a, 1 in b],
    "hash": lambda T, a, b: [a in {a: 1}, b in {a: 1}],
    "none": lambda T, a, b: [a == None, a != None, a == "x"],  # noqa: E711
    "numbers": lambda T, a, b: [a == 1, a < 0.5, b < 1, a >= 2],
}


@pytest.mark.parametrize("name", PLAIN)
def test_results_without_gradient(name):
    agree(PLAIN[name], TIES, X)
    agree(PLAIN[name], ODD, ODD.copy())
    agree(PLAIN[name], COUNTS, COUNTS + 1)


BITS = {
    "and": lambda T, a, b: [a & b, a.bitwise_and(b)],
    "or": lambda T, a, b: a | b,
    "xor": lambda T, a, b: a ^ b,
    "not": lambda T, a, b: [~a, ~b],
    "all": lambda T, a, b: [a.all(), b.any()],
    "number": lambda T, a, b: [a & True, b | False],
    "sum": lambda T, a, b: [a + b, a * b, a.sum(), a.sum(0)],
    "minus": lambda T, a, b: a - b,
    "minus number": lambda T, a, b: 1 - a,
    "neg": lambda T, a, b: -a,
    "cumsum": lambda T, a, b: a.cumsum(0),
}


@pytest.mark.parametrize("name", BITS)
def test_bools_and_integers(name):
    agree(BITS[name], FLAGS, ~FLAGS)
    agree(BITS[name], COUNTS, COUNTS + 1)
    agree(BITS[name], FLAGS, COUNTS)


DTYPES = [np.float16, np.float32, np.float64, np.int64, np.int32, np.int16, np.int8, np.uint8, np.bool_]


@pytest.mark.parametrize("left", DTYPES, ids=lambda d: d.__name__)
@pytest.mark.parametrize("right", DTYPES, ids=lambda d: d.__name__)
def test_promotion(left, right):
    a, b = np.array([1, 0, 1]).astype(left), np.array([1, 1, 0]).astype(right)
    for f in (lambda T, a, b: a + b, lambda T, a, b: a * b, lambda T, a, b: a / b, lambda T, a, b: a == b):
        agree(f, a, b, grad=False)
        agree(f, a, np.asarray(b[1]), grad=False)
        agree(f, np.asarray(a[0]), b, grad=False)
        agree(f, np.asarray(a[0]), np.asarray(b[1]), grad=False)
    agree(lambda T, a, b: [a + 1, a + 1.5, a * True, a / 2, a**2], a, b, grad=False)
    agree(lambda T, a, b: T.where(a == 1, a, b), a, b, grad=False)
    agree(lambda T, a, b: str(T.result_type(a, b)), a, b, grad=False)


ERRORS = {
    "shapes": lambda T, x: x + T.ones(5),
    "string": lambda T, x: x + "a",
    "none": lambda T, x: x * None,
    "list": lambda T, x: x + [1],  # noqa: RUF005
    "method string": lambda T, x: x.add("a"),
    "less none": lambda T, x: x < None,
    "integer by zero": lambda T, x: T.tensor([1]) // 0,
    "integer remainder": lambda T, x: T.tensor([1]) % 0,
    "integer power": lambda T, x: T.tensor([2]) ** -1,
    "maximum number": lambda T, x: T.maximum(x, 2),
    "where float": lambda T, x: T.where(x, x, x),
    "masked_fill float": lambda T, x: x.masked_fill(x, 0),
    "masked_fill vector": lambda T, x: x.masked_fill(x > 0, T.ones(2)),
    "not a tensor": lambda T, x: T.exp(1),
    "invert floats": lambda T, x: ~x,
    "where shapes": lambda T, x: T.where(x > 0, x, T.ones(3)),
    "rounding mode": lambda T, x: x.div(2, rounding_mode="up"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    agree(ERRORS[name], X)


def test_mask_is_kept_not_copied():
    def program(T, x):
        mask = T.tensor(MASK)
        y = x.masked_fill(mask, 0)
        mask.logical_not_()
        return y

    agree(program, X, text=False)


def test_addition_is_one_node():
    agree(lambda T, a, b: len(T.add(a, b, alpha=2).grad_fn.next_functions), Y, Z)
