"""Running a program on one engine, with a look at every tensor after each statement."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any

import numpy as np

from course.compare.backends import Backend, backend
from course.fuzz.look import Failed, looker, noter
from course.fuzz.prelude import names_for
from course.fuzz.program import Program, names


@dataclass(frozen=True)
class Step:
    """What was seen after one statement.

    Attributes
    ----------
    failed : Failed or None
        The exception it raised.
    log : tuple
        What hooks wrote down meanwhile.
    seen : dict
        By name: what can be seen of each value the program has made; empty when not looked.
    """

    failed: Failed | None
    log: tuple[Any, ...]
    seen: dict[str, Any]


class Engine:
    """An engine ready to run programs: its helpers are made once, since classes are slow to make."""

    def __init__(self, of: Backend) -> None:
        self.name = of.name
        self.T = of.T
        self.log: list[Any] = []
        self.look = looker(of)
        self.helpers = names_for(of.T, self.log, noter(of))


class Run:
    """A program in progress on one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.names: dict[str, Any] = dict(engine.helpers)
        engine.log.clear()
        engine.T.set_grad_enabled(True)

    def variables(self) -> dict[str, Any]:
        """Return what the program has made, by name."""
        helpers = self.engine.helpers
        return {name: value for name, value in self.names.items() if name not in helpers and name[0] != "_"}

    def do(self, statement: str, look: bool = True) -> Step:
        """Run one statement, and look at everything."""
        failed = None
        try:
            if "register_hook(" in statement or "multi_grad_hook(" in statement:
                self._spare_torch(statement)
            if "retain_grad()" in statement or "inputs=[" in statement:
                self._spare_the_second(statement)
            if ".detach_()" in statement:
                self._spare_what_is_retained(statement)
            exec(compiled(statement), self.names)
        except Exception as error:
            failed = Failed.of(error)
        log = tuple(self.engine.log)
        self.engine.log.clear()
        return Step(failed, log, self.look() if look else {})

    def _spare_torch(self, statement: str) -> None:
        """Refuse a hook on a view that was made under no_grad: torch 2.13 dies of it (segmentation fault)."""
        for name in names(statement):
            tensor = self.names.get(name)
            if not isinstance(tensor, self.engine.T.Tensor) or not tensor._is_view():
                continue
            if tensor.requires_grad and tensor.grad_fn is None:
                raise NotImplementedError(f"torch would crash here, because of {name}")

    def _spare_the_second(self, statement: str) -> None:
        """Refuse to retain the gradient of a second result: torch 2.13 dies of the next write to it, or asserts."""
        asked = statement.partition("inputs=")[2] or statement
        for name in re.findall(r"\w+", asked):
            tensor = self.names.get(name)
            if isinstance(tensor, self.engine.T.Tensor) and not tensor._is_view() and tensor.output_nr:
                raise NotImplementedError(f"torch would crash later, because of {name}")

    def _spare_what_is_retained(self, statement: str) -> None:
        """Refuse to cut off a tensor that retains its gradient: torch 2.13 asserts at the next write to it."""
        for name in names(statement):
            tensor = self.names.get(name)
            if isinstance(tensor, self.engine.T.Tensor) and not tensor.is_leaf and tensor.retains_grad:
                raise NotImplementedError(f"torch would assert later, because of {name}")

    def look(self) -> dict[str, Any]:
        """Look at everything that the program has made."""
        look = self.engine.look
        return {name: look(value) for name, value in self.variables().items()}


@lru_cache(maxsize=20000)
def compiled(statement: str) -> CodeType:
    """Return the code of one statement."""
    return compile(statement, "<program>", "exec")


@lru_cache
def engine(name: str) -> Engine:
    """Return an engine by the name of its backend (``torch-cpu`` or ``nptorch``)."""
    return Engine(backend(name))


def run(program: Program, on: Engine) -> list[Step]:
    """Run a program from start to end and return what was seen after each statement."""
    with quiet(on):
        going = Run(on)
        last = len(program.statements) - 1
        return [
            going.do(statement, look=not program.patient or at == last)
            for at, statement in enumerate(program.statements)
        ]


@contextmanager
def quiet(on: Engine) -> Iterator[None]:
    """Swallow warnings, and switch recording on again afterwards."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            on.T.set_grad_enabled(True)
