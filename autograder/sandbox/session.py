"""The conversation with a student's process: what is asked, what is answered, who calls back."""

from __future__ import annotations

import builtins
import inspect
import time
import warnings
import weakref
from typing import Any

import numpy as np

from autograder.sandbox.inside.wire import Broken, Wire, array_in, array_out, packed
from autograder.sandbox.rebuilt import WORDS, rebuilt
from autograder.sandbox.remote import Bound, Maker, Remote, dtype

_PLAIN = (type(None), bool, float, str, bytes)
_AS_THEY_ARE = frozenset(_PLAIN)
_READ = _AS_THEY_ARE | {int}
_THINGS = frozenset("tdgo")  # tensors, dtypes, generators, others
_DEEPEST = 30  # of lists in lists, and of calls that call back
_HEARD = 20  # warnings of one call
ITEMS = 50_000  # values in one message; a list of some thousand nodes has twenty thousand
_DONE: list[Any] = ["v", None, []]  # how the answer to what is not waited for begins: no value, no warnings
_ALL_DONE = packed([*_DONE, []])
_OWED = 32  # answers that may stand out: many more would fill the connection, and each side wait for the other


class Early(BaseException):
    """What was not waited for went another way than was taken for granted: run the scenario again, and wait.

    Not an Exception: the scenario is beyond the place where it should have seen this.
    """


