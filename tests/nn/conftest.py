"""The engine with all reference parts plugged in, beside torch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

import course.nptorch as nptorch
import course.parts


@pytest.fixture(autouse=True)
def reference_parts(plugged_parts_come_back: None) -> Iterator[None]:
    """Plug everything in, and compute in float64 on both sides."""
    nptorch.use(**course.parts.reference())
    before = torch.get_default_dtype(), nptorch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    nptorch.set_default_dtype(nptorch.float64)
    torch.manual_seed(0)
    nptorch.manual_seed(0)
    yield
    torch.set_default_dtype(before[0])
    nptorch.set_default_dtype(before[1])


@pytest.fixture
def rng() -> np.random.Generator:
    """Seeded random numbers for inputs."""
    return np.random.default_rng(7)
