"""Hidden scenarios of lesson 10."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, scenario
from course.scenarios.topics.l10_grad import handed_out
from course.scenarios.topics.l10_penalty import penalty
from course.scenarios.topics.l10_products import hvp
from course.scenarios.topics.l10_swish import swish


@scenario("swish.twice-in-a-row", lesson=10, hidden=True, contract=True, asks="Swish of swish: what is its curvature?")
def twice_in_a_row(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 2), requires_grad=True)
    f = swish(T)
    (slope,) = T.autograd.grad(f(f(x) * 2).sum(), x, create_graph=True)
    (slope * T.tensor(draw.normal(2, 2))).sum().backward()
    yield "x.grad", x.grad


@scenario(
    "swish.hessian-of-a-net",
    lesson=10,
    hidden=True,
    contract=True,
    ulps=64,
    asks="What is the Hessian of a net with swish?",
)
def hessian_of_a_net(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3, 3))
    f = swish(T)
    yield "Hessian", T.autograd.functional.hessian(lambda t: f(w @ t).sum(), T.tensor(draw.normal(3)))


@scenario(
    "swish.of-one-number", lesson=10, hidden=True, contract=True, asks="Swish of a 0-d tensor, twice differentiated?"
)
def of_one_number(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.array(0.75), requires_grad=True)
    (slope,) = T.autograd.grad(swish(T)(x), x, create_graph=True)
    slope.backward()
    yield "slope", slope
    yield "x.grad", x.grad


@scenario(
    "handed.newton",
    lesson=10,
    hidden=True,
    contract=True,
    asks="Newton's method on a cosh, five steps: where does it end?",
)
def newton(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.array([0.5, -0.25]), requires_grad=True)
    for _ in range(5):
        value = (x.exp() + (-x * 2).exp()).sum()
        (slope,) = handed_out(T)(value, [x], create_graph=True)
        (curve,) = handed_out(T)(slope.sum(), [x])
        x = (x - slope / curve).detach().requires_grad_()
    yield "x", x
    yield "x.grad", x.grad


@scenario(
    "handed.same-leaf-twice",
    lesson=10,
    hidden=True,
    contract=True,
    asks="The same leaf is asked for twice: what is handed out?",
)
def same_leaf_twice(T: Any, draw: Draw) -> Yields:
    a = T.tensor(draw.normal(3), requires_grad=True)
    a.grad = T.tensor(draw.normal(3))
    before = a.grad
    yield "gradients", handed_out(T)((a**2).sum(), [a, a])
    yield "the same object", a.grad is before


@scenario(
    "handed.no-gradient-yet", lesson=10, hidden=True, contract=True, asks="No leaf had a .grad: has one afterwards?"
)
def no_gradient_yet(T: Any, draw: Draw) -> Yields:
    a, b = T.tensor(draw.normal(3), requires_grad=True), T.tensor(draw.normal(3), requires_grad=True)
    yield "gradients", handed_out(T)((a * b).tanh(), (b, a), T.tensor(draw.normal(3)))
    yield ".grad", [a.grad, b.grad]


@scenario(
    "hvp.of-a-net",
    lesson=10,
    hidden=True,
    contract=True,
    ulps=64,
    asks="The weights are x: what is the product for a small net?",
)
def of_a_net(T: Any, draw: Draw) -> Yields:
    data, goal = T.tensor(draw.normal(5, 2)), T.tensor(draw.normal(5))
    x, v = T.tensor(draw.normal(2, 4)), T.tensor(draw.normal(2, 4))
    yield "product", hvp(T)(lambda w: (((data @ w).tanh().sum(1) - goal) ** 2).mean(), x, v)


@scenario(
    "hvp.of-a-long-vector",
    lesson=10,
    hidden=True,
    contract=True,
    asks="x has 2,000 elements: is there still a product?",
)
def of_a_long_vector(T: Any, draw: Draw) -> Yields:
    x, v = T.tensor(draw.normal(2000)), T.tensor(draw.normal(2000))
    product = attempt(hvp(T), lambda t: (t[1:] ** 2 * t[:-1]).sum(), x, v)
    yield "product", product[:20] if hasattr(product, "shape") else product


@scenario(
    "penalty.in-a-loss",
    lesson=10,
    hidden=True,
    contract=True,
    ulps=1024,
    asks="The critic's whole loss: which gradients do its weights get?",
)
def in_a_loss(T: Any, draw: Draw) -> Yields:
    w, b = T.tensor(draw.normal(4, 3), requires_grad=True), T.tensor(draw.normal(3), requires_grad=True)
    real, fake, mix = T.tensor(draw.normal(3, 4)), T.tensor(draw.normal(3, 4)), T.tensor(draw.uniform(3, 1))

    def critic(t: Any) -> Any:
        return ((t @ w + b).tanh() ** 2).sum(1)

    loss = critic(fake).mean() - critic(real).mean() + penalty(T)(critic, real, fake, mix, 4.0)
    loss.backward()
    yield "loss", loss
    yield "gradients", [w.grad, b.grad]


@scenario(
    "penalty.nothing-accumulates",
    lesson=10,
    hidden=True,
    contract=True,
    asks="The critic's weights have gradients already: do they stay?",
)
def penalty_adds_nothing(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(2), requires_grad=True)
    w.grad = T.tensor(draw.normal(2))
    real, fake = T.tensor(draw.normal(3, 2), requires_grad=True), T.tensor(draw.normal(3, 2))
    penalty(T)(lambda t: (t.exp() * w).sum(1), real, fake, T.tensor(draw.uniform(3, 1)))
    yield "w.grad", w.grad
    yield "real.grad", real.grad
