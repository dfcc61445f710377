"""The conversation with a student's process: what is asked, what is answered, who calls back."""

from __future__ import annotations

import builtins
import inspect
import time
import warnings
import weakref
from typing import Any

import numpy as np

from autograder.sandbox.inside.wire import Broken, Wire, array_in, array_out
from autograder.sandbox.remote import Bound, Remote, dtype

_PLAIN = (type(None), bool, float, str, bytes)
_DEEPEST = 30  # of lists in lists, and of calls that call back
_WORDS = 20_000


class Ended(BaseException):
    """A student's code ended the scenario with something that is no Exception, such as SystemExit."""


class Session:
    """One conversation with a student's process.

    Parameters
    ----------
    wire : Wire
        The connection.
    """

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.until: float | None = None
        self._things: weakref.WeakValueDictionary[int, Remote] = weakref.WeakValueDictionary()
        self._dropped: list[list[int]] = []
        self._functions: dict[int, Any] = {}
        self._numbers: dict[int, int] = {}
        self._next = 0
        self._depth = 0

    def ask(self, what: str, *values: Any) -> Any:
        """Have something done over there and return what came of it.

        Raises
        ------
        Exception
            What was raised over there, rebuilt by its name and text.
        Ended
            If that is no Exception.
        Broken, TimeIsUp
            If the other side is gone or takes too long.
        """
        request = [what, None, *[self.out(value) for value in values]]
        del values
        request[1] = self._drops()
        self.wire.send(request)
        while True:
            reply = self.wire.receive(self.until)
            if not isinstance(reply, list) or not reply:
                raise Broken("the other side sends no messages")
            if reply[0] == "v" and len(reply) == 4:
                self._hear(reply[2])
                self._forget(reply[3])
                return self.into(reply[1])
            if reply[0] == "x" and len(reply) == 7:
                self._hear(reply[5])
                self._forget(reply[6])
                raise rebuilt(reply[1], reply[2], reply[3], reply[4])
            if reply[0] == "c" and len(reply) == 5:
                self._called(reply[1], reply[2], reply[3], reply[4])
            else:
                raise Broken("the other side sends no messages")

    def _called(self, number: Any, args: Any, kwargs: Any, dropped: Any) -> None:
        """Call a function of the scenario for the other side."""
        self._forget(dropped)
        if self._depth > _DEEPEST:
            raise Broken("calls back and forth without end")
        function = _step if number == -1 else self._functions.get(number)
        if function is None:
            raise Broken("the other side calls what it was never given")
        self._depth += 1
        try:
            answer = ["v", None, self.out(function(*self.into(args), **self.into(kwargs)))]
        except Exception as error:
            answer = ["x", None, type(error).__name__, str(error)[:_WORDS]]
        finally:
            self._depth -= 1
        del function, args, kwargs
        answer[1] = self._drops()
        self.wire.send(answer)

    def _drops(self) -> list[list[int]]:
        dropped, self._dropped = self._dropped, []
        return dropped

    def _forget(self, numbers: Any) -> None:
        for number in numbers if isinstance(numbers, list) else ():
            function = self._functions.pop(number, None)
            self._numbers.pop(id(function), None)

    def _hear(self, heard: Any) -> None:
        for category, text in heard if isinstance(heard, list) else ():
            known = getattr(builtins, str(category), UserWarning)
            kind = known if isinstance(known, type) and issubclass(known, Warning) else UserWarning
            warnings.warn(str(text)[:_WORDS], kind, stacklevel=3)

    def out(self, value: Any) -> Any:
        """Write a value."""
        if isinstance(value, _PLAIN):
            return value
        if isinstance(value, Remote):
            return ["h", value._number]
        if isinstance(value, Bound):
            return ["m", value.owner._number, value.name]
        if isinstance(value, int):
            return value if -(2**63) <= value < 2**63 else ["i", str(value)]
        if isinstance(value, list):
            return ["l", [self.out(item) for item in value]]
        if isinstance(value, tuple):
            return ["t", [self.out(item) for item in value]]
        if isinstance(value, dict):
            return ["D", [[self.out(key), self.out(item)] for key, item in value.items()]]
        if isinstance(value, np.ndarray):
            return ["a", array_out(value)]
        if isinstance(value, np.generic):
            return self.out(value.item())
        if isinstance(value, slice):
            return ["s", [self.out(value.start), self.out(value.stop), self.out(value.step)]]
        if value is Ellipsis:
            return ["e"]
        if isinstance(value, type) and value.__module__ == "builtins":
            raise TypeError(f"{value.__name__} does not travel")
        if callable(value) or inspect.isgenerator(value):
            name = str(getattr(value, "__name__", "hook"))
            return ["f", self._number_of(value), name, inspect.isgeneratorfunction(value)]
        raise TypeError(f"a {type(value).__name__} does not travel")

    def _number_of(self, function: Any) -> int:
        number = self._numbers.get(id(function))
        if number is None:
            self._next += 1
            number = self._numbers[id(function)] = self._next
            self._functions[number] = function
        return number

    def into(self, message: Any, depth: int = 0) -> Any:
        """Read a value.

        Raises
        ------
        Broken
            If it is not what the other side may send.
        """
        if isinstance(message, (*_PLAIN, int)):
            return message
        try:
            tag, content = message[0], message[1]
            if depth > _DEEPEST:
                raise Broken("a value is nested too deeply")
            if tag == "l":
                return [self.into(item, depth + 1) for item in content]
            if tag == "t":
                return tuple(self.into(item, depth + 1) for item in content)
            if tag == "D":
                return {self.into(key, depth + 1): self.into(item, depth + 1) for key, item in content}
            if tag == "a":
                return array_in(content)
            if tag == "i":
                return int(content[:4000])
            if tag == "f":  # one of our own functions comes back
                return self._functions[content]
            if tag == "h" and isinstance(content, int):
                return self._thing(content, message[2], message[3])
        except (TypeError, KeyError, IndexError, ValueError) as error:
            raise Broken("the other side sends no values") from error
        raise Broken("the other side sends no values")

    def _thing(self, number: int, kind: Any, text: Any) -> Remote:
        known = self._things.get(number)
        if known is None:
            known = dtype(self, number, "d", str(text)) if kind == "d" else Remote(self, number, str(kind))
            self._things[number] = known
        known._received[0] += 1
        return known

    def gone(self, number: int, received: list[int]) -> None:
        """Nobody here has this object any more."""
        self._dropped.append([number, received[0]])

    @property
    def pending(self) -> bool:
        """Whether the other side has not been told yet of everything that was dropped."""
        return bool(self._dropped)