class Session:
    """One conversation with a student's process.

    Parameters
    ----------
    wire : Wire
        The connection.
    ahead : bool
        Whether to go on without waiting where what comes is all but certain: most calls give a new tensor, and
        to wait for it takes longer than to make it. All is done over there in the same order as with waiting.
        If anything else comes of such a call, even a warning, what is asked next raises `Early`.
    """

    def __init__(self, wire: Wire, ahead: bool = False) -> None:
        self.wire, self.ahead = wire, ahead
        self.until: float | None = None
        self._things: dict[int, weakref.ref[Remote]] = {}
        self._dropped: list[list[int]] = []
        self._functions: dict[int, list[Any]] = {}  # number: [function, how often it was sent]
        self._numbers: dict[int, int] = {}
        self._next = 0
        self._depth = 0
        self._items = 0
        self._owed = 0  # answers that were not waited for
        self._made = -1  # the last number that was given here; -1 and -2 would have the same hash
        self._early = False
        self._last: Any = None  # the number of the thing that came last, and what is in it, if that came along

    def ask(self, what: str, *values: Any) -> Any:
        """Have something done over there and return what came of it.

        Raises
        ------
        Exception
            What was raised over there, rebuilt by its name and text.
        Ended
            If that is no Exception.
        Early
            If something before was not waited for, and should have been.
        Broken, TimeIsUp
            If the other side is gone or takes too long.
        """
        # None of these values may be named here: what the scenario lets go of has to die while it is waited for.
        self.wire.send(self._request(what, values))
        del values
        if self._owed:
            self._settle()
        return self._reply()

    def tell(self, what: str, *values: Any) -> None:
        """Have something done over there from which nothing has to come back, and do not wait for it."""
        if not self.ahead:
            self.ask(what, *values)
            return
        self.wire.put(self._request(what, values))
        self._owed += 1
        if self._owed == _OWED:
            self.settle()

    def make(self, what: str, *values: Any) -> Any:
        """Do as `ask` where a new tensor should come; do not wait for it if one need not."""
        if not self.ahead:
            return self.ask(what, *values)
        self._made -= 1
        number = self._made
        self.tell("make", number, what, *values)
        return self._new(number, Remote(self, number, "t"))

    def settle(self) -> None:
        """Wait until all is done that the other side was told to do; errors are those of `ask`."""
        if self._owed:
            self.wire.flush()
            self._settle()

    def _settle(self) -> None:
        owed, self._owed = self._owed, 0
        while owed := owed - self.wire.skip(_ALL_DONE, owed):
            reply = self.wire.receive(self.until)
            owed -= 1
            if not isinstance(reply, list) or len(reply) != 4 or reply[:3] != _DONE:
                self._early = True
                raise Early
            if reply[3] != []:
                self._forget(reply[3])

    def _request(self, what: str, values: Any) -> list[Any]:
        if self._early:
            raise Early
        self._last = None
        request: list[Any] = [what, None]
        for value in values:
            request.append(value if type(value) in _AS_THEY_ARE else self.out(value))
        request[1] = self._drops()
        return request

    def _reply(self) -> Any:
        """Read the answer to a question; meanwhile, let the other side call back."""
        while True:
            reply = self.wire.receive(self.until)
            if not isinstance(reply, list) or not reply:
                raise Broken("the other side sends no messages")
            if reply[0] == "v" and len(reply) == 4:
                if reply[2] != []:
                    self._hear(reply[2])
                if reply[3] != []:
                    self._forget(reply[3])
                return self.read(reply[1])
            if reply[0] == "x" and len(reply) == 7:
                self._hear(reply[5])
                self._forget(reply[6])
                if reply[1] == "StopIteration":
                    raise StopIteration(self.read(reply[2]))
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
        function, result = _step if number == -1 else self._function(number), None
        args, kwargs = self.read(args), self.read(kwargs)
        if not isinstance(args, tuple) or not isinstance(kwargs, dict):
            raise Broken("the other side calls without arguments")
        self._depth += 1
        try:
            try:
                result = function(*args, **kwargs)
            finally:
                self.settle()  # the other side takes what comes next for the result
            answer = ["v", None, self.out(result)]
        except Exception as error:
            answer = ["x", None, type(error).__name__, str(error)[:WORDS]]
        finally:
            self._depth -= 1
        del function, args, kwargs
        answer[1] = self._drops()
        del result  # not before: the other side drops first, and would not find what it is to read then
        self.wire.send(answer)

    def _function(self, number: Any) -> Any:
        try:
            return self._functions[number][0]
        except (KeyError, TypeError):
            raise Broken("the other side calls what it was never given") from None

    def _drops(self) -> list[list[int]]:
        dropped, self._dropped = self._dropped, []
        return dropped

    def _forget(self, dropped: Any) -> None:
        """Let go of functions that nobody has over there; each pair is a number and how often it was received."""
        try:
            for number, times in dropped:
                entry = self._functions.get(number)
                if entry is not None:
                    entry[1] -= times
                    if entry[1] <= 0:
                        del self._functions[number], self._numbers[id(entry[0])]
        except (TypeError, ValueError):
            raise Broken("the other side sends no messages") from None

    def _hear(self, heard: Any) -> None:
        """Give the warnings that were given over there."""
        if not isinstance(heard, list):
            raise Broken("the other side sends no messages")
        for one in heard[:_HEARD]:
            if not (isinstance(one, list) and len(one) == 2 and all(isinstance(word, str) for word in one)):
                raise Broken("the other side sends no messages")
            known = getattr(builtins, one[0], UserWarning)
            kind = known if isinstance(known, type) and issubclass(known, Warning) else UserWarning
            warnings.warn(one[1][:WORDS], kind, stacklevel=3)

    def out(self, value: Any) -> Any:
        """Write a value."""
        kind = type(value)
        if kind in _AS_THEY_ARE:  # what nearly everything is comes first
            return value
        if kind is Remote or kind is Maker:
            return ["h", value._number]
        if kind is Bound:
            return ["m", value.owner._number, value.name]
        if kind is tuple:
            return ["t", [self.out(item) for item in value]]
        if isinstance(value, np.generic):
            return ["n", array_out(np.asarray(value))]
        if isinstance(value, _PLAIN):
            return value
        if isinstance(value, Remote):
            return ["h", value._number]
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
        if isinstance(value, slice):
            return ["s", [self.out(value.start), self.out(value.stop), self.out(value.step)]]
        if value is Ellipsis:
            return ["e"]
        if isinstance(value, type) and value.__module__ == "builtins":
            return ["b", value.__name__]
        if isinstance(value, BaseException):
            return ["x", type(value).__name__, str(value)[:WORDS]]
        # A function, a generator, or an object that is only handed back.
        name = str(getattr(value, "__name__", "hook"))
        return ["f", self._number_of(value), name, inspect.isgeneratorfunction(value), _parameters(value), _doc(value)]

    def _number_of(self, function: Any) -> int:
        number = self._numbers.get(id(function))
        if number is None:
            self._next += 1
            number = self._numbers[id(function)] = self._next
            self._functions[number] = [function, 0]
        self._functions[number][1] += 1
        return number

    def read(self, message: Any) -> Any:
        """Read a value.

        Raises
        ------
        Broken
            If it is not what the other side may send.
        """
        if type(message) in _READ:
            return message
        self._items = 0
        found = self._into(message, 0)
        if type(found) is Remote and len(message) == 5:
            self._last = found._number, message[4]
        return found

    def numbers_of(self, thing: Remote) -> Any:
        """Return the numbers of a tensor that is what came last, if they came with it; else None."""
        if self._last is None or self._last[0] != thing._number:
            return None
        return array_in(self._last[1])

    def _into(self, message: Any, depth: int) -> Any:
        self._items += 1
        if self._items > ITEMS:
            raise Broken("a value has too many parts")
        if type(message) in _READ:
            return message
        try:
            tag, content = message[0], message[1]
            if depth > _DEEPEST:
                raise Broken("a value is nested too deeply")
            if tag == "h" and isinstance(content, int):
                return self._thing(content, message[2], message[3])
            if tag == "l":
                return [self._into(item, depth + 1) for item in content]
            if tag == "t":
                return tuple(self._into(item, depth + 1) for item in content)
            if tag == "D":
                return {self._key(key, depth): self._into(item, depth + 1) for key, item in content}
            if tag == "a":
                return array_in(content)
            if tag == "n":
                return array_in(content)[()]
            if tag == "i":
                return int(content[:4000])
            if tag == "f":  # one of our own functions comes back
                return self._function(content)
        except (TypeError, KeyError, IndexError, ValueError, OverflowError) as error:
            raise Broken("the other side sends no values") from error
        raise Broken("the other side sends no values")

    def _key(self, message: Any, depth: int) -> Any:
        """Read a key: no tuple, for whoever chooses those can give them all the same hash."""
        key = self._into(message, depth + 1)
        if isinstance(key, tuple):
            raise Broken("a key over there is a tuple")
        return key

    def _thing(self, number: int, kind: Any, text: Any) -> Remote:
        if kind not in _THINGS or not isinstance(text, str):
            raise Broken("the other side sends no values")
        known = self._things.get(number)
        thing = None if known is None else known()
        if thing is None:
            thing = dtype(self, number, "d", text) if kind == "d" else Remote(self, number, kind)
            return self._new(number, thing)
        thing.__dict__["_received"] += 1
        return thing

    def _new(self, number: int, thing: Remote) -> Remote:
        """Note an object over there that is known from now on."""
        self._things[number] = weakref.ref(thing)
        thing.__dict__["_received"] = 1
        return thing

    def gone(self, thing: Remote) -> None:
        """Nobody here has this object any more."""
        number = thing._number
        self._dropped.append([number, thing._received])
        known = self._things.get(number)
        if known is not None and ((last := known()) is thing or last is None):
            del self._things[number]

    @property
    def pending(self) -> bool:
        """Whether the other side has not been told yet of everything that was dropped."""
        return bool(self._dropped)


