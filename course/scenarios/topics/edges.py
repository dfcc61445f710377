"""Edge values: ties, nan, infinities, and points where a derivative has to be chosen."""

from __future__ import annotations

from typing import Any

from course.scenarios import Cases, Draw, Yields, scenario

NAN, INF = float("nan"), float("inf")


def _slopes(T: Any, draw: Draw, cases: Cases, values: Any) -> Yields:
    """Yield values and slopes of functions at fixed points."""
    for name, f in cases.items():
        x = T.tensor(draw.array(values), requires_grad=True)
        y = f(x)
        y.backward(T.ones_like(y))
        yield f"{name}: value", y
        yield f"{name}: slope", x.grad


@scenario(
    "edges.steps", lesson=3, asks="round, floor, sign and frac are flat almost everywhere: None, 0 or 1 as slope?"
)
def steps(T: Any, draw: Draw) -> Yields:
    cases: Cases = {name: lambda t, name=name: getattr(t, name)() for name in ("round", "floor", "ceil", "trunc")}  # type: ignore[misc]
    more: Cases = {"sign": lambda t: t.sign(), "frac": lambda t: t.frac(), "remainder": lambda t: t % 2}
    yield from _slopes(T, draw, {**cases, **more}, [-2.5, -0.5, 0.0, 0.5, 1.5, 2.0])


@scenario(
    "edges.activations-at-their-corners",
    lesson=7,
    asks="relu6, hardtanh, threshold, leaky_relu: which slope has each exactly at its corner?",
)
def activations_at_their_corners(T: Any, draw: Draw) -> Yields:
    functional = T.nn.functional
    cases: Cases = {
        "relu6": functional.relu6,
        "hardtanh": functional.hardtanh,
        "threshold": lambda t: functional.threshold(t, 1.0, -7.0),
        "leaky_relu": functional.leaky_relu,
        "elu": functional.elu,
        "softsign": functional.softsign,
    }
    yield from _slopes(T, draw, cases, [-1.0, -0.0, 0.0, 1.0, 6.0])


@scenario(
    "edges.nan-comes-in", lesson=3, asks="nan goes into relu, clamp, max, abs: does it come out, and what is its slope?"
)
def nan_comes_in(T: Any, draw: Draw) -> Yields:
    cases: Cases = {
        "relu": lambda t: t.relu(),
        "abs": lambda t: t.abs(),
        "clamp": lambda t: t.clamp(0.0, 1.0),
        "max": lambda t: t.max(),
        "amin": lambda t: t.amin(),
        "sum": lambda t: t.sum(),
        "maximum": lambda t: T.maximum(t, T.ones_like(t)),
    }
    yield from _slopes(T, draw, cases, [1.0, NAN, -2.0])


@scenario(
    "edges.infinities", lesson=2, asks="exp, log, tanh, reciprocal at plus and minus infinity: which slopes are nan?"
)
def infinities(T: Any, draw: Draw) -> Yields:
    cases: Cases = {
        "exp": lambda t: t.exp(),
        "log": lambda t: t.log(),
        "tanh": lambda t: t.tanh(),
        "sigmoid": lambda t: t.sigmoid(),
        "1/x": lambda t: 1 / t,
        "x * 0": lambda t: t * 0,
        "sin": lambda t: t.sin(),
    }
    yield from _slopes(T, draw, cases, [INF, -INF, 0.0, -1.0])


@scenario(
    "edges.powers-of-zero-and-less",
    lesson=3,
    asks="x**y with x zero or negative: which slopes are nan, for base and exponent?",
)
def powers_of_zero_and_less(T: Any, draw: Draw) -> Yields:
    base = T.tensor(draw.array([0.0, 0.0, 0.0, -2.0, -2.0, 0.0]), requires_grad=True)
    exponent = T.tensor(draw.array([0.0, 1.0, 2.0, 2.0, 0.5, -1.0]), requires_grad=True)
    y = base**exponent
    y.backward(T.ones_like(y))
    yield "y", y
    yield "base.grad", base.grad
    yield "exponent.grad", exponent.grad
    x = T.tensor(draw.array([-1.0, 0.0, 2.0]), requires_grad=True)
    (0.0**x).sum().backward()
    yield "0**x", x.grad


@scenario("edges.length-of-nothing", lesson=3, asks="The norm of a zero vector: 0, nan or inf as its slope?")
def length_of_nothing(T: Any, draw: Draw) -> Yields:
    cases: Cases = {
        "norm": lambda t: t.norm(),
        "norm(dim)": lambda t: t.norm(dim=0, keepdim=True),
        "1-norm": lambda t: t.norm(1),
        "by hand": lambda t: (t * t).sum().sqrt(),
        "std": lambda t: t.std(),
        "var": lambda t: t.var(),
    }
    yield from _slopes(T, draw, cases, [0.0, 0.0, 0.0])


