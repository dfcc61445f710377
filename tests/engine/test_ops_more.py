"""Operations composed of others agree with torch in values and derivatives."""

from __future__ import annotations

import pytest

from tests.engine.cases import I, P, X, Y
from tests.engine.helper import agree

COMPOSED = {
    "asinh": lambda T, x, y: x.asinh(),
    "acosh": lambda T, x, y: (x.abs() + 1.5).acosh(),
    "erf": lambda T, x, y: T.erf(x),
    "hypot": lambda T, x, y: T.hypot(x, y),
    "logaddexp": lambda T, x, y: T.logaddexp(x, y),
    "nansum": lambda T, x, y: x.nansum(),
    "nanmean": lambda T, x, y: T.nanmean(x, 0),
    "dstack": lambda T, x, y: T.dstack([x, y]),
    "column_stack": lambda T, x, y: T.column_stack([x[0], y[0]]),
    "tensordot": lambda T, x, y: T.tensordot(x, y.t(), 1),
    "tensordot axes": lambda T, x, y: T.tensordot(x, y, ([0, 1], [0, 1])),
    "kron": lambda T, x, y: T.kron(x, y),
    "rot90": lambda T, x, y: [x.rot90(), x.rot90(2), x.rot90(3), x.rot90(4)],
    "sum_to_size": lambda T, x, y: [x.sum_to_size(1, 4), x.sum_to_size(4)],
    "split_with_sizes": lambda T, x, y: x.split_with_sizes([1, 2]),
    "fill_diagonal_": lambda T, x, y: (x * 1).fill_diagonal_(3),
    "repeat_interleave": lambda T, x, y: [x.repeat_interleave(2), x.repeat_interleave(3, dim=0)],
    "cross": lambda T, x, y: [x[:, :3].cross(y[:, :3], dim=1), x[:, :3].cross(y[:, :3])],
    "dist": lambda T, x, y: x.dist(y),
    "aminmax": lambda T, x, y: list(T.aminmax(x, dim=1)),
    "cumprod": lambda T, x, y: x.cumprod(1),
    "unique": lambda T, x, y: T.unique(x.detach().round(), return_inverse=True, return_counts=True),
    "bincount": lambda T, x, y: T.bincount(T.tensor([1, 3, 1])),
    "searchsorted": lambda T, x, y: T.searchsorted(T.tensor([1.0, 2.0]), T.tensor([0.5, 1.0, 3.0])),
    "isin": lambda T, x, y: T.isin(T.tensor([1, 2, 3]), T.tensor([2, 5])),
    "detach": lambda T, x, y: T.detach(x),
    "log_sigmoid": lambda T, x, y: T.nn.functional.logsigmoid(x),
}


@pytest.mark.parametrize("name", COMPOSED)
def test_composed(name):
    agree(COMPOSED[name], X, Y, names=False)
    agree(COMPOSED[name], P, I, names=False)


def test_inside_the_unit_interval():
    agree(lambda T, x: x.atanh(), I)
