"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(autouse=True)
def plugged_parts_come_back() -> Iterator[None]:
    """Put the engine's parts back after each test: plugging one in is global."""
    from course.nptorch.parts import DECLARED, plugged, use

    before = {name: getattr(plugged, name) for name in DECLARED}
    yield
    changed = {name: part for name, part in before.items() if getattr(plugged, name) is not part}
    if changed:
        use(**changed)
