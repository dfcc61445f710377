"""Initial weights: what is filled in exactly, the range of what is drawn, and no trace in the graph."""

from __future__ import annotations

from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, scenario


@scenario("nn_init.exact", lesson=7, asks="What do constant_, ones_, zeros_, eye_ and dirac_ write?")
def exact(T: Any, draw: Draw) -> Yields:
    init = T.nn.init
    w = T.nn.Parameter(T.tensor(draw.normal(2, 3)))
    yield "the same tensor", init.constant_(w, 2.5) is w
    yield "constant_", w
    yield "ones_", init.ones_(w)
    yield "zeros_", init.zeros_(w)
    yield "eye_", init.eye_(w)
    yield "dirac_", init.dirac_(T.tensor(draw.normal(2, 2, 3, 1)))
    yield "eye_ of one axis", attempt(init.eye_, T.ones(3))


@scenario(
    "nn_init.leaves-no-trace", lesson=7, asks="A weight that requires grad is filled in place: why is that no error?"
)
def leaves_no_trace(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(4, 4), requires_grad=True)
    for name in ("ones_", "uniform_", "normal_", "xavier_uniform_", "kaiming_normal_"):
        getattr(T.nn.init, name)(w)
        yield name, [w.is_leaf, w.requires_grad, w.grad_fn is None, w._version]


@scenario("nn_init.ranges", lesson=7, asks="How far do xavier and kaiming reach, as a function of the fans?")
def ranges(T: Any, draw: Draw) -> Yields:
    # Of 4000 even draws the largest lies within 1% of the bound.
    bounds: Cases = {
        "xavier_uniform_": lambda w: T.nn.init.xavier_uniform_(w, gain=2.0),
        "kaiming_uniform_, fan_in": lambda w: T.nn.init.kaiming_uniform_(w, nonlinearity="relu"),
        "kaiming_uniform_, fan_out": lambda w: T.nn.init.kaiming_uniform_(w, mode="fan_out", nonlinearity="relu"),
        "kaiming_uniform_, a": lambda w: T.nn.init.kaiming_uniform_(w, a=5**0.5),
    }
    fans = {"xavier_uniform_": 2 * (6 / 140) ** 0.5, "kaiming_uniform_, fan_in": (6 / 100) ** 0.5}
    fans |= {"kaiming_uniform_, fan_out": (6 / 40) ** 0.5, "kaiming_uniform_, a": (1 / 100) ** 0.5}
    for name, fill in bounds.items():
        largest = fill(T.zeros(40, 100)).abs().max().item() / fans[name]
        yield name, bool(0.99 < largest <= 1.0001)


@scenario("nn_init.spread", lesson=7, asks="Which standard deviation do the normal initialisers draw with?")
def spread(T: Any, draw: Draw) -> Yields:
    init, w = T.nn.init, T.zeros(100, 400)
    fills: Cases = {
        "normal_": lambda t: init.normal_(t, 0.0, 0.5),
        "xavier_normal_": init.xavier_normal_,
        "kaiming_normal_": init.kaiming_normal_,
        "trunc_normal_": lambda t: init.trunc_normal_(t, std=0.1),
    }
    for (name, fill), expected in zip(fills.items(), (0.5, (2 / 500) ** 0.5, (2 / 400) ** 0.5, 0.1), strict=True):
        fill(w)
        yield name, bool(abs(w.std().item() / expected - 1) < 0.03)


@scenario("nn_init.gain", lesson=7, asks="Which gain belongs to which activation?")
def gain(T: Any, draw: Draw) -> Yields:
    for name in ("linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"):
        yield name, float(T.nn.init.calculate_gain(name))
    yield "leaky_relu, 0.3", T.nn.init.calculate_gain("leaky_relu", 0.3)
    yield "unknown", attempt(T.nn.init.calculate_gain, "wave")


@scenario("nn_init.orthogonal", lesson=7, asks="Are the rows of an orthogonal weight at right angles?")
def orthogonal(T: Any, draw: Draw) -> Yields:
    w = T.nn.init.orthogonal_(T.tensor(draw.normal(3, 5)))
    yield "w @ w.T is the identity", bool(((w @ w.t() - T.eye(3, dtype=w.dtype)).abs() < 1e-5).all())


@scenario("nn_init.refused", lesson=7, asks="Fans of a vector, an unknown mode: what do the initialisers say?")
def refused(T: Any, draw: Draw) -> Yields:
    yield "a vector", attempt(T.nn.init.xavier_uniform_, T.zeros(3))
    yield "mode", attempt(T.nn.init.kaiming_uniform_, T.zeros(3, 3), mode="fan")


@scenario(
    "nn_init.fresh-layers",
    lesson=7,
    asks="What does a new layer start with: which range, which version, which zeros and ones?",
)
def fresh_layers(T: Any, draw: Draw) -> Yields:
    nn = T.nn
    linear, conv, norm = nn.Linear(400, 40), nn.Conv2d(4, 40, 5), nn.BatchNorm2d(2)
    yield "Linear within 1/sqrt(fan)", bool(0.99 < linear.weight.abs().max().item() * 20 <= 1.0001)
    yield "Conv2d within 1/sqrt(fan)", bool(0.99 < conv.weight.abs().max().item() * 10 <= 1.0001)
    yield "BatchNorm2d", [norm.weight, norm.bias, norm.running_mean, norm.running_var]
    yield "versions", [p._version for layer in (linear, conv, norm) for p in layer.parameters()]
    yield "dtype", linear.weight.dtype