def _parameters(function: Any) -> list[list[Any]]:
    """Name a function's parameters, since engines ask for them: name, and the default if there is one.

    Nothing for a function that takes others, such as ``*args``, or has defaults that are no plain values.
    """
    if not inspect.isfunction(function):
        return []
    named = list(inspect.signature(function).parameters.values())
    if any(one.kind is not one.POSITIONAL_OR_KEYWORD or not _simple(one.default) for one in named):
        return []
    return [[one.name, *([one.default] if one.default is not one.empty else [])] for one in named]


def _doc(function: Any) -> str:
    return str(function.__doc__ or "") if inspect.isfunction(function) else ""


def _simple(default: Any) -> bool:
    return default is inspect.Parameter.empty or type(default) in (*_PLAIN, int)


def _step(steps: Any, resume: str, value: Any) -> tuple[bool, Any]:
    """Take a generator of the scenario one step further for the other side."""
    if not inspect.isgenerator(steps):
        raise Broken("the other side steps through what is no generator")
    if resume == "close":
        steps.close()
        return False, None
    try:
        if resume == "throw":
            return True, steps.throw(rebuilt(value[0], value[1], [], True))
        return True, steps.send(value)
    except StopIteration as stop:
        return False, stop.value


def deadline(seconds: float) -> float:
    """Return the time of `time.monotonic` that is so many seconds from now."""
    return time.monotonic() + seconds
