"""Putting other things in the places where the engine's functions stand, and the first ones back."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

_ABSENT = object()


class Swaps:
    """What was put where; `restore` undoes all of it, last first."""

    def __init__(self) -> None:
        self._before: list[tuple[Any, str, Any]] = []

    def put(self, owner: Any, name: str, new: Any) -> None:
        """Set ``owner.name``, where `owner` is a module or a class, and remember what stood there."""
        self._before.append((owner, name, vars(owner).get(name, _ABSENT)))
        setattr(owner, name, new)

    def put_everywhere(self, package: str, old: Callable[..., Any], new: Callable[..., Any]) -> None:
        """Replace a function in every module of a package that has it, by whatever name.

        Modules import functions by name, so one function stands in many places.
        """
        for module in [module for name, module in sys.modules.items() if f"{name}.".startswith(f"{package}.")]:
            for name in [name for name, held in vars(module).items() if held is old]:
                self.put(module, name, new)

    def restore(self) -> None:
        """Put everything back as it was."""
        while self._before:
            owner, name, old = self._before.pop()
            if old is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, old)
