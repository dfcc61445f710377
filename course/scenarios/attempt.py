"""Small helpers that scenarios use: errors, warnings and memory as values."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Raised:
    """An exception or a warning that a scenario expected: its type's name and its message."""

    type: str
    message: str

    @classmethod
    def of(cls, error: BaseException) -> Raised:
        """Keep name and text only; the exception itself would keep its frames alive."""
        return cls(type(error).__name__, str(error))


def attempt(f: Callable[..., object], *args: object, **kwargs: object) -> Any:
    """Call ``f``; return what it returns, or `Raised` if it raises."""
    try:
        return f(*args, **kwargs)
    except Exception as error:
        return Raised.of(error)


@dataclass(frozen=True)
class Heard:
    """The warnings that a call gave, in order."""

    warnings: tuple[Raised, ...]


def heard(f: Callable[..., object], *args: object, **kwargs: object) -> Heard:
    """Call ``f`` and return the warnings it gave, in place of its result."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        f(*args, **kwargs)
    return Heard(tuple(Raised(w.category.__name__, str(w.message)) for w in caught))


@contextmanager
def quiet_gc() -> Iterator[None]:
    """Switch the cycle collector off: what dies inside died by reference count."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
