"""The graphs of layers and losses have torch's nodes; buffers are freed as torch frees them."""

from __future__ import annotations

from typing import Any

import pytest

from .agree import BACKENDS, outcome

CASES: dict[str, tuple[Any, tuple[int, ...]]] = {
    "linear": (lambda T, x: T.nn.Linear(4, 3)(x), (2, 4)),
    "linear 3-D": (lambda T, x: T.nn.Linear(4, 3)(x), (2, 5, 4)),
    "linear no bias": (lambda T, x: T.nn.Linear(4, 3, bias=False)(x), (2, 4)),
    "conv": (lambda T, x: T.nn.Conv2d(4, 2, 3)(x), (1, 4, 6, 6)),
    "transposed": (lambda T, x: T.nn.ConvTranspose2d(4, 2, 3)(x), (1, 4, 6, 6)),
    "max pool": (lambda T, x: T.nn.MaxPool2d(2)(x), (1, 4, 6, 6)),
    "avg pool": (lambda T, x: T.nn.AvgPool2d(2)(x), (1, 4, 6, 6)),
    "adaptive": (lambda T, x: T.nn.AdaptiveAvgPool2d(2)(x), (1, 4, 6, 6)),
    "adaptive 1": (lambda T, x: T.nn.AdaptiveAvgPool2d(1)(x), (1, 4, 6, 6)),
    "pad": (lambda T, x: T.nn.ZeroPad2d(1)(x), (1, 4, 6, 6)),
    "pixel shuffle": (lambda T, x: T.nn.PixelShuffle(2)(x), (1, 4, 6, 6)),
    "batch norm": (lambda T, x: T.nn.BatchNorm2d(4)(x), (2, 4, 6, 6)),
    "layer norm": (lambda T, x: T.nn.LayerNorm(6)(x), (2, 4, 6, 6)),
    "dropout": (lambda T, x: T.nn.Dropout()(x), (3, 4)),
    "relu": (lambda T, x: T.nn.ReLU()(x), (3, 4)),
    "leaky relu": (lambda T, x: T.nn.LeakyReLU()(x), (3, 4)),
    "prelu": (lambda T, x: T.nn.PReLU()(x), (3, 4)),
    "softplus": (lambda T, x: T.nn.Softplus()(x), (3, 4)),
    "elu": (lambda T, x: T.nn.ELU()(x), (3, 4)),
    "gelu": (lambda T, x: T.nn.GELU()(x), (3, 4)),
    "silu": (lambda T, x: T.nn.SiLU()(x), (3, 4)),
    "hardtanh": (lambda T, x: T.nn.Hardtanh()(x), (3, 4)),
    "mse": (lambda T, x: T.nn.MSELoss()(x, T.ones(3, 4)), (3, 4)),
    "l1": (lambda T, x: T.nn.L1Loss()(x, T.ones(3, 4)), (3, 4)),
    "smooth": (lambda T, x: T.nn.SmoothL1Loss()(x, T.ones(3, 4)), (3, 4)),
    "logits": (lambda T, x: T.nn.BCEWithLogitsLoss()(x, T.ones(3, 4)), (3, 4)),
    "cross entropy": (lambda T, x: T.nn.CrossEntropyLoss()(x, T.tensor([0, 1, 2])), (3, 4)),
    "embedding": (lambda T, x: T.nn.Embedding(5, 2)(T.tensor([1, 2])), (1,)),
    "rnn cell": (lambda T, x: T.nn.RNNCell(4, 2)(x), (3, 4)),
    "mlp": (lambda T, x: T.nn.Sequential(T.nn.Linear(4, 3), T.nn.Tanh(), T.nn.Linear(3, 1))(x), (3, 4)),
}


def names(node: Any) -> Any:
    """Return the names of a node and of all below it."""
    if node is None:
        return None
    return [node.name(), [names(below) for below, _ in node.next_functions]]


@pytest.mark.parametrize("name", CASES)
def test_nodes(name: str) -> None:
    program, shape = CASES[name]
    graphs = [names(program(T, T.ones(*shape, requires_grad=True)).grad_fn) for T in BACKENDS]
    assert graphs[0] == graphs[1]


@pytest.mark.parametrize("name", CASES)
def test_second_backward(name: str) -> None:
    program, shape = CASES[name]
    seen = []
    for T in BACKENDS:
        out = program(T, T.ones(*shape, requires_grad=True)).sum()
        out.backward()
        seen.append(outcome(lambda T, out=out: out.backward(), T)[0])
    assert seen[0] == seen[1]
