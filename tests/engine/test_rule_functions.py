"""`course.nptorch.math`: the functions in which rules are written give the same of arrays and of Tensors."""

from __future__ import annotations

import numpy as np
import pytest
import torch as real

import course.nptorch as torch
from course.nptorch import math
from course.parts import reference

X = np.array([1.0, -2.0, 0.0])


@pytest.mark.parametrize(
    ("a", "b"), [(1, 0), (1.0, 0.0), (2, 0.5), (X, 0), (0, X), (X, 2 * X)], ids=lambda one: str(one)
)
def test_where_takes_numbers_and_arrays_alike(a, b):
    with torch.use(**reference()):
        mine = math.where(
            torch.tensor(X) > 0, *(torch.tensor(one) if isinstance(one, np.ndarray) else one for one in (a, b))
        )
    on_arrays = math.where(X > 0, a, b)
    theirs = real.where(
        real.tensor(X) > 0, *(real.tensor(one) if isinstance(one, np.ndarray) else one for one in (a, b))
    )
    assert mine.tolist() == on_arrays.tolist() == theirs.tolist()
    assert str(mine.dtype) == str(theirs.dtype)
