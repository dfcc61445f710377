"""First and second derivatives where functions have corners, and where nan and infinities arrive."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import course.nptorch as engine
from tests.engine.forms import SHAPES, TABLES, WRITTEN, fits, leaves, run
from tests.engine.helper import plug_in

#: What becomes of inf and nan there follows from the algorithm, which is not torch's.
ALGORITHM = ("conv", "avg_pool", "interpolate", "var_mean", "prod(", "cumprod")
#: Second derivatives of these, at infinities, are nan here and 0 or inf in torch.
SECOND = ("smooth_l1", "huber", "with_logits")
GRADIENTS = {"one": 1.0, "negative": -1.0, "infinite": np.inf, "nan": np.nan}


@pytest.fixture(autouse=True)
def parts() -> None:
    plug_in()


def seen(x: Any) -> Any:
    """Return values and flag of a gradient."""
    return None if x is None else (np.array(x.detach().numpy(force=True)), x.requires_grad)


def observed(T: Any, form: str, shape: tuple[int, ...], kind: str, gradient: float, inplace: bool) -> list[Any]:
    """Return the result of a form, its gradients, and those of their sum."""
    names = leaves(T, shape, kind)
    inputs = list(names.values())
    if inplace:
        names["a"] = names["a"] * 1
    result = run(T, form, shape, names)
    if not isinstance(result, T.Tensor):
        return [str(result)]
    found = [seen(result)]
    if not result.requires_grad or result.dtype != T.float64:
        return found
    try:
        first = T.autograd.grad(result, inputs, T.full_like(result, gradient), create_graph=True, allow_unused=True)
        found += [seen(x) for x in first]
        again = [x for x in first if x is not None and x.requires_grad]
        if again and gradient == 1.0:
            total = sum((x * (i + 1.5)).sum() for i, x in enumerate(again))
            found += [seen(x) for x in T.autograd.grad(total, inputs, allow_unused=True)]
    except (RuntimeError, NotImplementedError) as error:
        found.append(type(error).__name__)
    return found


def same(one: Any, other: Any) -> bool:
    """Compare values up to rounding, and everything else exactly."""
    if not isinstance(one, tuple) or not isinstance(other, tuple):
        return bool(one == other)
    (a, flag), (b, other_flag) = one, other
    if flag != other_flag or a.shape != b.shape or a.dtype != b.dtype:
        return False
    return bool(np.allclose(a, b, 1e-5 if a.dtype == np.float32 else 1e-9, 1e-12, equal_nan=True))


def check(table: str, forms: tuple[str, ...], kind: str, gradient: float, inplace: bool) -> None:
    for form in forms:
        for shape in SHAPES:
            odd = kind == "odd" or not np.isfinite(gradient)
            if not fits(table, shape) or (odd and any(word in form for word in ALGORITHM)):
                continue
            expected, got = (observed(T, form, shape, kind, gradient, inplace) for T in (torch, engine))
            if kind == "odd" and any(word in form for word in SECOND):
                expected, got = expected[:5], got[:5]
            assert len(got) == len(expected), (form, shape, expected, got)
            for at, (one, other) in enumerate(zip(expected, got, strict=True)):
                assert same(one, other), (form, shape, at, one, other)


@pytest.mark.parametrize("gradient", GRADIENTS)
@pytest.mark.parametrize("kind", ["plain", "corners"])
@pytest.mark.parametrize("table", TABLES)
def test_derivatives(table: str, kind: str, gradient: str) -> None:
    check(table, TABLES[table], kind, GRADIENTS[gradient], inplace=False)


@pytest.mark.parametrize("table", TABLES)
def test_derivatives_of_odd_numbers(table: str) -> None:
    check(table, TABLES[table], "odd", 1.0, inplace=False)


@pytest.mark.parametrize("kind", ["plain", "corners"])
@pytest.mark.parametrize("table", WRITTEN)
def test_derivatives_of_writes(table: str, kind: str) -> None:
    check(table, WRITTEN[table], kind, 1.0, inplace=True)
