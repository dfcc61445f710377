"""Views, joins, cuts and copies agree with torch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.cases import EMPTY, S, X, Y, Z
from tests.engine.helper import agree

ONE = {
    "view": lambda T, x: x.view(4, 3),
    "view -1": lambda T, x: x.view(-1),
    "view list": lambda T, x: x.view([2, -1]),
    "reshape": lambda T, x: x.reshape(2, 6),
    "reshape copy": lambda T, x: x.t().reshape(12),
    "reshape column": lambda T, x: x.t().reshape(2, 6),
    "flatten": lambda T, x: x.flatten(),
    "ravel": lambda T, x: T.ravel(x),
    "unflatten": lambda T, x: x.unflatten(1, (2, 2)),
    "permute": lambda T, x: x.permute(1, 0),
    "transpose": lambda T, x: x.transpose(0, -1),
    "swapaxes": lambda T, x: x.swapaxes(0, 1),
    "t": lambda T, x: x.t(),
    "T": lambda T, x: x.T,
    "mT": lambda T, x: x.mT,
    "movedim": lambda T, x: T.movedim(x, 0, 1),
    "squeeze": lambda T, x: x.squeeze(),
    "squeeze dim": lambda T, x: x.unsqueeze(1).squeeze(1),
    "squeeze other": lambda T, x: x.squeeze(0),
    "squeeze dims": lambda T, x: x[None].squeeze((0, 1)),
    "unsqueeze": lambda T, x: x.unsqueeze(-1),
    "expand": lambda T, x: x.expand(2, 3, 4),
    "expand -1": lambda T, x: x[:1].expand(5, -1),
    "expand same": lambda T, x: x.expand(3, 4),
    "expand_as": lambda T, x: x.expand_as(T.zeros(2, 3, 4)),
    "broadcast_to": lambda T, x: T.broadcast_to(x, (2, 3, 4)),
    "diagonal": lambda T, x: x.diagonal(),
    "diagonal 1": lambda T, x: x.diagonal(1),
    "diagonal -1": lambda T, x: T.diagonal(x, -1, 1, 0),
    "repeat": lambda T, x: x.repeat(2, 1, 3),
    "tile": lambda T, x: x.tile(2),
    "flip": lambda T, x: x.flip(0, 1),
    "flip one": lambda T, x: T.flip(x, (0,)),
    "fliplr": lambda T, x: T.fliplr(x),
    "roll": lambda T, x: x.roll(1, 0),
    "roll all": lambda T, x: x.roll(2),
    "roll two": lambda T, x: T.roll(x, (1, -1), (0, 1)),
    "narrow": lambda T, x: x.narrow(1, 1, 2),
    "select": lambda T, x: x.select(1, 2),
    "split": lambda T, x: x.split(2),
    "split sizes": lambda T, x: T.split(x, [1, 3], dim=1),
    "chunk": lambda T, x: x.chunk(3, 1),
    "tensor_split": lambda T, x: x.tensor_split(2),
    "unbind": lambda T, x: x.unbind(),
    "unbind one": lambda T, x: x.unbind(1)[2],
    "split one": lambda T, x: x.split(2)[1] * 2,
    "clone": lambda T, x: x.clone(),
    "contiguous": lambda T, x: x.t().contiguous(),
    "contiguous self": lambda T, x: x.contiguous() is x,
    "tril": lambda T, x: x.tril(),
    "triu": lambda T, x: T.triu(x, 1),
    "trace": lambda T, x: x.trace(),
    "diag": lambda T, x: x.diag(1),
    "diag vector": lambda T, x: x[0].diag(),
    "diag_embed": lambda T, x: T.diag_embed(x, 1),
    "iter": lambda T, x: [row * i for i, row in enumerate(x)],
    "to": lambda T, x: x.to(T.float32),
    "to same": lambda T, x: x.to(T.float64) is x,
    "float": lambda T, x: x.float(),
    "half": lambda T, x: x.half().double(),
    "long": lambda T, x: x.long(),
    "bool": lambda T, x: x.bool(),
    "type_as": lambda T, x: x.type_as(T.zeros(1)),
    "to copy": lambda T, x: x.to(T.float64, copy=True),
    "detach": lambda T, x: x.detach(),
    "strides": lambda T, x: [x.stride(), x.t().stride(), x.t().is_contiguous(), x.stride(0)],
    "sizes": lambda T, x: [x.size(), x.size(-1), x.dim(), x.ndim, x.numel(), len(x), x.nelement()],
    "bytes": lambda T, x: [x.element_size(), x.itemsize, x.nbytes],
    "repeat_interleave": lambda T, x: x.repeat_interleave(2).detach(),
    "repeat_interleave dim": lambda T, x: x.repeat_interleave(2, dim=1).detach(),
    "zeros_like": lambda T, x: [T.zeros_like(x), T.ones_like(x), T.full_like(x, 3)],
    "new": lambda T, x: [x.new_zeros(2, 3), x.new_ones((2,)), x.new_full((2,), 7)],
    "meshgrid xy": lambda T, x: T.meshgrid(x[0], x[:, 0], indexing="xy"),
}


@pytest.mark.parametrize("name", ONE)
def test_one_tensor(name):
    agree(ONE[name], X)
    agree(ONE[name], X.astype(np.float32))
    agree(lambda T, x: ONE[name](T, x * 1), X)


@pytest.mark.parametrize("name", ["view -1", "flatten", "squeeze", "T", "clone", "t", "unsqueeze", "float"])
def test_no_dimensions(name):
    agree(ONE[name], S)
    agree(ONE[name], EMPTY)


SEVERAL = {
    "cat": lambda T, x, y, z: T.cat([x, y, z]),
    "cat 1": lambda T, x, y, z: T.cat((x, y), dim=-1),
    "cat same": lambda T, x, y, z: T.cat([x, x, y]),
    "stack": lambda T, x, y, z: T.stack([x, y, z]),
    "stack -1": lambda T, x, y, z: T.stack([x, y, z], -1),
    "hstack": lambda T, x, y, z: T.hstack([x, y]),
    "vstack": lambda T, x, y, z: T.vstack((x, y)),
    "many": lambda T, x, y, z: T.cat([x] * 12),
    "mixed": lambda T, x, y, z: T.cat([x, y.float()]),
    "broadcast": lambda T, x, y, z: T.broadcast_tensors(x, y[0], z[:, :1]),
    "meshgrid": lambda T, x, y, z: T.meshgrid(x[0], y[:, 0], indexing="ij"),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_several_tensors(name):
    agree(SEVERAL[name], X, Y, Z)


ERRORS = {
    "view": lambda T, x: x.view(5),
    "view two": lambda T, x: x.view(-1, -1),
    "view strided": lambda T, x: x.t().view(-1),
    "reshape": lambda T, x: x.reshape(5, -1),
    "expand": lambda T, x: x.expand(4, 4),
    "expand short": lambda T, x: x.expand(4),
    "permute": lambda T, x: x.permute(0),
    "permute twice": lambda T, x: x.permute(0, 0),
    "transpose": lambda T, x: x.transpose(0, 3),
    "t": lambda T, x: x[None].t(),
    "squeeze": lambda T, x: x.squeeze(4),
    "unsqueeze": lambda T, x: x.unsqueeze(4),
    "split": lambda T, x: x.split(0),
    "split sum": lambda T, x: x.split([1, 1]),
    "chunk": lambda T, x: x.chunk(0),
    "narrow": lambda T, x: x.narrow(0, 2, 3),
    "repeat": lambda T, x: x.repeat(2),
    "flip": lambda T, x: x.flip(3),
    "flip twice": lambda T, x: x.flip(0, 0),
    "unflatten": lambda T, x: x.unflatten(0, (2, 2)),
    "cat dims": lambda T, x: T.cat([x, x[0]]),
    "cat sizes": lambda T, x: T.cat([x, x[:, :2]]),
    "cat none": lambda T, x: T.cat([]),
    "cat 0-d": lambda T, x: T.cat([x.sum(), x.sum()]),
    "stack": lambda T, x: T.stack([x, x[0]]),
    "stack none": lambda T, x: T.stack([]),
    "diagonal": lambda T, x: x[0].diagonal(),
    "trace": lambda T, x: x[0].trace(),
    "numpy": lambda T, x: x.numpy(),
    "len": lambda T, x: len(x.sum()),
    "iter": lambda T, x: list(x.sum()),
    "bool": lambda T, x: bool(x),
    "int": lambda T, x: int(x),
    "float": lambda T, x: float(x),
    "index": lambda T, x: [1, 2, 3][x.sum()],
    "contains": lambda T, x: "a" in x,
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    agree(ERRORS[name], X)


PRODUCTS = {
    "mm": (lambda T, a, b: a @ b, (3, 4), (4, 5)),
    "mm function": (lambda T, a, b: T.mm(a, b), (3, 4), (4, 5)),
    "mv": (lambda T, a, b: a @ b, (3, 4), (4,)),
    "mv function": (lambda T, a, b: T.mv(a, b), (3, 4), (4,)),
    "dot": (lambda T, a, b: a @ b, (4,), (4,)),
    "vm": (lambda T, a, b: a @ b, (4,), (4, 5)),
    "3 by 2": (lambda T, a, b: a @ b, (2, 3, 4), (4, 5)),
    "3 by 1": (lambda T, a, b: a @ b, (2, 3, 4), (4,)),
    "bmm": (lambda T, a, b: T.bmm(a, b), (2, 3, 4), (2, 4, 5)),
    "3 by 3": (lambda T, a, b: T.matmul(a, b), (2, 3, 4), (2, 4, 5)),
    "4 by 3": (lambda T, a, b: a.matmul(b), (6, 2, 3, 4), (2, 4, 5)),
    "4 by 4": (lambda T, a, b: a @ b, (2, 1, 3, 4), (1, 3, 4, 5)),
    "outer": (lambda T, a, b: T.outer(a, b), (3,), (4,)),
    "empty": (lambda T, a, b: a @ b, (0, 4), (4, 5)),
    "empty inside": (lambda T, a, b: a @ b, (3, 0), (0, 5)),
    "shapes": (lambda T, a, b: a @ b, (3, 4), (3, 4)),
    "mv shapes": (lambda T, a, b: a @ b, (3, 4), (3,)),
    "dot shapes": (lambda T, a, b: a.dot(b), (3,), (4,)),
    "bmm shapes": (lambda T, a, b: a.bmm(b), (2, 3, 4), (2, 3, 4)),
    "bmm dims": (lambda T, a, b: a.bmm(b), (3, 4), (2, 3, 4)),
    "outer dims": (lambda T, a, b: a.outer(b), (3, 4), (3,)),
    "dot dims": (lambda T, a, b: a.dot(b), (3, 4), (4,)),
    "mv dims": (lambda T, a, b: a.mv(b), (3, 4), (3, 4)),
    "mm dtypes": (lambda T, a, b: a @ b.float(), (3, 4), (4, 5)),
    "addmm": (lambda T, a, b: T.addmm(a.sum(1, keepdim=True), a, b, beta=2, alpha=3), (3, 4), (4, 5)),
    "addmm plain": (lambda T, a, b: (a @ b).addmm(a, b), (3, 4), (4, 5)),
    "addmv": (lambda T, a, b: T.addmv(a.sum(1), a, b), (3, 4), (4,)),
    "baddbmm": (lambda T, a, b: T.baddbmm(T.bmm(a, b), a, b), (2, 3, 4), (2, 4, 5)),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_products(name):
    f, m, n = PRODUCTS[name]
    draw = np.random.default_rng(3)
    a, b = draw.standard_normal(m), draw.standard_normal(n)
    agree(f, a, b)
    if name != "mm dtypes":
        agree(f, a.astype(np.float32), b.astype(np.float32))
        agree(f, a.astype(np.float16), b.astype(np.float16), second=False)


EINSUM = {
    "ij,jk->ik": ((3, 4), (4, 5)),
    "ij,jk": ((3, 4), (4, 5)),
    "ij->ji": ((3, 4),),
    "ij->i": ((3, 4),),
    "ij->": ((3, 4),),
    "ii->i": ((4, 4),),
    "ii": ((4, 4),),
    "i,j->ij": ((3,), (4,)),
    "i,i": ((3,), (3,)),
    "bij,bjk->bik": ((2, 3, 4), (2, 4, 5)),
    "bij,bjk,bk->bi": ((2, 3, 4), (2, 4, 5), (2, 5)),
    "...ij,...jk->...ik": ((2, 3, 4), (2, 4, 5)),
    "b...,b...->b": ((2, 3, 4), (2, 3, 4)),
    "ij,ij->ij": ((3, 4), (3, 4)),
    "ij,kj->ik": ((3, 4), (5, 4)),
    "ij,k": ((3, 4), (5,)),
}


@pytest.mark.parametrize("equation", EINSUM)
def test_einsum(equation):
    draw = np.random.default_rng(4)
    inputs = [draw.standard_normal(shape) for shape in EINSUM[equation]]
    agree(lambda T, *xs: T.einsum(equation, *xs), *inputs, names=False)


def test_einsum_errors():
    agree(lambda T, x: T.einsum("ij,jk", x, x), X)
    agree(lambda T, x: T.einsum("ij->k", x), X, text=False)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_reshape(data):
    shape = data.draw(st.lists(st.sampled_from([1, 2, 3, 4]), min_size=1, max_size=4))
    x = np.arange(float(np.prod(shape))).reshape(shape)
    order = data.draw(st.permutations(range(len(shape))))
    target = list(data.draw(st.permutations(shape)))
    if data.draw(st.booleans()):
        target[data.draw(st.integers(0, len(target) - 1))] = -1
    agree(lambda T, x: x.permute(order).reshape(target), x, second=False)
    agree(lambda T, x: x.permute(order).view(target), x, second=False)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_broadcast(data):
    shape = data.draw(st.lists(st.integers(0, 3), max_size=4))
    other = [data.draw(st.sampled_from([n, 1])) for n in shape]
    other = other[data.draw(st.integers(0, len(other))) :]
    x, y = np.ones(shape) * 2, np.ones(other) * 3
    agree(lambda T, x, y: x * y + y, x, y)
    agree(lambda T, x, y: y.expand_as(x), x, y)
