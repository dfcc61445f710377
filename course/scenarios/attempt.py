"""Small helpers that scenarios use: errors, warnings and memory as values."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Raised:
    """An exception or a warning that a scenario expected: its type's name and its message.

    ``frames`` names the functions it came through, the innermost first. It is for the reader's eye.
    """

    type: str
    message: str
    frames: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def of(cls, error: BaseException) -> Raised:
        """Keep names and text only; the exception itself would keep its frames alive."""
        # An error from another process brings the names of the functions it came through there.
        frames = getattr(error, "frames_elsewhere", None)
        return cls(type(error).__name__, str(error), _frames(error) if frames is None else frames)


def _frames(error: BaseException) -> tuple[str, ...]:
    """Name the functions on the way of an exception; those of a recursion once."""
    names = []
    trace = error.__traceback__
    while trace is not None:
        names.append(trace.tb_frame.f_code.co_qualname)
        trace = trace.tb_next
    return tuple(dict.fromkeys(reversed(names)))


class Ran:
    """A call that came to its end and has no result to show, such as ``backward()``."""


RAN = Ran()


def attempt(f: Callable[..., object], *args: object, **kwargs: object) -> Any:
    """Call ``f``; return what it returns, `RAN` for a call without a result, `Raised` if it raises."""
    try:
        result = f(*args, **kwargs)
    except Exception as error:
        return Raised.of(error)
    # A None that was read from an attribute is a value.
    return RAN if result is None and f is not getattr else result


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
