"""The engine in a student's process, as a scenario sees it: the names of torch, each call a message.

A scenario cannot tell the difference; its body, its seed and what is expected of it stay here. What
comes back is data or the number of an object over there, and nothing of it is ever run.
"""

from __future__ import annotations

import builtins
import inspect
import time
import warnings
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.sandbox.inside.wire import Broken, Wire, array_in, array_out

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
        if isinstance(value, type) and getattr(builtins, value.__name__, None) is value:
            raise TypeError(f"{value.__name__} does not travel")
        if callable(value) or inspect.isgenerator(value):
            return ["f", self._number_of(value), getattr(value, "__name__", "hook"), inspect.isgeneratorfunction(value)]
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


class Remote:
    """An object in the student's process."""

    def __init__(self, session: Session, number: int, kind: str) -> None:
        fields = self.__dict__
        fields["_session"], fields["_number"], fields["_kind"], fields["_received"] = session, number, kind, [0]
        weakref.finalize(self, session.gone, number, fields["_received"])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__") and name not in _ASKED:
            raise AttributeError(name)
        if self._kind == "t" and name in _methods():
            return Bound(self, name)
        return self._session.ask("get", self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._session.ask("set", self, name, value)

    def __delattr__(self, name: str) -> None:
        self._session.ask("del", self, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._session.ask("call", self, args, kwargs)

    def __bool__(self) -> bool:
        return bool(self._session.ask("op", "bool", self))

    def __int__(self) -> int:
        return int(self._session.ask("op", "int", self))

    def __float__(self) -> float:
        return float(self._session.ask("op", "float", self))

    def __str__(self) -> str:
        return str(self._session.ask("op", "str", self))

    def __repr__(self) -> str:
        return str(self._session.ask("op", "repr", self))

    def __len__(self) -> int:
        return int(self._session.ask("op", "len", self))

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._session.ask("op", "list", self)))

    def __contains__(self, item: Any) -> bool:
        return bool(self._session.ask("op", "contains", self, item))

    def __hash__(self) -> int:
        return int(self._number)

    def __enter__(self) -> Any:
        return self._session.ask("call", Bound(self, "__enter__"), (), {})

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        # the exception stays here; over there only its kind is asked for, if anything
        return bool(self._session.ask("call", Bound(self, "__exit__"), (None, None, None), {}))

    def __instancecheck__(self, thing: Any) -> bool:
        return isinstance(thing, Remote) and bool(self._session.ask("isinstance", thing, self))

    def __mro_entries__(self, bases: Any) -> tuple[type, ...]:
        return (_Made,)


_ASKED = ("__name__", "__version__", "__doc__", "__class__")


class dtype(Remote):  # noqa: N801 - what a scenario yields is taken for a dtype by this name
    """A dtype in the student's process, with its text, since that is all that is asked of it."""

    def __init__(self, session: Session, number: int, kind: str, text: str) -> None:
        super().__init__(session, number, kind)
        self.__dict__["_text"] = text[:200]

    def __str__(self) -> str:
        return str(self._text)