@scenario("edges.spread-of-one", lesson=3, asks="var and std of one element: nan in value, and what as slope?")
def spread_of_one(T: Any, draw: Draw) -> Yields:
    cases: Cases = {
        "var": lambda t: t.var(),
        "std": lambda t: t.std(),
        "var, correction=0": lambda t: t.var(correction=0),
        "mean": lambda t: t.mean(),
    }
    yield from _slopes(T, draw, cases, [3.0])


@scenario("edges.mean-of-nothing", lesson=3, asks="mean, sum, prod and max of an empty tensor?")
def mean_of_nothing(T: Any, draw: Draw) -> Yields:
    cases: Cases = {"mean": lambda t: t.mean(), "sum": lambda t: t.sum(), "prod": lambda t: t.prod()}
    for name, f in cases.items():
        x = T.tensor(draw.array([]), requires_grad=True)
        y = f(x)
        y.backward()
        yield f"{name}: value", y
        yield f"{name}: x.grad.shape", x.grad.shape


@scenario(
    "edges.softmax-of-minus-infinity",
    lesson=3,
    asks="Masked attention: softmax with -inf entries, and with nothing else?",
)
def softmax_of_minus_infinity(T: Any, draw: Draw) -> Yields:
    for name, values in {"some masked": [1.0, -INF, 2.0], "all masked": [-INF, -INF, -INF]}.items():
        cases: Cases = {
            "softmax": lambda t: t.softmax(0)[:1],
            "log_softmax": lambda t: t.log_softmax(0)[:1],
            "logsumexp": lambda t: t.logsumexp(0),
        }
        for label, value in _slopes(T, draw, cases, values):
            yield f"{name}, {label}", value


@scenario(
    "edges.ties-in-sorting",
    lesson=3,
    asks="sort, topk, median and min(dim) with equal elements: where does the gradient go?",
)
def ties_in_sorting(T: Any, draw: Draw) -> Yields:
    cases: Cases = {
        "sort, stable": lambda t: t.sort(stable=True)[0][:2],
        "min(dim)": lambda t: t.min(0)[0],
        "median": lambda t: t.median(),
        "amax": lambda t: t.amax(0),
        "max": lambda t: t.max(),
    }
    yield from _slopes(T, draw, cases, [1.0, 2.0, 1.0, 2.0])


@scenario(
    "edges.clamp-crossed", lesson=3, asks="clamp(min=1, max=0), and with tensors as bounds: who gets the gradient?"
)
def clamp_crossed(T: Any, draw: Draw) -> Yields:
    yield from _slopes(T, draw, {"crossed": lambda t: t.clamp(1.0, 0.0)}, [-1.0, 0.0, 0.5, 1.0, 2.0])
    x, low, high = (
        T.tensor(draw.array(values), requires_grad=True)
        for values in ([-1.0, 0.5, 2.0, 0.0], [0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, -1.0])
    )
    T.clamp(x, low, high).sum().backward()
    yield "tensors", [x.grad, low.grad, high.grad]


@scenario("edges.atan2-and-hypot-at-zero", lesson=3, asks="atan2(0, 0) and hypot(0, 0): which slopes come out?")
def atan2_and_hypot_at_zero(T: Any, draw: Draw) -> Yields:
    for name in ("atan2", "hypot"):
        a, b = (T.tensor(draw.array([0.0, 0.0]), requires_grad=True) for _ in range(2))
        y = getattr(T, name)(a, b)
        y.sum().backward()
        yield name, y
        yield f"{name}: slopes", [a.grad, b.grad]


@scenario(
    "edges.running-sums-with-zero",
    lesson=3,
    asks="Products of rows and columns with a zero in them, and the running sum: are the gradients exact?",
)
def running_sums_with_zero(T: Any, draw: Draw) -> Yields:
    cases: Cases = {
        "prod(dim)": lambda t: t.view(2, 2).prod(1),
        "cumsum": lambda t: t.cumsum(0),
        "prod, keepdim": lambda t: t.view(2, 2).prod(0, keepdim=True),
    }
    yield from _slopes(T, draw, cases, [2.0, 0.0, 3.0, -1.0])


@scenario(
    "edges.zero-times-infinity-behind-a-mask", lesson=3, asks="x / y masked to 0 where y is 0: why is the gradient nan?"
)
def zero_times_infinity_behind_a_mask(T: Any, draw: Draw) -> Yields:
    cases: Cases = {
        "masked afterwards": lambda t: (1 / t).masked_fill(t == 0, 0.0),
        "multiplied by a mask": lambda t: t.log() * (t > 0),
        "masked before": lambda t: 1 / t.masked_fill(t == 0, 1.0),
        "nan_to_num": lambda t: (t.log() * t).nan_to_num(0.0),
    }
    yield from _slopes(T, draw, cases, [0.0, 2.0])
