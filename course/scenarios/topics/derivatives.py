"""Derivatives of single operations: ordinary points, and the edges where they have to be chosen."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, scenario


def _slope(T: Any, values: Any, f: Any) -> Any:
    """Return the gradient that ones at the result of ``f`` give at x = values."""
    x = T.tensor(values, requires_grad=True)
    y = f(x)
    y.backward(T.ones_like(y))
    return x.grad


@scenario("derivatives.product", lesson=2, asks="Which factor does each factor's gradient hold?")
def product(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(4), requires_grad=True)
    w = T.tensor(draw.normal(4), requires_grad=True)
    y = x * w
    y.backward(T.tensor(draw.normal(4)))
    yield "y", y
    yield "x.grad", x.grad
    yield "w.grad", w.grad


@scenario("derivatives.quotient", lesson=2, asks="What does the denominator of a quotient receive?")
def quotient(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(4), requires_grad=True)
    w = T.tensor(draw.uniform(4, low=0.5, high=2.0), requires_grad=True)
    (x / w).backward(T.tensor(draw.normal(4)))
    yield "x.grad", x.grad
    yield "w.grad", w.grad
    yield "number over tensor", _slope(T, draw.array([0.5, 2.0, -4.0]), lambda t: 3 / t)


@scenario("derivatives.signs", lesson=2, asks="Do minus, reversed minus and negation get their signs right?")
def signs(T: Any, draw: Draw) -> Yields:
    g = T.tensor(draw.normal(3))
    a = T.tensor(draw.normal(3), requires_grad=True)
    b = T.tensor(draw.normal(3), requires_grad=True)
    (a - b).backward(g)
    yield "a.grad", a.grad
    yield "b.grad", b.grad
    yield "2 - x", _slope(T, draw.normal(3), lambda t: 2 - t)
    yield "-x", _slope(T, draw.normal(3), lambda t: -t)


@scenario("derivatives.exp-of-its-result", lesson=2, asks="Is the slope of exp the value of exp itself?")
def exp_of_its_result(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(5), requires_grad=True)
    y = x.exp()
    y.backward(T.ones_like(y))
    yield "y", y
    yield "x.grad", x.grad


@scenario("derivatives.elementary", lesson=2, asks="What are the slopes of the elementary functions?")
def elementary(T: Any, draw: Draw) -> Yields:
    values, positive = draw.normal(4), draw.uniform(4, low=0.25, high=4.0)
    yield "sin", _slope(T, values, lambda t: t.sin())
    yield "cos", _slope(T, values, lambda t: t.cos())
    yield "tanh", _slope(T, values, lambda t: t.tanh())
    yield "sigmoid", _slope(T, values, lambda t: t.sigmoid())
    yield "log", _slope(T, positive, lambda t: t.log())
    yield "sqrt", _slope(T, positive, lambda t: t.sqrt())
    yield "square", _slope(T, values, lambda t: t * t)


@scenario("derivatives.chain-rule", lesson=2, asks="Do slopes multiply along a chain of functions?")
def chain_rule(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.uniform(3, low=0.5, high=1.5), requires_grad=True)
    y = (x.sin().exp() * x).log().tanh()
    y.backward(T.tensor(draw.normal(3)))
    yield "y", y
    yield "x.grad", x.grad


@scenario("derivatives.powers", lesson=2, asks="What is the slope of x**n for n = 2, 3, -1, one half?")
def powers(T: Any, draw: Draw) -> Yields:
    values = draw.uniform(4, low=0.25, high=3.0)
    for n in (2, 3, -1, 0.5):
        yield f"x**{n}", _slope(T, values, lambda t, n=n: t**n)
    yield "(-x)**3", _slope(T, -values, lambda t: t**3)


@scenario("derivatives.power-of-two-tensors", lesson=2, asks="What does the exponent of a power receive?")
def power_of_two_tensors(T: Any, draw: Draw) -> Yields:
    base = T.tensor(draw.uniform(3, low=0.5, high=2.0), requires_grad=True)
    exponent = T.tensor(draw.normal(3), requires_grad=True)
    (base**exponent).backward(T.ones_like(base))
    yield "base.grad", base.grad
    yield "exponent.grad", exponent.grad
    yield "2**x", _slope(T, draw.normal(3), lambda t: 2**t)


@scenario("derivatives.power-zero", lesson=2, asks="What is the slope of x**0, at 0 too?")
def power_zero(T: Any, draw: Draw) -> Yields:
    yield "x**0", _slope(T, draw.array([0.0, 2.0, -3.0]), lambda t: t**0)
    yield "x**1 at 0", _slope(T, draw.array([0.0]), lambda t: t**1)
    yield "x**2 at 0", _slope(T, draw.array([0.0]), lambda t: t**2)


@scenario("derivatives.relu-at-zero", lesson=2, asks="Which slope does relu have exactly at 0?")
def relu_at_zero(T: Any, draw: Draw) -> Yields:
    yield "x.grad", _slope(T, draw.array([-1.0, 0.0, 1.0]), lambda t: t.relu())


@scenario("derivatives.abs-at-zero", lesson=2, asks="Which slope does abs have exactly at 0?")
def abs_at_zero(T: Any, draw: Draw) -> Yields:
    yield "x.grad", _slope(T, draw.array([-2.0, 0.0, 3.0]), lambda t: t.abs())


@scenario("derivatives.clamp-at-its-bounds", lesson=2, asks="Does clamp let gradient through exactly at a bound?")
def clamp_at_its_bounds(T: Any, draw: Draw) -> Yields:
    values = draw.array([-1.0, 0.0, 0.5, 1.0, 2.0])
    yield "both bounds", _slope(T, values, lambda t: t.clamp(0.0, 1.0))
    yield "only min", _slope(T, values, lambda t: t.clamp(min=0.0))
    yield "only max", _slope(T, values, lambda t: t.clamp(max=1.0))


@scenario("derivatives.sqrt-at-zero", lesson=2, asks="What is the slope of sqrt at 0?")
def sqrt_at_zero(T: Any, draw: Draw) -> Yields:
    yield "x.grad", _slope(T, draw.array([0.0, 4.0]), lambda t: t.sqrt())


@scenario(
    "derivatives.where-lets-nan-through",
    lesson=3,
    asks="Does where() protect from a nan in the branch not taken?",
)
def where_lets_nan_through(T: Any, draw: Draw) -> Yields:
    def guarded(t: Any) -> Any:
        return T.where(t > 0, t.sqrt(), T.zeros_like(t))

    yield "x.grad at 0 and 4", _slope(T, draw.array([0.0, 4.0]), guarded)

    def guarded_inside(t: Any) -> Any:
        safe = T.where(t > 0, t, T.ones_like(t))
        return T.where(t > 0, safe.sqrt(), T.zeros_like(t))

    yield "guarded inside", _slope(T, draw.array([0.0, 4.0]), guarded_inside)


@scenario(
    "derivatives.max-shares-ties",
    lesson=3,
    asks="Two elements are the maximum: who gets the gradient of max()?",
)
def max_shares_ties(T: Any, draw: Draw) -> Yields:
    values = draw.array([3.0, 1.0, 3.0])
    yield "max()", _slope(T, values, lambda t: t.max())
    yield "min()", _slope(T, -values, lambda t: t.min())
    yield "no tie", _slope(T, draw.array([3.0, 1.0, 2.0]), lambda t: t.max())


@scenario("derivatives.amax-shares-ties", lesson=3, asks="Who gets the gradient of amax when there is a tie?")
def amax_shares_ties(T: Any, draw: Draw) -> Yields:
    values = draw.array([[3.0, 1.0, 3.0], [2.0, 2.0, 2.0]])
    yield "amax", _slope(T, values, lambda t: t.amax(dim=1))
    yield "amin", _slope(T, -values, lambda t: t.amin(dim=1))


@scenario("derivatives.max-along-a-dim-takes-one", lesson=3, asks="And who gets the gradient of max(dim) in a tie?")
def max_along_a_dim_takes_one(T: Any, draw: Draw) -> Yields:
    values = draw.array([[3.0, 1.0, 3.0], [2.0, 2.0, 2.0]])
    x = T.tensor(values, requires_grad=True)
    best, where = x.max(dim=1)
    best.sum().backward()
    yield "best", best
    yield "where", where
    yield "x.grad", x.grad


@scenario("derivatives.maximum-halves-ties", lesson=3, asks="maximum(a, b) where a == b: who gets the gradient?")
def maximum_halves_ties(T: Any, draw: Draw) -> Yields:
    for name in ("maximum", "minimum"):
        a = T.tensor(draw.array([1.0, 2.0, 3.0]), requires_grad=True)
        b = T.tensor(draw.array([1.0, 5.0, 0.0]), requires_grad=True)
        getattr(T, name)(a, b).sum().backward()
        yield f"{name}: a.grad", a.grad
        yield f"{name}: b.grad", b.grad


@scenario("derivatives.prod-with-zeros", lesson=3, asks="Is the gradient of a product right when a factor is 0?")
def prod_with_zeros(T: Any, draw: Draw) -> Yields:
    yield "no zero", _slope(T, draw.array([2.0, 3.0, 4.0]), lambda t: t.prod())
    yield "one zero", _slope(T, draw.array([2.0, 0.0, 4.0]), lambda t: t.prod())
    yield "two zeros", _slope(T, draw.array([0.0, 3.0, 0.0]), lambda t: t.prod())


@scenario("derivatives.far-out", lesson=2, asks="Do sigmoid and tanh stay finite far from 0?")
def far_out(T: Any, draw: Draw) -> Yields:
    values = draw.array([-1000.0, -40.0, 0.0, 40.0, 1000.0])
    yield "sigmoid", _slope(T, values, lambda t: t.sigmoid())
    yield "tanh", _slope(T, values, lambda t: t.tanh())


@scenario("derivatives.divided-by-zero", lesson=2, asks="What comes back from 1/x and log(x) at x = 0?")
def divided_by_zero(T: Any, draw: Draw) -> Yields:
    values = draw.array([0.0, 2.0])
    yield "1/x", _slope(T, values, lambda t: 1 / t)
    yield "log", _slope(T, values, lambda t: t.log())


@scenario("derivatives.softmax", lesson=3, asks="Do the gradients of softmax and its logarithm agree with torch?")
def softmax(T: Any, draw: Draw) -> Yields:
    weights = T.tensor(draw.normal(2, 4))
    values = draw.normal(2, 4)
    yield "softmax", _slope(T, values, lambda t: t.softmax(dim=1) * weights)
    yield "log_softmax", _slope(T, values, lambda t: t.log_softmax(dim=1) * weights)
    yield "logsumexp", _slope(T, values, lambda t: t.logsumexp(dim=1))
    large = draw.array([[1000.0, 0.0, -1000.0]])
    yield "far out", _slope(T, large, lambda t: t.log_softmax(dim=1)[:, 1])


@scenario("derivatives.spread", lesson=3, asks="What are the gradients of the mean, the variance and the deviation?")
def spread(T: Any, draw: Draw) -> Yields:
    values = draw.normal(3, 4)
    yield "mean", _slope(T, values, lambda t: t.mean())
    yield "var", _slope(T, values, lambda t: t.var())
    yield "var(dim=1)", _slope(T, values, lambda t: t.var(dim=1))
    yield "std", _slope(T, values, lambda t: t.std())


@scenario("derivatives.rounding-has-none", lesson=4, asks="Do comparisons and whole numbers carry a gradient?")
def rounding_has_none(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    for name, y in {"x > 0": x > 0, "argmax": x.argmax(), "long": x.to(T.int64)}.items():
        yield f"{name}: dtype", y.dtype
        yield f"{name}: requires_grad", y.requires_grad
