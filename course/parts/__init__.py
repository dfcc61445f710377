"""The reference parts: what the students build, one module per lesson, in lesson order.

Nothing in `course.nptorch` imports this package; parts are plugged into the engine.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from course.nptorch.parts import DECLARED


def modules() -> dict[int, str]:
    """Return the name of the module of parts of each lesson that has one."""
    names = sorted(info.name for info in pkgutil.iter_modules(__path__) if info.name[0] == "l")
    return {int(name[1:3]): name for name in names}


def reference(lesson: int | None = None) -> dict[str, Any]:
    """Return the reference parts by name.

    Parameters
    ----------
    lesson : int, optional
        Only the parts of lessons up to this one; all without it.
    """
    found: dict[str, Any] = {}
    for number, name in modules().items():
        if lesson is None or number <= lesson:
            module = importlib.import_module(f"{__name__}.{name}")
            found |= {part: getattr(module, part) for part in DECLARED if hasattr(module, part)}
    return {name: part for name, part in found.items() if getattr(part, "__module__", "").startswith(__name__)}
