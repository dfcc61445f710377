"""One tensor used 4,096 times: as many gradients are added up at one node."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.targets import Target
from benchmarks.workloads.scalar import micrograd_tanh

TITLE = "one number used 4,096 times, the products added up in pairs"
TARGETS = (Target("time", 8.0),)


def problem(quick: bool) -> SimpleNamespace:
    """Return the leaf and one constant per use."""
    width = 256 if quick else 4096
    constants = [np.array(v) for v in np.random.default_rng(0).standard_normal(width)]
    return SimpleNamespace(x=np.array(0.3), constants=constants, count=2 * width, unit="node")


def paired(values: list[Any]) -> Any:
    """Return the sum of `values`, added in pairs: a tree, not a chain."""
    while len(values) > 1:
        values = [values[i] + values[i + 1] for i in range(0, len(values), 2)]
    return values[0]


def hand(p: SimpleNamespace) -> Any:
    """Add one gradient per use."""

    def step() -> Any:
        h = np.tanh(p.x)
        loss = paired([h * constant for constant in p.constants])
        ones, g = np.ones_like(p.x), np.zeros_like(p.x)
        for constant in p.constants:
            g = g + ones * constant
        return loss, [g * (1 - h * h)]

    return step


def forward(x: Any, constants: list[Any], tanh: Any) -> Any:
    """Return the sum of the products."""
    h = tanh(x)
    return paired([h * constant for constant in constants])


def tensors(torch: Any, p: SimpleNamespace) -> Any:
    """For torch and nptorch."""
    x = torch.tensor(p.x).requires_grad_()
    constants = [torch.tensor(v) for v in p.constants]

    def step() -> Any:
        x.grad = None
        loss = forward(x, constants, torch.Tensor.tanh)
        loss.backward()
        return loss, [x.grad]

    return step


def hips(p: SimpleNamespace) -> Any:
    """For HIPS autograd."""
    import autograd.numpy as anp
    from autograd import value_and_grad

    run = value_and_grad(lambda x: forward(x, p.constants, anp.tanh))

    def step() -> Any:
        value, gradient = run(p.x)
        return value, [gradient]

    return step


def mygrad(p: SimpleNamespace) -> Any:
    """For mygrad."""
    import mygrad as mg

    x = mg.tensor(p.x)
    constants = [mg.tensor(v, constant=True) for v in p.constants]

    def step() -> Any:
        loss = forward(x, constants, mg.tanh)
        loss.backward()
        return loss.data, [x.grad]

    return step


def micrograd(p: SimpleNamespace) -> Any:
    """For micrograd."""
    from micrograd.engine import Value

    constants = [Value(float(v)) for v in p.constants]

    def step() -> Any:
        x = Value(float(p.x))
        loss = forward(x, constants, micrograd_tanh)
        loss.backward()
        return loss, [x.grad]

    return step
