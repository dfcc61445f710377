"""What one recorded operation costs: 10,000 operations on numbers.

102 columns of ``h = tanh(h * a + b)``, 32 times each, added up. All tensors have the shape ``()``;
the hand-written code is what one writes for arrays, and computes on NumPy scalars.
"""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.targets import Target

TITLE = "10,000 nodes of mul, add and tanh on numbers, forward and backward"
TARGETS = (Target("time", 3.5),)
DEPTH = 32


def problem(quick: bool, shape: tuple[int, ...] = ()) -> SimpleNamespace:
    """Return the leaves ``x``, ``a``, ``b`` and one constant per column."""
    rng = np.random.default_rng(0)
    columns = 10 if quick else 102
    draw = rng.standard_normal
    return SimpleNamespace(
        x=np.array(draw(shape)),
        a=np.array(1 + 0.5 * draw(shape)),
        b=np.array(0.1 * draw(shape)),
        constants=[np.array(draw(shape)) for _ in range(columns)],
        count=columns * (2 + 3 * DEPTH),
        unit="node",
    )


def hand(p: SimpleNamespace) -> Any:
    """Keep the values of each column, and go back over them."""
    x, a, b = p.x, p.a, p.b

    def step() -> Any:
        total = np.zeros_like(x)
        columns = []
        for constant in p.constants:
            h = x * constant
            values = [h]
            for _ in range(DEPTH):
                h = np.tanh(h * a + b)
                values.append(h)
            columns.append(values)
            total = total + h
        loss = total.sum()
        ones = np.ones_like(total)
        gx, ga, gb = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
        for constant, values in zip(reversed(p.constants), reversed(columns), strict=True):
            g = ones
            for i in range(DEPTH, 0, -1):
                h = values[i]
                g = g * (1 - h * h)
                gb = gb + g
                ga = ga + g * values[i - 1]
                g = g * a
            gx = gx + g * constant
        return loss, [gx, ga, gb]

    return step


def forward(x: Any, a: Any, b: Any, constants: list[Any], tanh: Any) -> Any:
    """Return the sum over the columns, in anything that has operators and `tanh`."""
    total = None
    for constant in constants:
        h = x * constant
        for _ in range(DEPTH):
            h = tanh(h * a + b)
        total = h if total is None else total + h
    return total


def tensors(torch: Any, p: SimpleNamespace) -> Any:
    """For torch and nptorch."""
    x, a, b = leaves = [torch.tensor(v).requires_grad_() for v in (p.x, p.a, p.b)]
    constants = [torch.tensor(v) for v in p.constants]

    def step() -> Any:
        for leaf in leaves:
            leaf.grad = None
        loss = forward(x, a, b, constants, torch.Tensor.tanh)
        if loss.ndim:
            loss = loss.sum()
        loss.backward()
        return loss, [leaf.grad for leaf in leaves]

    return step


def hips(p: SimpleNamespace) -> Any:
    """For HIPS autograd."""
    import autograd.numpy as anp
    from autograd import value_and_grad

    def loss(x: Any, a: Any, b: Any) -> Any:
        return anp.sum(forward(x, a, b, p.constants, anp.tanh))

    run = value_and_grad(loss, (0, 1, 2))

    def step() -> Any:
        value, gradients = run(p.x, p.a, p.b)
        return value, list(gradients)

    return step


def mygrad(p: SimpleNamespace) -> Any:
    """For mygrad."""
    import mygrad as mg

    x, a, b = leaves = [mg.tensor(v) for v in (p.x, p.a, p.b)]
    constants = [mg.tensor(v, constant=True) for v in p.constants]

    def step() -> Any:
        loss = forward(x, a, b, constants, mg.tanh).sum()
        loss.backward()
        return loss.data, [leaf.grad for leaf in leaves]

    return step


def micrograd_tanh(x: Any) -> Any:
    """Return tanh of a micrograd ``Value``, written as that package writes its operations."""
    from micrograd.engine import Value

    t = math.tanh(x.data)
    out = Value(t, (x,), "tanh")

    def _backward() -> None:
        x.grad += (1 - t * t) * out.grad

    out._backward = _backward
    return out


def micrograd(p: SimpleNamespace) -> Any:
    """For micrograd, which has numbers only."""
    from micrograd.engine import Value

    constants = [Value(float(v)) for v in p.constants]

    def step() -> Any:
        x, a, b = leaves = [Value(float(v)) for v in (p.x, p.a, p.b)]
        loss = forward(x, a, b, constants, micrograd_tanh)
        loss.backward()
        return loss, [leaf.grad for leaf in leaves]

    return step
