"""How a function becomes a Tensor method and a function of the package."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from course.nptorch._tensor import Tensor

F = TypeVar("F", bound=Callable[..., Any])

FUNCTIONS: dict[str, Callable[..., Any]] = {}


def op(*names: str) -> Callable[[F], F]:
    """Make a function on a Tensor a method and a package function, under each of `names`."""

    def add(function: F) -> F:
        for name in names:
            setattr(Tensor, name, function)
            FUNCTIONS[name] = _checked(name, function)
        return function

    return add


def method(*names: str) -> Callable[[F], F]:
    """Make a function on a Tensor a method only, under each of `names`."""

    def add(function: F) -> F:
        for name in names:
            setattr(Tensor, name, function)
        return function

    return add


def function(*names: str) -> Callable[[F], F]:
    """Make a function one of the package only, under each of `names`."""

    def add(function: F) -> F:
        for name in names:
            FUNCTIONS[name] = function
        return function

    return add


def _checked(name: str, operation: Callable[..., Any]) -> Callable[..., Any]:
    """Return `operation` as ``torch.name(input, ...)``, which takes Tensors only."""

    @functools.wraps(operation)
    def checked(input: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: A002 - torch's name
        if not isinstance(input, Tensor):
            raise TypeError(
                f"{name}(): argument 'input' (position 1) must be Tensor, not "
                f"{type(input).__name__}"
            )
        return operation(input, *args, **kwargs)

    checked.__name__ = name
    return checked
