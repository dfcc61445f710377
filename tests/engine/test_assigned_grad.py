"""Assigning to ``.grad``: what fits, and torch's words for what does not."""

from __future__ import annotations

import pytest
import torch as real

import course.nptorch as torch

DTYPES = ("float16", "float32", "float64", "int32", "int64", "bool")


def said(T, leaf, gradient):
    x = T.ones(3, dtype=getattr(T, leaf))
    try:
        x.grad = gradient(T)
    except (RuntimeError, TypeError) as error:
        return type(error).__name__, str(error)
    return x.grad.tolist()


@pytest.mark.parametrize("leaf", ["float32", "float64"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_dtype(leaf, dtype):
    def gradient(T):
        return T.ones(3, dtype=getattr(T, dtype))

    assert said(torch, leaf, gradient) == said(real, leaf, gradient)


@pytest.mark.parametrize("value", [lambda T: T.ones(2), lambda T: 3, lambda T: T.ones(3, 1)])
def test_shape_and_type(value):
    assert said(torch, "float32", value) == said(real, "float32", value)


def test_a_tensor_is_not_its_own_gradient():
    for T in (torch, real):
        x = T.ones(3)
        with pytest.raises(RuntimeError, match="can't assign Variable as its own grad"):
            x.grad = x
