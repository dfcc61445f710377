"""Run a program of the bench on one engine, under the eyes of the theatre."""

from __future__ import annotations

import importlib
import importlib.util
import linecache
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from course.widgets.bench.programs import PROGRAMS, Program, Switches
from course.widgets.theatre import Story, record

MOST = 6  # numbers an input may have: more cannot be read on the stage
ENGINES = {"mine": "what is plugged in", "reference": "the reference parts", "torch": "torch"}


class BadInput(ValueError):
    """The numbers of an input cannot be used; the message says why."""


@dataclass
class Ran:
    """What a run showed.

    Attributes
    ----------
    code : str
        The program.
    story : Story
        What the theatre saw.
    values : list of (str, str)
        Name and value of each leaf's gradient, in the order of the program.
    error : str
        ``"RuntimeError: ..."``, or empty.
    line : int
        The line at which the error came up, counted from 1; 0 if none did.
    """

    code: str
    story: Story
    values: list[tuple[str, str]] = field(default_factory=list)
    error: str = ""
    line: int = 0


def available() -> dict[str, str]:
    """Return the engines that are at hand: name and what it is."""
    absent = {
        "reference": importlib.util.find_spec("course.parts") is None,
        "torch": importlib.util.find_spec("torch") is None,
    }
    return {name: what for name, what in ENGINES.items() if not absent.get(name)}


def numbers(text: str) -> tuple[float, ...]:
    """Read ``"1, 2.5"``.

    Raises
    ------
    BadInput
        If these are no numbers, none, or too many.
    """
    parts = text.replace("[", " ").replace("]", " ").replace(",", " ").split()
    try:
        found = tuple(float(part) for part in parts)
    except ValueError:
        raise BadInput(f"{text!r} are not numbers; write for example 1, 2.5") from None
    if not 1 <= len(found) <= MOST:
        raise BadInput(f"write 1 to {MOST} numbers, not {len(found)}")
    if not all(math.isfinite(number) for number in found):
        raise BadInput("write finite numbers")
    return found


def run(program: Program | str, inputs: dict[str, tuple[float, ...]], switches: Switches, engine: str = "mine") -> Ran:
    """Run a program and watch it.

    Parameters
    ----------
    program : Program or str
        One of `PROGRAMS`, or its id.
    inputs : dict of str to tuple of float
        For each leaf its numbers; all of one length. What is missing is as the program has it.
    switches : Switches
        What is on.
    engine : {"mine", "reference", "torch"}
        Whose engine runs it.

    Returns
    -------
    Ran
        Also where the program raises: that is what one comes to see.

    Raises
    ------
    BadInput
        If the lengths differ.
    ValueError
        If the engine is not at hand.
    """
    chosen = PROGRAMS[program] if isinstance(program, str) else program
    if engine not in available():
        raise ValueError(f"the engine {engine!r} is not here; there are: {', '.join(available())}")
    used = {name: tuple(inputs.get(name, numbers)) for name, numbers in chosen.inputs.items()}
    if len({len(found) for found in used.values()}) > 1:
        raise BadInput(f"{' and '.join(used)} must have equally many numbers")
    code = chosen.code(used, switches)
    story_engine = "torch" if engine == "torch" else "nptorch"
    with _engine(engine) as T, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        names: dict[str, Any] = {"T": T}
        file = f"<bench {chosen.id}>"
        linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
        ran = Ran(code, Story(story_engine))
        try:
            with record(chosen.title, engine=story_engine) as ran.story:
                exec(compile(code, file, "exec"), names)
        except Exception as error:
            ran.error = f"{type(error).__name__}: {error}"
            ran.line = _line(error, file)
        ran.values = [(f"{name}.grad", _text(names[name].grad)) for name in chosen.inputs if name in names]
    return ran


@contextmanager
def _engine(engine: str) -> Iterator[Any]:
    """Give the module under whose names the program runs, with the right parts plugged in."""
    if engine == "torch":
        yield importlib.import_module("torch")
        return
    ours = importlib.import_module("course.nptorch")
    if engine == "mine":
        yield ours
        return
    with ours.use(**importlib.import_module("course.parts").reference()):
        yield ours


def _text(gradient: Any) -> str:
    if gradient is None:
        return "None"
    return "[" + ", ".join(f"{number:.4g}" for number in gradient.detach().reshape(-1).tolist()) + "]"


def _line(error: BaseException, file: str) -> int:
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
