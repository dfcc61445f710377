"""The engine in a student's process, as a scenario sees it: the names of torch, each call a message.

A scenario cannot tell the difference; its body, its seed and what is expected of it stay here. What
comes back is data or the number of an object over there, and nothing of it is ever run.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import MethodType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.sandbox.inside.wire import Broken


class Remote:
    """An object in the student's process."""

    def __init__(self, session: Any, number: int, kind: str) -> None:
        fields = self.__dict__
        fields["_session"], fields["_number"], fields["_kind"], fields["_received"] = session, number, kind, 0

    def __del__(self) -> None:
        if "_received" in self.__dict__:
            self._session.gone(self)

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

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
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
        if self._kind == "g":
            return self
        return iter(list(self._session.ask("op", "list", self)))

    def __next__(self) -> Any:
        return self._session.ask("op", "next", self)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """A function over there that is a method here, because it was decorated there."""
        return self if instance is None or self._kind != "o" else MethodType(self, instance)

    def __contains__(self, item: Any) -> bool:
        return bool(self._session.ask("op", "contains", self, item))

    def __hash__(self) -> int:
        return int(self._number)

    def __enter__(self) -> Any:
        return self._session.ask("call", Bound(self, "__enter__"), (), {})

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        if kind is not None and not issubclass(kind, Exception):
            return False  # the judge's own, such as the end of the time: nothing over there may hold it back
        # The exception itself stays here. One of its kind and text leaves the block over there, too: a mode
        # that is put back only if all went well must be seen.
        return bool(self._session.ask("leave", self, error))

    def __instancecheck__(self, thing: Any) -> bool:
        return isinstance(thing, Remote) and bool(self._session.ask("isinstance", thing, self))

    def __mro_entries__(self, bases: Any) -> tuple[type, ...]:
        return (_Made,)


#: Methods of a tensor of which a new one comes, unless something is wrong.
_GIVE_TENSORS = frozenset(("exp", "log", "sin", "cos", "tanh", "sigmoid", "relu", "sqrt", "sum", "mean", "matmul"))
_ASKED = ("__name__", "__version__", "__doc__", "__class__")


class dtype(Remote):  # noqa: N801 - what a scenario yields is taken for a dtype by this name
    """A dtype in the student's process, with its text, since that is all that is asked of it."""

    def __init__(self, session: Any, number: int, kind: str, text: str) -> None:
        super().__init__(session, number, kind)
        self.__dict__["_text"] = text[:200]

    def __str__(self) -> str:
        return str(self._text)


class Maker(Remote):
    """A function over there that gives a new tensor."""

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        return self._session.make("call", self, args, kwargs)


class Bound:
    """A method of an object over there that was named but not called yet: one message instead of two."""

    def __init__(self, owner: Remote, name: str) -> None:
        self.owner, self.name = owner, name
        self.__name__ = name

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        session = self.owner._session
        return (session.make if self.name in _GIVE_TENSORS else session.ask)("call", self, args, kwargs)

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


# What a function over there says of itself, in place of what this class does.
Remote.__doc__ = property(lambda self: self._session.ask("get", self, "__doc__"))  # type: ignore[assignment]

_OTHERS = (
    *("eq", "ne", "lt", "le", "gt", "ge"),
    *("neg", "pos", "abs", "invert", "index"),
    *("getitem", "setitem", "delitem"),
)


def _operators() -> None:
    """Give `Remote` Python's operators."""
    two = "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift"
    for name in two.split():
        over_there = {"and": "and_", "or": "or_"}.get(name, name)
        setattr(Remote, f"__{name}__", lambda a, b, f=over_there: _both(a)("op", f, a, b))
        setattr(Remote, f"__r{name}__", lambda a, b, f=over_there: _both(a)("op", f, b, a))
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


def _both(thing: Remote) -> Any:
    """Return what sends an operator with this operand: of a tensor comes a tensor."""
    return thing._session.make if thing._kind == "t" else thing._session.ask


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
                if name == "tensor":
                    object.__setattr__(known, "__class__", Maker)
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
        parts = self.__dict__["_parts"]
        if (known := parts.get(f"part {name}")) is None:
            known = parts[f"part {name}"] = self._session.ask("part", name)
        return known

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

    def __init__(self, session: Any) -> None:
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
        self._session.tell("fresh", seed)
        yield
        self._session.settle()

    def read(self, value: object) -> NDArray[Any] | None:
        """Return a copy of a tensor's numbers, or None if this is no tensor."""
        if not isinstance(value, Remote) or value._kind != "t":
            return None
        array = self._session.numbers_of(value)
        if array is None:
            array = self._session.ask("read", value)
        if not isinstance(array, np.ndarray):
            raise Broken("a tensor over there has no numbers")
        return array
