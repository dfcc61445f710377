"""The in-place family agrees with torch: values, histories, versions and refusals."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.cases import COUNTS, MASK, P, Q, V, X
from tests.engine.helper import agree

STEPS = {
    "add_": lambda T, y, v: y.add_(v),
    "add_ alpha": lambda T, y, v: y.add_(v, alpha=2),
    "sub_": lambda T, y, v: y.sub_(v),
    "mul_": lambda T, y, v: y.mul_(v),
    "mul_ itself": lambda T, y, v: y.mul_(y),
    "div_": lambda T, y, v: y.div_(v),
    "pow_": lambda T, y, v: y.pow_(v),
    "pow_ number": lambda T, y, v: y.pow_(2),
    "remainder_": lambda T, y, v: y.remainder_(v),
    "copy_": lambda T, y, v: y.copy_(v),
    "fill_": lambda T, y, v: y.fill_(2),
    "fill_ tensor": lambda T, y, v: y.fill_(v.sum()),
    "zero_": lambda T, y, v: y.zero_(),
    "clamp_": lambda T, y, v: y.clamp_(0.5, 1),
    "clamp_ tensor": lambda T, y, v: y.clamp_(min=v),
    "clamp_min_": lambda T, y, v: y.clamp_min_(1),
    "masked_fill_": lambda T, y, v: y.masked_fill_(T.tensor(MASK), 2),
    "lerp_": lambda T, y, v: y.lerp_(v.expand(3, 4), 0.25),
    "addcmul_": lambda T, y, v: y.addcmul_(v, v, value=2),
    "addcdiv_": lambda T, y, v: y.addcdiv_(v, v + 3, value=2),
    "squeeze_": lambda T, y, v: y.squeeze_(),
    "unsqueeze_": lambda T, y, v: y.unsqueeze_(0),
    "transpose_": lambda T, y, v: y.transpose_(0, 1).mul_(2),
    "t_": lambda T, y, v: y.t_(),
    "cumsum_": lambda T, y, v: y.cumsum_(0),
    "tril_": lambda T, y, v: y.tril_(),
    "round_": lambda T, y, v: y.round_(),
    "leaky": lambda T, y, v: y.neg_().abs_().reciprocal_(),
    "chain": lambda T, y, v: y.exp_().log_().sin_().sigmoid_().tanh_().sqrt_(),
    "square_": lambda T, y, v: y.square_(),
    "floor_divide": lambda T, y, v: y.detach().floor_divide_(2),
    "eq_": lambda T, y, v: y.detach().eq_(v),
    "requires_grad_": lambda T, y, v: y.detach().requires_grad_(),
}


@pytest.mark.parametrize("name", STEPS)
def test_on_a_result(name):
    def program(T, x, v):
        y = x * 1.5
        z = STEPS[name](T, y, v)
        return [z, z._version, z is y, y * 2]

    agree(program, P, V**2 + 0.1)
    agree(program, P.astype(np.float32), (V**2 + 0.1).astype(np.float32))


@pytest.mark.parametrize("name", STEPS)
def test_on_a_view(name):
    if name in ("squeeze_", "unsqueeze_", "transpose_", "t_"):
        return

    def program(T, x, v):
        base = T.cat([x, x]) * 1.0
        z = STEPS[name](T, base[1:4], v)
        return [base, z * 3, base._version]

    agree(program, P, V**2 + 0.1, text=name != "chain")


@pytest.mark.parametrize("name", STEPS)
def test_of_a_constant_by_what_needs_grad(name):
    def program(T, v):
        y = T.tensor(P)
        STEPS[name](T, y, v)
        return [y, y.requires_grad, y.is_leaf]

    agree(program, V**2 + 0.1)


def _augmented(T, x, v):
    y = x + 0
    same = y
    y += v
    y -= 1
    y *= v
    y /= 3
    y **= 2
    return [y, y is same, y._version]


def test_augmented_assignment():
    agree(_augmented, P, Q)
    agree(_augmented, P, V)


ERRORS = {
    "leaf": lambda T, x: x.add_(1),
    "view of leaf": lambda T, x: x[0].mul_(2),
    "leaf +=": lambda T, x: x.__iadd__(1),
    "float into integers": lambda T, x: T.tensor([1]).add_(1.5),
    "division of integers": lambda T, x: T.tensor([1]).div_(2),
    "exp of integers": lambda T, x: T.tensor([1]).exp_(),
    "too large": lambda T, x: T.zeros(3).add_(T.zeros(2, 3)),
    "no common shape": lambda T, x: T.zeros(3).add_(T.zeros(2)),
    "copy shape": lambda T, x: T.zeros(2, 3).copy_(T.zeros(4)),
    "fill vector": lambda T, x: T.zeros(2).fill_(T.zeros(2)),
    "expanded": lambda T, x: (x[:1] * 1).expand(3, 4).add_(1),
    "chunk": lambda T, x: (x * 1).chunk(2)[0].mul_(2),
    "unbind": lambda T, x: (x * 1).unbind()[1].mul_(2),
    "split with what needs grad": lambda T, x: T.zeros(4).split(2)[1].add_(x.sum()),
    "saved result": lambda T, x: T.autograd.grad((lambda y: (y.exp(), y)[0])(x).sum(), x),
    "leaf fill": lambda T, x: x.normal_(),
    "float to long": lambda T, x: T.zeros(2, dtype=T.int64).mul_(T.ones(2)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    agree(ERRORS[name], X)


SAVED = "exp tanh sigmoid sqrt relu reciprocal sin cos log abs square neg sum cumsum floor"


@pytest.mark.parametrize("name", SAVED.split())
def test_what_may_be_changed_afterwards(name):
    def after_input(T, x):
        y = x * 1
        z = getattr(y, name)() if name not in ("cumsum",) else y.cumsum(0)
        y.add_(1)
        return T.autograd.grad(z.sum(), x)

    def after_result(T, x):
        y = x * 1
        z = getattr(y, name)() if name not in ("cumsum",) else y.cumsum(0)
        z.add_(1)
        return T.autograd.grad(z.sum(), x)

    agree(after_input, P)
    agree(after_result, P)


SECOND_TIME = {
    "add": lambda T, x: x + 1,
    "sub": lambda T, x: 1 - x,
    "neg": lambda T, x: -x,
    "mul number": lambda T, x: x * 2,
    "div number": lambda T, x: x / 2,
    "mul": lambda T, x: x * x,
    "index": lambda T, x: x[[0, 1]],
    "mask": lambda T, x: x[x > 1],
    "slice": lambda T, x: x[0:2],
    "select": lambda T, x: x[0],
    "sum": lambda T, x: x.sum(0),
    "mean": lambda T, x: x.mean(),
    "max": lambda T, x: x.max(),
    "max dim": lambda T, x: x.max(0)[0],
    "where": lambda T, x: T.where(x > 1, x, 0.0),
    "masked_fill": lambda T, x: x.masked_fill(x > 1, 0),
    "gather": lambda T, x: x.gather(0, T.zeros(1, 4, dtype=T.int64)),
    "sort": lambda T, x: x.sort()[0],
    "cat": lambda T, x: T.cat([x, x]),
    "stack": lambda T, x: T.stack([x, x]),
    "clamp": lambda T, x: x.clamp(0, 1),
    "lerp": lambda T, x: x.lerp(x, 0.5),
    "softmax": lambda T, x: x.softmax(0),
    "cumsum": lambda T, x: x.cumsum(0),
    "var": lambda T, x: x.var(),
    "var_mean": lambda T, x: T.var_mean(x)[1],
    "prod": lambda T, x: x.prod(),
    "norm": lambda T, x: x.norm(),
    "float": lambda T, x: x.float(),
    "clone": lambda T, x: x.clone(),
    "expand": lambda T, x: x.expand(2, 3, 4),
    "tril": lambda T, x: x.tril(),
    "mm": lambda T, x: x @ T.ones(4, 2, dtype=T.float64),
    "unbind": lambda T, x: x.unbind()[0],
    "remainder": lambda T, x: x % 2,
    "pow": lambda T, x: x**2,
    "maximum": lambda T, x: T.maximum(x, x * 2),
    "flip": lambda T, x: x.flip(0),
    "roll": lambda T, x: x.roll(1),
    "repeat": lambda T, x: x.repeat(2, 1),
    "sign": lambda T, x: x.sign(),
}


@pytest.mark.parametrize("name", SECOND_TIME)
def test_a_second_backward(name):
    def program(T, x):
        y = SECOND_TIME[name](T, x).sum()
        T.autograd.grad(y, x)
        return T.autograd.grad(y, x)

    agree(program, P)


def test_integers_stay_integers():
    agree(lambda T, x: [x.add_(1), x.mul_(2), x.floor_divide_(3), x.neg_(), x.clamp_(0, 5)], COUNTS)
