"""Sums, extremes, order and their kin agree with torch."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.cases import COUNTS, EMPTY, FLAGS, ODD, TIES, B, P, S, X
from tests.engine.helper import agree

DIMS = [None, 0, -1, (0, 1), (-1,), ()]
FOLDS = {
    "sum": lambda x, d, k: x.sum(d, keepdim=k),
    "mean": lambda x, d, k: x.mean(d, keepdim=k),
    "amax": lambda x, d, k: x.amax(() if d is None else d, keepdim=k),
    "amin": lambda x, d, k: x.amin(() if d is None else d, keepdim=k),
    "var": lambda x, d, k: x.var(d, keepdim=k),
    "std": lambda x, d, k: x.std(d, keepdim=k),
    "var 0": lambda x, d, k: x.var(d, correction=0, keepdim=k),
    "norm": lambda x, d, k: x.norm(dim=d, keepdim=k),
    "norm 1": lambda x, d, k: x.norm(1, dim=d, keepdim=k),
    "norm 3": lambda x, d, k: x.norm(3, dim=d, keepdim=k),
    "norm inf": lambda x, d, k: x.norm(float("inf"), dim=d, keepdim=k),
    "logsumexp": lambda x, d, k: x.logsumexp((0, 1) if d is None else d, keepdim=k),
}


@pytest.mark.parametrize("dim", DIMS, ids=str)
@pytest.mark.parametrize("name", FOLDS)
def test_folds(name, dim):
    f = FOLDS[name]
    if dim == () and ("var" in name or name in ("std", "logsumexp")):
        return  # torch contradicts itself there
    names = dim is not None
    for keep in (False, True):
        agree(lambda T, x, keep=keep: f(x, dim, keep), X, names=names)
        agree(lambda T, x, keep=keep: f(x, dim, keep), TIES, second="norm" not in name, names=names)


@pytest.mark.parametrize("name", FOLDS)
def test_folds_at_the_edges(name):
    f = FOLDS[name]
    agree(lambda T, x: f(x, 0, False), S, second=False)
    agree(lambda T, x: f(x, 1, False), EMPTY[:, :].reshape(3, 0) if "a" not in name[:1] else X)
    if name != "norm inf":
        agree(lambda T, x: f(x, 0, False), ODD, second=False)
    agree(lambda T, x: f(x, 0, False), X.astype(np.float16), second=False)
    agree(lambda T, x: f(x, 5, False), X)
    agree(lambda T, x: f(x, (0, 0), False), X)
    agree(lambda T, x: f(x, 0, False), COUNTS)


ALONG = {
    "max": lambda T, x, d: x.max(d),
    "min": lambda T, x, d: T.min(x, d, keepdim=True),
    "median": lambda T, x, d: x.median(d),
    "sort": lambda T, x, d: x.sort(d),
    "sort down": lambda T, x, d: T.sort(x, dim=d, descending=True, stable=True),
    "topk": lambda T, x, d: x.topk(2, d),
    "topk small": lambda T, x, d: x.topk(1, d, largest=False),
    "cumsum": lambda T, x, d: x.cumsum(d),
    "cumprod": lambda T, x, d: x.cumprod(d).detach(),
    "prod": lambda T, x, d: x.prod(d),
    "prod keep": lambda T, x, d: x.prod(d, keepdim=True),
    "softmax": lambda T, x, d: x.softmax(d),
    "log_softmax": lambda T, x, d: T.log_softmax(x, d),
    "argmax": lambda T, x, d: [x.argmax(d), x.argmin(d, keepdim=True)],
    "argsort": lambda T, x, d: x.argsort(d),
    "unbind": lambda T, x, d: x.unbind(d),
    "diff": lambda T, x, d: x.diff(dim=d),
    "var_mean": lambda T, x, d: T.var_mean(x, d),
    "std_mean": lambda T, x, d: T.std_mean(x, d, correction=0),
    "aminmax": lambda T, x, d: T.aminmax(x, dim=d)[0].detach(),
}


@pytest.mark.parametrize("name", ALONG)
def test_along_one_axis(name):
    f = ALONG[name]
    for dim in (0, -1):
        agree(lambda T, x, dim=dim: f(T, x, dim), X)
        agree(lambda T, x, dim=dim: f(T, x, dim), B)
        agree(lambda T, x, dim=dim: f(T, x, dim), X.astype(np.float32))
        if "topk" not in name and name != "median":  # torch promises no order among equals there
            agree(lambda T, x, dim=dim: f(T, x, dim), TIES)
    agree(lambda T, x: f(T, x, 7), X)
    agree(lambda T, x: f(T, x, 0), COUNTS, text=False)
    agree(lambda T, x: f(T, x, 0), S, text=False, second=False)


WHOLE = {
    "max": lambda T, x: x.max(),
    "min": lambda T, x: T.min(x),
    "median": lambda T, x: x.median(),
    "prod": lambda T, x: x.prod(),
    "sum": lambda T, x: T.sum(x),
    "mean": lambda T, x: x.mean(),
    "argmax": lambda T, x: [x.argmax(), x.argmin()],
    "norm": lambda T, x: T.norm(x),
    "var": lambda T, x: x.var(unbiased=False),
    "var flag": lambda T, x: x.var(False),
    "std": lambda T, x: T.std(x),
    "numpy names": lambda T, x: x.sum(axis=0, keepdims=True),
    "dtype": lambda T, x: x.sum(dtype=T.float32),
    "mean dtype": lambda T, x: x.mean(dtype=T.float32),
}


@pytest.mark.parametrize("name", WHOLE)
def test_of_everything(name):
    f = WHOLE[name]
    for x in (X, P, TIES, S, COUNTS, X.astype(np.float32)):
        agree(f, x)
    if name != "prod":  # of nan and several zeros torch makes gradients of 0
        agree(f, ODD, second=False)
    if name != "median":
        agree(f, FLAGS)
    agree(f, EMPTY)
    agree(f, np.array([[0.0, 2.0], [3.0, 0.0]]))
    agree(f, np.array([2.0, 0.0, 3.0]))


def test_products_with_zeros():
    for x in ([[0.0, 2.0, 3.0], [0.0, 0.0, 2.0], [1.0, 2.0, 3.0]],):
        agree(lambda T, x: x.prod(1), np.array(x))
        agree(lambda T, x: x.prod(0), np.array(x))


def test_named_results():
    agree(lambda T, x: [x.max(0).values, x.max(0).indices, x.sort().values], X)


ERRORS = {
    "empty max": lambda T, x: T.zeros(0).max(),
    "empty argmax": lambda T, x: T.zeros(0).argmax(),
    "empty max dim": lambda T, x: T.zeros(0, 3).max(0),
    "mean of integers": lambda T, x: T.tensor([1]).mean(),
    "var of integers": lambda T, x: T.tensor([1]).var(),
    "topk": lambda T, x: x.topk(9),
    "axis": lambda T, x: x.sum(3),
    "twice": lambda T, x: x.sum((0, 0)),
    "softmax of integers": lambda T, x: T.tensor([1]).softmax(0),
    "norm of integers": lambda T, x: T.tensor([1]).norm(),
    "not a tensor": lambda T, x: T.sum([1]),
    "cumsum": lambda T, x: x.cumsum(5),
    "item": lambda T, x: x.item(),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    agree(ERRORS[name], X)
