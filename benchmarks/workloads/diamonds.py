"""A ladder of 60 diamonds: 2**60 paths, and each node is to run once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.targets import Target
from benchmarks.workloads.scalar import micrograd_tanh

TITLE = "60 diamonds, h = tanh(h) + h * a"
TARGETS = (Target("time", 3.2),)


def problem(quick: bool) -> SimpleNamespace:
    """Return two leaves of shape ``()``."""
    layers = 20 if quick else 60
    return SimpleNamespace(x=np.array(0.3), a=np.array(0.5), layers=layers, count=3 * layers, unit="node")


def hand(p: SimpleNamespace) -> Any:
    """Keep both arms of each diamond."""
    x, a = p.x, p.a

    def step() -> Any:
        h = x
        values = []
        for _ in range(p.layers):
            t = np.tanh(h)
            values.append((h, t))
            h = t + h * a
        g, ga = np.ones_like(x), np.zeros_like(a)
        for before, t in reversed(values):
            ga = ga + g * before
            g = g * (1 - t * t) + g * a
        return h, [g, ga]

    return step


def forward(x: Any, a: Any, tanh: Any, layers: int) -> Any:
    """Return the end of the ladder."""
    h = x
    for _ in range(layers):
        h = tanh(h) + h * a
    return h


def tensors(torch: Any, p: SimpleNamespace) -> Any:
    """For torch and nptorch."""
    x, a = leaves = [torch.tensor(v).requires_grad_() for v in (p.x, p.a)]

    def step() -> Any:
        for leaf in leaves:
            leaf.grad = None
        loss = forward(x, a, torch.Tensor.tanh, p.layers)
        loss.backward()
        return loss, [leaf.grad for leaf in leaves]

    return step


def hips(p: SimpleNamespace) -> Any:
    """For HIPS autograd."""
    import autograd.numpy as anp
    from autograd import value_and_grad

    run = value_and_grad(lambda x, a: forward(x, a, anp.tanh, p.layers), (0, 1))

    def step() -> Any:
        value, gradients = run(p.x, p.a)
        return value, list(gradients)

    return step


def mygrad(p: SimpleNamespace) -> Any:
    """For mygrad."""
    import mygrad as mg

    x, a = leaves = [mg.tensor(v) for v in (p.x, p.a)]

    def step() -> Any:
        loss = forward(x, a, mg.tanh, p.layers)
        loss.backward()
        return loss.data, [leaf.grad for leaf in leaves]

    return step


def micrograd(p: SimpleNamespace) -> Any:
    """For micrograd."""
    from micrograd.engine import Value

    def step() -> Any:
        x, a = leaves = [Value(float(v)) for v in (p.x, p.a)]
        loss = forward(x, a, micrograd_tanh, p.layers)
        loss.backward()
        return loss, [leaf.grad for leaf in leaves]

    return step
