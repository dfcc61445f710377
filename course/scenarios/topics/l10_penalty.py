"""Lesson 10: the penalty of WGAN-GP."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, part, scenario


def penalty(T: Any) -> Any:
    """Return ``gradient_penalty(critic, real, fake, mix, weight)``: example by example, or the student's part."""
    if T.__name__ != "torch":
        return part(T, "gradient_penalty")

    def one_by_one(critic: Any, real: Any, fake: Any, mix: Any, weight: float = 10.0) -> Any:
        places = T.lerp(fake, real, mix).detach()
        slopes = T.func.vmap(T.func.grad(lambda place: critic(place.unsqueeze(0)).sum()))(places)
        return weight * T.stack([(T.linalg.vector_norm(slope) - 1).square() for slope in slopes]).mean()

    return one_by_one


@scenario("penalty.value", lesson=10, contract=True, ulps=64, asks="What is the penalty of a small critic?")
def value(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3, 2))
    real, fake, mix = T.tensor(draw.normal(2, 3)), T.tensor(draw.normal(2, 3)), T.tensor(draw.uniform(2, 1))
    yield "penalty", attempt(penalty(T), lambda t: (t @ w).tanh().sum(1), real, fake, mix)


@scenario(
    "penalty.trains-the-critic",
    lesson=10,
    contract=True,
    ulps=256,
    asks="Does the penalty's backward reach the critic?",
)
def trains_the_critic(T: Any, draw: Draw) -> Yields:
    w, b = T.tensor(draw.normal(3, 2), requires_grad=True), T.tensor(draw.normal(2), requires_grad=True)
    real, fake, mix = T.tensor(draw.normal(4, 3)), T.tensor(draw.normal(4, 3)), T.tensor(draw.uniform(4, 1))
    cost = penalty(T)(lambda t: (t @ w + b).tanh().sum(1), real, fake, mix)
    yield "before backward", [w.grad, b.grad]
    yield "backward", attempt(cost.backward)
    yield "w.grad", w.grad
    yield "b.grad", b.grad


@scenario(
    "penalty.each-example-for-itself",
    lesson=10,
    contract=True,
    ulps=64,
    asks="One slope is long, one short: do they make up for each other?",
)
def each_example_for_itself(T: Any, draw: Draw) -> Yields:
    real = fake = T.tensor(draw.array([[0.5, 0.0], [1.5, 0.0], [1.0, 0.0]]))
    mix = T.tensor(draw.uniform(3, 1))
    w = T.tensor(draw.array([1.0, 0.0]), requires_grad=True)
    yield "penalty", penalty(T)(lambda t: (t * t * w).sum(1) / 2, real, fake, mix)


@scenario(
    "penalty.weight", lesson=10, contract=True, ulps=64, asks="What does the weight do, and what is it by default?"
)
def weight_of_it(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(2), requires_grad=True)
    real, fake, mix = T.tensor(draw.normal(3, 2)), T.tensor(draw.normal(3, 2)), T.tensor(draw.uniform(3, 1))
    for weight in ((), (1.0,), (0.5,)):
        cost = penalty(T)(lambda t: (t.exp() * w).sum(1), real, fake, mix, *weight)
        yield f"weight {weight}", cost


@scenario(
    "penalty.points-between",
    lesson=10,
    contract=True,
    ulps=64,
    asks="mix is 1, 0 or a half: at which point is the slope taken?",
)
def points_between(T: Any, draw: Draw) -> Yields:
    real, fake = T.tensor(draw.normal(3, 2)), T.tensor(draw.normal(3, 2))
    w = T.tensor(draw.array([1.0, 2.0]), requires_grad=True)
    for share in (1.0, 0.0, 0.5):
        mix = T.tensor(draw.array([[share]] * 3))
        yield f"mix {share}", penalty(T)(lambda t: (t**3 * w).sum(1), real, fake, mix)


@scenario(
    "penalty.known-lengths",
    lesson=10,
    contract=True,
    ulps=64,
    asks="One example; slopes that all have length 1; two slopes of length 4/3: what is the penalty?",
)
def known_lengths(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.array([1.0, 0.0]), requires_grad=True)
    for name, lengths in {"one": [0.25], "all 1": [1.0, 1.0, 1.0], "two of 4/3": [4 / 3, 4 / 3]}.items():
        real = fake = T.tensor(draw.array([[length, 0.0] for length in lengths]))
        mix = T.tensor(draw.array([[0.5]] * len(lengths)))
        yield name, penalty(T)(lambda t: (t * t * w).sum(1) / 2, real, fake, mix)


@scenario(
    "penalty.generator-is-left-alone",
    lesson=10,
    contract=True,
    ulps=256,
    asks="fake comes from a generator: does the penalty train it?",
)
def generator_is_left_alone(T: Any, draw: Draw) -> Yields:
    w, made_by = T.tensor(draw.normal(2), requires_grad=True), T.tensor(draw.normal(2), requires_grad=True)
    real, noise, mix = T.tensor(draw.normal(3, 2)), T.tensor(draw.normal(3, 2)), T.tensor(draw.uniform(3, 1))
    fake = noise * made_by
    penalty(T)(lambda t: (t.exp() * w).sum(1), real, fake, mix).backward()
    yield "critic", w.grad
    yield "generator", made_by.grad
    yield "the generator's graph is whole", attempt(fake.sum().backward)


@scenario(
    "penalty.pictures",
    lesson=10,
    contract=True,
    ulps=256,
    asks="Examples are pictures: over which axes does the length go?",
)
def pictures(T: Any, draw: Draw) -> Yields:
    kernel = T.tensor(draw.normal(2, 1, 2, 2), requires_grad=True)
    real, fake = T.tensor(draw.normal(2, 1, 3, 3)), T.tensor(draw.normal(2, 1, 3, 3))
    mix = T.tensor(draw.uniform(2, 1, 1, 1))
    cost = penalty(T)(lambda t: T.nn.functional.conv2d(t, kernel).tanh().flatten(1).sum(1), real, fake, mix)
    yield "penalty", cost
    cost.backward()
    yield "kernel.grad", kernel.grad


@scenario(
    "penalty.slope-of-zero",
    lesson=10,
    contract=True,
    ulps=64,
    asks="The critic is flat at one point: is the gradient still a number?",
)
def slope_of_zero(T: Any, draw: Draw) -> Yields:
    real = fake = T.tensor(draw.array([[1.0, 2.0], [0.0, 0.0]]))
    mix = T.tensor(draw.uniform(2, 1))
    w = T.tensor(draw.array([1.0, 2.0]), requires_grad=True)
    cost = penalty(T)(lambda t: (t * t * w).sum(1), real, fake, mix)
    yield "penalty", cost
    cost.backward()
    yield "w.grad", w.grad


@scenario(
    "penalty.called-once", lesson=10, contract=True, asks="How often is the critic asked, and with how many examples?"
)
def called_once(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(2), requires_grad=True)
    sizes: list[int] = []

    def critic(t: Any) -> Any:
        sizes.append(t.shape[0])
        return (t.exp() * w).sum(1)

    real, fake, mix = T.tensor(draw.normal(3, 2)), T.tensor(draw.normal(3, 2)), T.tensor(draw.uniform(3, 1))
    if T.__name__ == "torch":  # what the contract says
        yield "batches", [3]
        return
    penalty(T)(critic, real, fake, mix)
    yield "batches", sizes
