"""A student's process: runs the cells of one notebook, then does what the judge asks, call by call.

The judge sends calls such as "add these two tensors" or "read this attribute", and gets plain data
or the number of an object. Which scenario they belong to, and what is expected, stays with the judge.
"""

from __future__ import annotations

import contextlib
import gc
import io
import marshal
import operator
import sys
import types
import warnings
from collections.abc import Callable
from typing import Any
from weakref import ref  # now: a student may put another function in its place

import numpy as np

import course.nptorch as torch
from autograder.sandbox.inside.magics import compiled
from autograder.sandbox.inside.objects import WORDS, Objects, exception
from autograder.sandbox.inside.wire import Broken, Wire, array_out
from autograder.sandbox.inside.withheld import withhold
from course.nptorch.grad_mode import mode
from course.nptorch.parts import DECLARED, plugged

PRINTED = 20_000  # characters that are kept of what one cell prints
FEW = 16  # numbers that are sent before they are asked for
_OPERATORS: dict[str, Callable[..., Any]] = {
    name: getattr(operator, name)
    for name in (
        *("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and_", "or_", "xor", "lshift"),
        *("rshift", "iadd", "isub", "imul", "itruediv", "ifloordiv", "imod", "ipow", "imatmul", "iand", "ior"),
        *("ixor", "eq", "ne", "lt", "le", "gt", "ge", "neg", "pos", "abs", "invert", "getitem", "setitem"),
        *("delitem", "contains", "index"),
    )
} | {"bool": bool, "int": int, "float": float, "str": str, "repr": repr, "len": len, "list": list, "next": next}


class Printed(io.StringIO):
    """Takes what a cell prints, and forgets what is too much."""

    def write(self, text: str) -> int:
        """Keep the beginning."""
        room = PRINTED - self.tell()
        super().write(text[: max(room, 0)])
        return len(text)


class Student:
    """One student's notebook, run and ready to be asked.

    Parameters
    ----------
    wire : Wire
        The connection to the judge.
    """

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.objects = Objects(self.call_judge, _kind_of)
        self.names: dict[str, Any] = {}
        self._heard: list[Any] = []
        self._tables: dict[str, Callable[..., Any]] = {
            "cells": self.cells,
            "plug": self.plug,
            "withhold": lambda names: bool(withhold(names)),
            "get": getattr,
            "set": setattr,
            "del": delattr,
            "op": lambda name, *values: _OPERATORS[name](*values),
            "make": self.make,
            "call": lambda function, args, kwargs: function(*args, **kwargs),
            "leave": _leave,
            "class": self.make_class,
            "isinstance": isinstance,
            "engine": lambda: torch,
            "read": _read,
            "watch": self.watch,
            "part": lambda name: getattr(plugged, name),
            "chain": _chain,
            "changed": _changed,
            "pass": lambda: None,
            "fresh": _fresh,
        }

    def serve(self) -> None:
        """Do what the judge asks until it hangs up."""
        gc.disable()  # what scenarios see die shall have died by reference count
        with contextlib.suppress(Broken), warnings.catch_warnings(record=True) as self._heard:
            warnings.simplefilter("always")
            while True:
                self._answer(self.wire.receive())

    def _answer(self, request: Any) -> None:
        """Do one thing and send what came of it."""
        what, dropped, *content = request
        arguments = thing = result = None
        try:
            try:
                arguments = [self.objects.into(item) for item in content]
            finally:  # not before: what is dropped may be among the arguments
                self.objects.drop(dropped)
            thing = self._tables[what](*arguments)
            result = self.objects.out(thing)
            if what == "get" and type(result) is list and result[0] == "h" and result[2] == "t":
                _with_numbers(result, thing)
            reply = ["v", result]
        except BaseException as error:  # whatever a stranger's code raises, the judge wants to know
            reply = ["x", *told(error)]
            if type(error) is StopIteration:  # its value is what a generator returned
                reply[2] = self.objects.out(error.value)
            error.__traceback__ = None
        del arguments, thing, result
        heard: list[Any] = []
        if self._heard:
            heard = [(item.category.__name__, _text(item.message)) for item in self._heard[:20]]
            self._heard.clear()
        self.wire.put([*reply, heard, self._dropped()])

    def _dropped(self) -> list[list[int]]:
        dropped, self.objects.dropped = self.objects.dropped, []
        return dropped

    def call_judge(self, number: int, args: Any, kwargs: Any) -> Any:
        """Call one of the judge's functions; meanwhile the judge may ask for more."""
        self.wire.send(["c", number, self.objects.out(args), self.objects.out(kwargs), self._dropped()])
        del args, kwargs
        while True:
            request = self.wire.receive()
            if request[0] == "v":
                answer = self.objects.into(request[2])
                self.objects.drop(request[1])
                return answer
            if request[0] == "x":
                self.objects.drop(request[1])
                raise exception(request[2], request[3])
            self._answer(request)

    # What the judge may ask for

    def cells(self, cells: list[Any]) -> list[Any]:
        """Run cells in order; of each solution return its id, what it printed, and how it failed.

        What is not a solution is the author's, and comes compiled.
        """
        module = types.ModuleType("__main__")
        sys.modules["__main__"] = module
        self.names = vars(module)
        self.names["get_ipython"] = lambda: _Magic()
        outcome = []
        for id, text in cells:
            printed = Printed()
            before, sys.stdout = sys.stdout, printed
            failed: list[Any] = []
            try:
                exec(compiled(text, f"<cell {id}>") if id else marshal.loads(text), self.names)
            except BaseException as error:
                failed = [*told(error), _line(error)]
            finally:
                sys.stdout = before
            if id:
                outcome.append((id, printed.getvalue(), failed))
        return outcome

    def plug(self, mine: list[str], others: list[tuple[str, bytes]]) -> list[str]:
        """Plug in the student's parts; the others of this lesson come as statements. Return what is missing."""
        known = {name: self.names[name] for name in mine if self.names.get(name) is not None}
        missing = [name for name in mine if name not in known]
        if missing:
            return missing
        # A part beside the student's may stand on a helper that is the student's to write, as a class derives
        # from its base: what the author's texts lack comes from the student's cells, save for parts.
        beside: dict[str, Any] = {name: thing for name, thing in self.names.items() if name not in DECLARED}
        beside["__name__"] = "beside"
        for name, statement in others:
            try:
                exec(marshal.loads(statement), beside)
            except ImportError:  # what only the lesson's plots need is not in here
                continue
            except NameError:  # the helper is not there: then the student's own part has to do
                beside |= {name: self.names[name]} if name in DECLARED and name in self.names else {}
        torch.use(**{name: beside[name] for name in DECLARED if name in beside} | known)
        return []

    def make_class(self, name: str, base: Any, static: dict[str, Any], other: dict[str, Any]) -> Any:
        """Make a class whose methods are the judge's functions."""
        body = {key: staticmethod(function) for key, function in static.items()} | other
        return type(name, (base,), body)

    def make(self, number: int, what: str, *values: Any) -> None:
        """Do what should give a new tensor, under a number that the judge knows already.

        Raises
        ------
        TypeError
            If something else comes of it.
        """
        thing = self._tables[what](*values)
        if not isinstance(thing, torch.Tensor):
            raise TypeError(f"that is a {type(thing).__name__} and no tensor")
        self.objects.keep(number, thing)

    def watch(self, thing: Any) -> Any:
        """Return a function that says whether a thing is alive."""
        known = ref(thing)
        return lambda: known() is not None


