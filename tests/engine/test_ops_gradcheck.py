"""``gradcheck`` accepts and refuses what torch's accepts and refuses."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.cases import P, X
from tests.engine.helper import agree

SQUARE = np.array([0.9, 0.4])


def _wrong(T, scale):
    class Wrong(T.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * x

        @staticmethod
        def backward(ctx, g):
            return g * scale

    return Wrong.apply


CHECKS = {
    "right": lambda T, x: T.autograd.gradcheck(lambda x: x.sin() * x, (x,)),
    "one input": lambda T, x: T.autograd.gradcheck(T.exp, x),
    "two outputs": lambda T, x: T.autograd.gradcheck(lambda x: (x * 2, x.exp()), (x,)),
    "two inputs": lambda T, x: T.autograd.gradcheck(lambda x, y: x * y, (x, x.detach() + 1)),
    "wrong": lambda T, x: T.autograd.gradcheck(_wrong(T, 1), (x,)),
    "wrong, quiet": lambda T, x: T.autograd.gradcheck(_wrong(T, 1), (x,), raise_exception=False),
    "none required": lambda T, x: T.autograd.gradcheck(lambda x: x, (x.detach(),)),
    "no output": lambda T, x: T.autograd.gradcheck(lambda x: x.detach(), (x,)),
    "second": lambda T, x: T.autograd.gradgradcheck(lambda x: x**3, (x,)),
    "second of linear": lambda T, x: T.autograd.gradgradcheck(lambda x: x * x.sum(), (x,)),
    "wide": lambda T, x: T.autograd.gradcheck(lambda x: x * x, (x,), atol=10.0),
    "expanded": lambda T, x: T.autograd.gradcheck(lambda x: x, (x[:1].expand(3),)),
    "strided": lambda T, x: T.autograd.gradcheck(lambda x: x.exp(), (T.tensor(X[:2, :2]).t().requires_grad_(),)),
}


@pytest.mark.parametrize("name", CHECKS)
def test_checks(name):
    agree(CHECKS[name], SQUARE, grad=True)


def test_both_matrices_are_shown():
    def program(T, x):
        try:
            T.autograd.gradcheck(_wrong(T, 1), (x,))
        except RuntimeError as error:
            return [str(error), type(error).__name__]
        return None

    agree(program, SQUARE)


SECOND = {
    "var": lambda T, x: x.var(0),
    "std_mean": lambda T, x: T.std_mean(x, 1),
    "norm": lambda T, x: x.norm(3, dim=0),
    "prod": lambda T, x: x.prod(1),
    "softmax": lambda T, x: x.softmax(0),
    "logsumexp": lambda T, x: x.logsumexp(1),
    "sort": lambda T, x: x.sort(1).values,
    "max": lambda T, x: x.max(0).values,
    "gather": lambda T, x: x.gather(1, T.tensor([[0], [1], [1]])),
    "index": lambda T, x: x[[0, 0, 2]] ** 2,
    "matmul": lambda T, x: x @ x.t(),
    "unbind": lambda T, x: x.unbind(1)[0] * x.unbind(1)[2],
    "pow": lambda T, x: x**x,
    "addcdiv": lambda T, x: T.addcdiv(x, x, x + 1, value=2),
    "cumprod": lambda T, x: x.cumprod(1),
    "setitem": lambda T, x: (lambda y: (y[0].mul_(y[1]), y)[1])(x * 1),
    "einsum": lambda T, x: T.einsum("ij,kj->ik", x, x),
    "atan2": lambda T, x: T.atan2(x, x.flip(0)),
    "repeat": lambda T, x: x.repeat(2, 1) * x.tile(2, 1),
    "diag": lambda T, x: T.diag_embed(x) * 2,
}


@pytest.mark.parametrize("name", SECOND)
def test_second_derivatives_hold(name):
    agree(lambda T, x: T.autograd.gradgradcheck(lambda x: SECOND[name](T, x), (x,)), P[:, :3])
