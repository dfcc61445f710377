"""Hidden scenarios: the same questions in other clothes. Only graders have this package."""

from __future__ import annotations

import importlib
import pkgutil


def load() -> None:
    """Import every hidden scenario, so that `course.scenarios` knows them."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
