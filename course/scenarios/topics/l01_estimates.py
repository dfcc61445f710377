"""The estimate by differences, `numerical_vjp`: how good it is, and what it leaves untouched."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, part, scenario

#: What rounding leaves of a difference of float64 numbers that are 2e-6 apart, in units of the last place.
ROUGH = 2**27


def estimated(T: Any, f: Any, x: Any, g: Any, **how: float) -> Any:
    """The gradient of ``sum(g * f(x))``: in torch the true one, here the estimate."""
    if T.__name__ == "torch":
        leaf = T.tensor(x, requires_grad=True)
        f(leaf).backward(T.tensor(g))
        return leaf.grad
    return T.tensor(part(T, "numerical_vjp")(f, x, g, **how))


@scenario(
    "derivatives.estimate-of-a-cube",
    lesson=1,
    contract=True,
    ulps=ROUGH,
    asks="Does the estimate come close to the gradient of x * x * x?",
)
def estimate_of_a_cube(T: Any, draw: Draw) -> Yields:
    x = draw.normal(4)
    yield "a gradient of ones", estimated(T, lambda v: v * v * v, x, draw.array([1.0] * 4))
    yield "any gradient", estimated(T, lambda v: v * v * v, x, draw.normal(4))


@scenario(
    "derivatives.estimate-with-a-large-step",
    lesson=1,
    contract=True,
    ulps=2**20,
    asks="The error of central differences is of second order: are they exact for a parabola, whatever the step?",
)
def estimate_with_a_large_step(T: Any, draw: Draw) -> Yields:
    x, g = draw.normal(3), draw.normal(3)
    for eps in (0.5, 0.125, 1e-3):
        yield f"eps = {eps}", estimated(T, lambda v: v * v, x, g, eps=eps)


@scenario(
    "derivatives.estimate-steps-by-eps",
    lesson=1,
    contract=True,
    asks="How far from x is the function asked, and how many elements are moved at a time?",
)
def estimate_steps_by_eps(T: Any, draw: Draw) -> Yields:
    x, g = draw.uniform(3, low=0.1, high=0.9) / 3, draw.normal(3)
    before = x.copy()
    steps: list[Any] = []

    def f(v: Any) -> Any:
        steps.append(v - before)
        return v * 2

    for name, eps in (("eps = 1/8", 0.125), ("eps not given", 1e-6)):
        if T.__name__ == "torch":  # it has nothing to ask: this is what the exercise says
            furthest, moved = [eps, -eps], 1
        else:
            steps.clear()
            estimated(T, f, x, g, **({"eps": eps} if name == "eps = 1/8" else {}))
            furthest = [float(max(step.max() for step in steps)), float(min(step.min() for step in steps))]
            moved = max(int((step != 0).sum()) for step in steps)
        yield f"{name}: furthest up and down, in millionths", [round(1e6 * step, 3) for step in furthest]
        yield f"{name}: elements moved at a time", moved


@scenario(
    "derivatives.estimate-of-a-function-that-mixes",
    lesson=1,
    contract=True,
    ulps=ROUGH,
    asks="Each result depends on all inputs, and has another shape: what is the estimate?",
)
def estimate_of_a_function_that_mixes(T: Any, draw: Draw) -> Yields:
    x = draw.normal(2, 3)
    yield "sums of rows", estimated(T, lambda v: (v * v).sum(1), x, draw.normal(2))
    yield "one number", estimated(T, lambda v: (v * v * v).sum(), x, draw.normal())
    yield "a column times a row", estimated(T, lambda v: v[:, :1] * v[:1], x, draw.normal(2, 3))


@scenario(
    "derivatives.estimate-leaves-x-alone",
    lesson=1,
    contract=True,
    asks="Is x the same to the last bit after the estimate?",
)
def estimate_leaves_x_alone(T: Any, draw: Draw) -> Yields:
    x, g = draw.uniform(6, low=0.1, high=0.9) / 3, draw.normal(6)
    before, given = x.copy(), g.copy()
    estimated(T, lambda v: v * v, x, g)
    yield "x is as it was", bool((x == before).all())
    yield "the gradient is as it was", bool((g == given).all())