class Bound:
    """A method of an object over there that was named but not called yet: one message instead of two."""

    def __init__(self, owner: Remote, name: str) -> None:
        self.owner, self.name = owner, name
        self.__name__ = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.owner._session.ask("call", self, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return getattr(self.owner._session.ask("get", self.owner, self.name), name)

    def __instancecheck__(self, thing: Any) -> bool:
        return isinstance(thing, Remote) and bool(self.owner._session.ask("isinstance", thing, self))

    def __mro_entries__(self, bases: Any) -> tuple[type, ...]:
        return (_Made,)


class _Making(type):
    """Makes a scenario's class over there: its methods stay here and are called from there."""

    def __new__(mcs, name: str, bases: Any, body: dict[str, Any]) -> Any:
        if "__orig_bases__" not in body:
            return super().__new__(mcs, name, bases, body)
        base = body["__orig_bases__"][0]
        session = (base.owner if isinstance(base, Bound) else base)._session
        static = {key: item.__func__ for key, item in body.items() if isinstance(item, staticmethod)}
        other = {key: item for key, item in body.items() if key not in static and not key.startswith("__")}
        return session.ask("class", name, base, static, other)

    def __init__(cls, name: str, bases: Any, body: Any) -> None:
        super().__init__(name, bases, body)


class _Made(metaclass=_Making):
    """Stands for the base of a class that is made over there."""


def _operators() -> None:
    """Give `Remote` Python's operators."""
    two = "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift"
    for name in two.split():
        over_there = {"and": "and_", "or": "or_"}.get(name, name)
        setattr(Remote, f"__{name}__", lambda a, b, f=over_there: a._session.ask("op", f, a, b))
        setattr(Remote, f"__r{name}__", lambda a, b, f=over_there: a._session.ask("op", f, b, a))
        setattr(Remote, f"__i{name}__", lambda a, b, f=f"i{name}": a._session.ask("op", f, a, b))
    for name in [
        "eq",
        "ne",
        "lt",
        "le",
        "gt",
        "ge",
        "neg",
        "pos",
        "abs",
        "invert",
        "index",
        "getitem",
        "setitem",
        "delitem",
    ]:
        setattr(Remote, f"__{name}__", lambda a, *rest, f=name: a._session.ask("op", f, a, *rest))


_operators()


def _methods() -> frozenset[str]:
    """Names of a tensor's methods; what else it has is asked for at once."""
    global _known_methods
    if not _known_methods:
        import course.nptorch as torch

        _known_methods = frozenset(
            name
            for name in dir(torch.Tensor)
            if not name.startswith("__") and inspect.isfunction(inspect.getattr_static(torch.Tensor, name, None))
        )
    return _known_methods


_known_methods: frozenset[str] = frozenset()


class Engine(Remote):
    """The engine itself: what a scenario calls ``T``."""

    __name__ = "course.nptorch"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        if name in _functions():
            return Bound(self, name)
        known = self.__dict__["_parts"].get(name)
        if known is None:
            known = self._session.ask("get", self, name)
            if isinstance(known, Remote):
                self.__dict__["_parts"][name] = known
        return known

    def watch(self, thing: Any) -> Callable[[], bool]:
        """Return a function that says whether an object over there is alive; see `course.scenarios.watch`."""
        alive = self._session.ask("watch", thing)
        del thing

        def still() -> bool:
            while self._session.pending:
                self._session.ask("pass")
            return bool(alive())

        return still

    def part(self, name: str) -> Any:
        """Return the part plugged in under this name; see `course.scenarios.part`."""
        return self._session.ask("part", name)

    def chain(self, tensor: Any, method: str, count: int, *args: object) -> Any:
        """Call a method of a tensor, then of its result, and so on; see `course.scenarios.chain`."""
        return self._session.ask("chain", tensor, method, count, args)

    def changed(self, tensor: Any) -> None:
        """Count one more change of a tensor; see `course.scenarios.changed`."""
        self._session.ask("changed", tensor)


def _functions() -> frozenset[str]:
    """Names of the engine's functions."""
    global _known_functions
    if not _known_functions:
        import course.nptorch as torch

        _known_functions = frozenset(name for name, value in vars(torch).items() if inspect.isfunction(value))
    return _known_functions


_known_functions: frozenset[str] = frozenset()


class RemoteBackend:
    """A backend for `course.scenarios.observation.observe` that runs on a student's engine.

    Parameters
    ----------
    session : Session
        The conversation with a process in which the parts are plugged in.
    """

    def __init__(self, session: Session) -> None:
        found = session.ask("engine")
        if not isinstance(found, Remote):
            raise Broken("there is no engine over there")
        self._session = session
        self.T: Any = Engine(session, found._number, "o")
        self.T.__dict__["_parts"] = {}
        self.T.__dict__["_kept"] = found

    @contextmanager
    def scope(self, seed: int) -> Iterator[None]:
        """Seed the engine, and record gradients whatever mode it was left in."""
        self.T.manual_seed(seed)
        self.T.set_grad_enabled(True)
        yield

    def read(self, value: object) -> NDArray[Any] | None:
        """Return a copy of a tensor's numbers, or None if this is no tensor."""
        if not isinstance(value, Remote) or value._kind != "t":
            return None
        array = self._session.ask("read", value)
        if not isinstance(array, np.ndarray):
            raise Broken("a tensor over there has no numbers")
        return array


def deadline(seconds: float) -> float:
    """Return the time of `time.monotonic` that is so many seconds from now."""
    return time.monotonic() + seconds
