"""Initialisation (statistics and exact cases), clipping, vectors of parameters."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import course.nptorch as nptorch

from .agree import BACKENDS, array, both, close, same_error

FILLED: dict[str, tuple[Any, float, float]] = {
    "uniform": (lambda i, x: i.uniform_(x, -1, 3), 1.0, 4 / math.sqrt(12)),
    "normal": (lambda i, x: i.normal_(x, 2.0, 0.5), 2.0, 0.5),
    "xavier uniform": (lambda i, x: i.xavier_uniform_(x, gain=2.0), 0.0, 2 * math.sqrt(2 / 700)),
    "xavier normal": (lambda i, x: i.xavier_normal_(x), 0.0, math.sqrt(2 / 700)),
    "kaiming uniform": (lambda i, x: i.kaiming_uniform_(x, nonlinearity="relu"), 0.0, math.sqrt(2 / 400)),
    "kaiming normal": (lambda i, x: i.kaiming_normal_(x, mode="fan_out"), 0.0, math.sqrt(2 / 300)),
    "truncated": (lambda i, x: i.trunc_normal_(x, std=0.1), 0.0, 0.1),
}


@pytest.mark.parametrize("name", FILLED)
def test_random_filling(name: str) -> None:
    fill, mean, std = FILLED[name]
    ranges = []
    for T in BACKENDS:
        x = T.nn.Parameter(T.zeros(300, 400))
        assert fill(T.nn.init, x) is x
        values = array(x)
        assert abs(values.mean() - mean) < 0.02
        assert abs(values.std() / std - 1) < 0.02
        ranges.append(np.abs(values).max())
        assert x.grad_fn is None
    if "uniform" in name:
        assert abs(ranges[0] / ranges[1] - 1) < 1e-3


def test_exact_filling() -> None:
    def program(T: Any) -> list[Any]:
        i = T.nn.init
        x = T.nn.Parameter(T.zeros(4, 2, 3, 3))
        out = [i.constant_(T.zeros(2), 3.5), i.ones_(T.zeros(2)), i.zeros_(T.ones(2)), i.eye_(T.ones(2, 3))]
        out += [i.dirac_(T.ones(4, 2, 3, 3), groups=2), i.ones_(x), x._version]
        names = ("linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu")
        return out + [i.calculate_gain(name) for name in names] + [i.calculate_gain("leaky_relu", 0.3)]

    both(program)


def test_orthogonal() -> None:
    for shape in ((5, 3), (3, 5), (4, 2, 2)):
        x = array(nptorch.nn.init.orthogonal_(nptorch.zeros(*shape))).reshape(shape[0], -1)
        product = x @ x.T if x.shape[0] <= x.shape[1] else x.T @ x
        np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-12)


INIT_ERRORS: dict[str, Any] = {
    "fan": lambda T: T.nn.init.xavier_uniform_(T.zeros(3)),
    "mode": lambda T: T.nn.init.kaiming_uniform_(T.zeros(3, 3), mode="fan"),
    "gain": lambda T: T.nn.init.calculate_gain("foo"),
    "slope": lambda T: T.nn.init.calculate_gain("leaky_relu", "a"),
    "eye": lambda T: T.nn.init.eye_(T.zeros(3)),
    "orthogonal": lambda T: T.nn.init.orthogonal_(T.zeros(3)),
}


@pytest.mark.parametrize("program", INIT_ERRORS.values(), ids=INIT_ERRORS.keys())
def test_init_error(program: Any) -> None:
    same_error(program)


def with_gradients(T: Any) -> list[Any]:
    """Return parameters, one of them without a gradient."""
    ps = [T.nn.Parameter(T.zeros(2, 2)), T.nn.Parameter(T.zeros(3)), T.nn.Parameter(T.zeros(1))]
    ps[0].grad = T.tensor([[1.0, -2.0], [3.0, 0.5]])
    ps[1].grad = T.tensor([-4.0, 0.1, 2.0])
    return ps


@pytest.mark.parametrize("norm", [1, 2, 3.0, float("inf")])
@pytest.mark.parametrize("limit", [0.5, 100.0])
def test_clip_grad_norm(norm: float, limit: float) -> None:
    def program(T: Any) -> list[Any]:
        ps = with_gradients(T)
        held = ps[0].grad
        total = T.nn.utils.clip_grad_norm_(ps, limit, norm)
        return [total, held, *[p.grad for p in ps], held._version]

    both(program)


def test_clip_others() -> None:
    def program(T: Any) -> list[Any]:
        ps, one = with_gradients(T), with_gradients(T)
        T.nn.utils.clip_grad_value_(ps, 1.5)
        total = T.nn.utils.get_total_norm([p.grad for p in one if p.grad is not None])
        T.nn.utils.clip_grads_with_norm_(one, 1.0, total)
        empty = T.nn.utils.clip_grad_norm_([T.nn.Parameter(T.ones(1))], 1.0)
        single = T.nn.utils.clip_grad_norm_(one[0], 0.1)
        return [[p.grad for p in ps], [p.grad for p in one], total, empty, single]

    both(program)


def test_clip_nonfinite() -> None:
    def program(T: Any) -> None:
        p = T.nn.Parameter(T.zeros(1))
        p.grad = T.tensor([float("nan")])
        T.nn.utils.clip_grad_norm_([p], 1.0, error_if_nonfinite=True)

    same_error(program)


def test_vectors() -> None:
    def program(T: Any) -> list[Any]:
        ps = [T.nn.Parameter(T.ones(2, 2)), T.nn.Parameter(T.zeros(3))]
        vector = T.nn.utils.parameters_to_vector(ps)
        T.nn.utils.vector_to_parameters(T.arange(7.0), ps)
        return [vector, *ps, vector.requires_grad]

    both(program)


FUNCTIONS: dict[str, Any] = {
    "normalize": lambda T, x: T.nn.functional.normalize(x, dim=0),
    "cosine": lambda T, x: T.nn.functional.cosine_similarity(x, x * x, dim=0),
    "pad": lambda T, x: T.nn.functional.pad(x, (1, 2), value=3.0),
    "softmax of integers": lambda T, x: T.nn.functional.softmax(x.long(), 0, dtype=T.float64),
    "one hot": lambda T, x: T.nn.functional.one_hot(T.tensor([[0, 2], [1, 1]])),
    "one hot, classes": lambda T, x: T.nn.functional.one_hot(T.tensor([0, 2]), 5),
    "conv1d": lambda T, x: T.nn.functional.conv1d(
        x.view(1, 2, 6), T.ones(3, 2, 2) * 0.5, T.ones(3), stride=2, padding=1
    ),
    "bilinear": lambda T, x: T.nn.functional.bilinear(x.view(4, 3), x.view(4, 3), T.ones(2, 3, 3), T.ones(2)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name: str, rng: np.random.Generator) -> None:
    x = rng.standard_normal(12)
    mine, theirs = (FUNCTIONS[name](T, T.tensor(x)) for T in BACKENDS)
    close(mine, theirs)


def test_gumbel_softmax() -> None:
    logits = nptorch.zeros(1000, 3, requires_grad=True)
    hard = nptorch.nn.functional.gumbel_softmax(logits, hard=True)
    assert set(np.unique(array(hard).round(9))) == {0.0, 1.0}
    assert np.all(np.abs(array(hard).mean(0) - 1 / 3) < 0.06)
    hard[:, 0].sum().backward()
    assert array(logits.grad).any()
