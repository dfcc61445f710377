"""Calls that fail, refused for what torch looks at first."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from course.nptorch.ops.arguments import refuse_arguments
from course.nptorch.record import recorded_first

F = TypeVar("F", bound=Callable[..., Any])


def careful(name: str, function: F, early: bool, own: int = 1) -> F:
    """Let a call that fails be refused for what torch looks at first.

    That is arguments of the wrong kind, and, with `early`, a view that has lost its history: torch
    asks for the history of what it records before it looks at sizes and axes. What it puts together
    from other operations, or has no derivative of, looks at sizes and axes first.
    """

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            explain(error, name, function, args, kwargs, early, own)
            raise

    call.__name__ = name
    return call  # type: ignore[return-value]


def refusing(name: str, early: bool = False) -> Callable[[F], F]:
    """Let calls of a function ``name(input, ...)`` that fail be refused as torch does; see `careful`."""

    def add(function: F) -> F:
        return careful(name, function, early, own=0)

    return add


def explain(
    error: Exception,
    name: str,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    early: bool,
    own: int,
) -> None:
    """Raise what torch says of a call that ended in `error`, if that is something else; see `careful`."""
    try:
        refuse_arguments(name, function, args, kwargs, own)
    except TypeError as wrong:
        raise wrong from None
    if early and isinstance(error, RuntimeError | IndexError):
        recorded_first(None, (*args, *kwargs.values()))
