"""The fuzzer's tests run on the reference parts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import course.nptorch as nptorch
import course.parts


@pytest.fixture(autouse=True)
def reference_parts() -> Iterator[None]:
    """Plug the reference parts in."""
    with nptorch.use(**course.parts.reference()):
        yield
