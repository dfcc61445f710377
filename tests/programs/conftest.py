"""The engine with all reference parts plugged in, beside torch."""

from __future__ import annotations

import pytest

import course.nptorch as nptorch
import course.parts


@pytest.fixture(autouse=True)
def reference_parts(plugged_parts_come_back: None) -> None:
    """Plug everything in."""
    nptorch.use(**course.parts.reference())