def _step(steps: Any, resume: str, value: Any) -> tuple[bool, Any]:
    """Take a generator of the scenario one step further for the other side."""
    if resume == "close":
        steps.close()
        return False, None
    try:
        if resume == "throw":
            return True, steps.throw(rebuilt(value[0], value[1], [], True))
        return True, steps.send(value)
    except StopIteration as stop:
        return False, stop.value


def rebuilt(name: Any, text: Any, frames: Any, ordinary: Any) -> BaseException:
    """Rebuild an exception from its type's name and its text.

    Built-in types are themselves, so that ``except RuntimeError`` works; others get a type of
    their name that is an Exception.
    """
    name, text = str(name)[:200], str(text)[:_WORDS]
    if not ordinary:
        return Ended(f"{name}: {text}".rstrip(": "))
    known = getattr(builtins, name, None)
    kind = known if isinstance(known, type) and issubclass(known, Exception) else type(name, (Exception,), {})
    try:
        error: BaseException = kind(text)
    except TypeError:  # such as UnicodeDecodeError, which wants five arguments
        error = type(name, (Exception,), {})(text)
    if isinstance(error, KeyError):  # str() of it would quote the text once more
        error = type(name, (KeyError,), {"__str__": lambda self: str(self.args[0])})(text)
    error.frames_elsewhere = tuple(str(one)[:200] for one in frames)  # type: ignore[attr-defined]
    return error


def deadline(seconds: float) -> float:
    """Return the time of `time.monotonic` that is so many seconds from now."""
    return time.monotonic() + seconds
