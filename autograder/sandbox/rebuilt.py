"""What is raised in a student's process, rebuilt here from a name and a text."""

from __future__ import annotations

import builtins
import functools
from typing import Any

from autograder.sandbox.inside.wire import Broken

WORDS = 20_000  # characters of an exception's text
_NAME = 80  # characters of a type's or a function's name
_FRAMES = 50  # functions that an exception came through


class Ended(BaseException):
    """A student's code ended the scenario with something that is no Exception, such as SystemExit."""


def rebuilt(name: Any, text: Any, frames: Any, ordinary: Any) -> BaseException:
    """Rebuild an exception from its type's name and its text.

    Built-in types are themselves, so that ``except RuntimeError`` works; others get a type of
    their name that is an Exception.

    Raises
    ------
    Broken
        If these are no names and no text.
    """
    if not (isinstance(name, str) and isinstance(text, str) and isinstance(frames, list)):
        raise Broken("the other side sends no messages")
    name = name if name.isidentifier() and name.isascii() and len(name) <= _NAME else "Exception"
    text = text[:WORDS]
    if not ordinary:
        return Ended(f"{name}: {text}".rstrip(": "))
    kind = _kind(name)
    try:
        error: BaseException = kind(text)
    except TypeError:  # such as UnicodeDecodeError, which wants five arguments
        error = _kind(name, plain=True)(text)
    error.frames_elsewhere = tuple(  # type: ignore[attr-defined]
        one for one in frames[:_FRAMES] if isinstance(one, str) and one.isprintable() and len(one) <= 2 * _NAME
    )
    return error


@functools.lru_cache(maxsize=256)  # the other side can think of any number of names
def _kind(name: str, plain: bool = False) -> type[Exception]:
    """Return the type of exception that stands for one of this name."""
    known = getattr(builtins, name, None)
    if plain or not (isinstance(known, type) and issubclass(known, Exception)):
        return type(name, (Exception,), {})
    if issubclass(known, KeyError):  # str() of it would quote the text once more
        return type(name, (known,), {"__str__": lambda self: str(self.args[0])})
    # What steps through a scenario would take these for its end.
    if issubclass(known, (StopIteration, StopAsyncIteration)):
        return type(name, (Exception,), {})
    return known