def _with_numbers(handle: list[Any], tensor: Any) -> None:
    """Send a small tensor's numbers along with it: most often they are what is asked for next."""
    numbers = _read(tensor)
    if numbers.size <= FEW and numbers.dtype.kind in "biufc":
        handle.append(array_out(numbers))


def _leave(manager: Any, error: BaseException | None) -> Any:
    """Leave a ``with`` block as Python does, by an exception or without."""
    if error is None:
        return manager.__exit__(None, None, None)
    try:
        raise error  # gives it the traceback that managers expect
    except BaseException as raised:
        return manager.__exit__(type(raised), raised, raised.__traceback__)


def _chain(tensor: Any, method: str, count: int, args: Any) -> Any:
    for _ in range(count):
        tensor = getattr(tensor, method)(*args)
    return tensor


def _fresh(seed: int) -> None:
    """Seed the engine, and record gradients whatever mode the last scenario left.

    By hand: what switches the mode may be the very part that is tried.
    """
    np.seterr(all="ignore")
    warnings.simplefilter("always")  # as `observe` does where the engine is in the same process
    torch.manual_seed(seed)
    mode.enabled, mode.inference = True, False


def _changed(tensor: Any) -> None:
    tensor._counter().value += 1


class _Magic:
    """Stands in for IPython: a line such as ``%timeit`` runs nothing here."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **kwargs: None


def told(error: BaseException) -> list[Any]:
    """Say of an exception its type, text, the functions it came through, and whether it is an Exception."""
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(trace.tb_frame.f_code.co_qualname)
        trace = trace.tb_next
    return [
        type(error).__name__[:200],
        _text(error),
        list(dict.fromkeys(reversed(frames)))[:50],
        isinstance(error, Exception),
    ]


def _text(error: Any) -> str:
    """A stranger's exception may fail even at giving its text."""
    try:
        # The text of a SyntaxError ends in a file's name and a line; the line is told apart.
        return str(error.msg if type(error) in (SyntaxError, IndentationError, TabError) else error)[:WORDS]
    except BaseException as another:
        return f"(no text: str() raises {type(another).__name__})"


def _line(error: BaseException) -> int:
    """Return the line of the cell at which an error came up, 0 if unknown."""
    if isinstance(error, SyntaxError):
        return error.lineno if isinstance(error.lineno, int) else 0
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.startswith("<cell"):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _kind_of(thing: Any) -> str:
    if isinstance(thing, torch.Tensor):
        return "t"
    if isinstance(thing, types.GeneratorType):
        return "g"
    return "d" if type(thing).__name__.lower() == "dtype" else "o"


def _read(tensor: Any) -> Any:
    """Return a tensor's numbers. Not by detach(): that may be the very part that is tried."""
    return np.asarray(tensor._data)  # a 0-d result may be one of NumPy's numbers
