"""What the judge may name: objects of this process by number, and the judge's functions by stub.

An object stays alive as long as the judge holds on to its number, and no longer: scenarios ask
what dies when, and the connection must not change the answer.
"""

from __future__ import annotations

import builtins
import weakref
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from autograder.sandbox.inside.wire import Broken, array_in, array_out

WORDS = 20_000  # characters of one text; a longer one is cut
_PLAIN = frozenset((type(None), bool, float, bytes))
_INT64 = 2**63


class Objects:
    """The table of what the judge holds, and how values are written and read.

    Parameters
    ----------
    call : callable
        ``call(number, args, kwargs)`` calls one of the judge's functions.
    kind_of : callable
        ``kind_of(thing)`` says what a thing is: ``"t"`` a tensor, ``"d"`` a dtype, ``"o"`` any other.
    """

    def __init__(self, call: Callable[..., Any], kind_of: Callable[[Any], str]) -> None:
        self._call, self._kind_of = call, kind_of
        self._held: dict[int, list[Any]] = {}  # number: [object, how often it was sent]
        self._numbers: dict[int, int] = {}  # id of a held object: its number
        self._next = 0
        self._stubs: dict[int, list[Any]] = {}  # number of a judge's function: [weak reference to its stub, times]
        self._given: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()  # and back
        self.dropped: list[list[int]] = []  # judge's functions nobody here has any more, and how often they came

    def hold(self, thing: Any) -> int:
        """Give a thing a number, or return the one it has."""
        number = self._numbers.get(id(thing))
        if number is None:
            self._next += 1
            number = self._numbers[id(thing)] = self._next
            self._held[number] = [thing, 0]
        self._held[number][1] += 1
        return number

    def keep(self, number: int, thing: Any) -> None:
        """Keep a new thing under a number that the judge chose.

        Raises
        ------
        ValueError
            If the judge has it, or the number, already.
        """
        if number in self._held or id(thing) in self._numbers:
            raise ValueError("that is not new")
        self._held[number] = [thing, 1]
        self._numbers[id(thing)] = number

    def drop(self, pairs: Any) -> None:
        """Let go of what the judge no longer has; each pair is a number and how often it was received."""
        for number, times in pairs:
            entry = self._held.get(number)
            if entry is not None:
                entry[1] -= times
                if entry[1] <= 0:
                    del self._held[number], self._numbers[id(entry[0])]

    def out(self, value: Any, depth: int = 0) -> Any:
        """Write a value; what is not plain data goes as a number."""
        kind = type(value)
        if kind in _PLAIN:
            return value
        if kind is int:
            return value if -_INT64 <= value < _INT64 else ["i", str(value)[:WORDS]]
        if kind is str:
            return value[:WORDS]
        if depth < 20:
            if kind is list:
                return ["l", [self.out(item, depth + 1) for item in value]]
            if kind is tuple or (kind.__name__ == "Size" and isinstance(value, tuple)):
                return ["t", [self.out(item, depth + 1) for item in value]]
            if kind is dict:
                return ["D", [[self.out(key, depth + 1), self.out(item, depth + 1)] for key, item in value.items()]]
        if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
            return ["a", array_out(np.asarray(value))]
        if isinstance(value, np.generic) and value.dtype.kind in "biufc":
            return ["n", array_out(np.asarray(value))]
        if (number := self._given.get(value) if kind is FunctionType else None) is not None:
            return ["f", number]  # one of the judge's own comes back
        what = self._kind_of(value)
        return ["h", self.hold(value), what, str(value)[:200] if what == "d" else ""]

    def into(self, message: Any) -> Any:
        """Read a value that the judge wrote."""
        if not isinstance(message, list):
            return message
        tag: str = message[0]
        content: Any = message[1] if len(message) > 1 else None
        if tag == "h":
            return self._held[content][0]
        if tag == "m":
            return getattr(self._held[content][0], message[2])
        if tag == "l":
            return [self.into(item) for item in content]
        if tag == "t":
            return tuple(self.into(item) for item in content)
        if tag == "D":
            return {self.into(key): self.into(item) for key, item in content}
        if tag == "a":
            return array_in(content)
        if tag == "n":
            return array_in(content)[()]
        if tag == "b":
            return getattr(builtins, content)
        if tag == "x":
            return exception(content, message[2])
        if tag == "s":
            return slice(*(self.into(item) for item in content))
        if tag == "e":
            return Ellipsis
        if tag == "i":
            return int(content)
        if tag == "f":
            return self._stub(content, *message[2:])
        raise Broken(f"no such tag: {tag!r}")

    def _stub(self, number: int, name: str, generator: bool, parameters: Any, doc: str) -> Any:
        """Return a function that calls the judge's; the same one for the same function."""
        known = self._stubs.get(number)
        stub = known[0]() if known is not None else None
        if known is not None and stub is not None:
            known[1] += 1
            return stub
        call = self._call

        def function(*args: Any, **kwargs: Any) -> Any:
            return call(number, args, kwargs)

        def generator_function(*args: Any, **kwargs: Any) -> Any:
            steps = call(number, args, kwargs)  # a number for the judge's generator
            resume, value = "send", None
            while True:
                going, got = call(-1, (steps, resume, value), {})
                if not going:
                    return got
                try:
                    resume, value = "send", (yield got)
                except GeneratorExit:
                    call(-1, (steps, "close", None), {})
                    raise
                except BaseException as error:
                    resume, value = "throw", [type(error).__name__, str(error)]

        stub = generator_function if generator else _shaped(function, parameters) if parameters else function
        stub.__name__ = stub.__qualname__ = name
        stub.__doc__ = doc or None
        self._given[stub] = number
        self._stubs[number] = [weakref.ref(stub, lambda _: self._forget(number)), 1]
        return stub

    def _forget(self, number: int) -> None:
        # How often: the judge may have sent it once more meanwhile, and has to keep it then.
        self.dropped.append([number, self._stubs.pop(number)[1]])


def _shaped(function: Any, parameters: Any) -> Any:
    """Return a function that takes just these parameters; engines look at them."""
    names = ", ".join(f"{one[0]}={one[1]!r}" if one[1:] else one[0] for one in parameters)
    passed = "".join(f"{one[0]}, " for one in parameters)
    made: dict[str, Any] = {"function": function}
    exec(f"def shaped({names}):\n    return function({passed})", made)
    return made["shaped"]


def exception(name: str, text: str) -> Exception:
    """Rebuild an exception that a function of the judge raised."""
    known = getattr(builtins, name, None)
    if isinstance(known, type) and issubclass(known, Exception):
        try:
            return known(text)
        except TypeError:
            return Exception(text)
    made: Exception = type(name, (Exception,), {})(text)
    return made
