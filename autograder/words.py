"""Observations in words: what torch gives and what the submission gives, short and in plain ASCII."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from autograder.printable import one_line, printable
from course.scenarios.differences import Difference
from course.scenarios.observation import Observation

_BUILT_IN = re.compile(r"^\w+ is built in lesson (\d+) ")  # how a missing part says which one it is

SHOWN = 6  # numbers of a tensor, items of a list
WIDTH = 150
LONGEST = 1000  # characters of a line of feedback


def describe(observation: Observation | None) -> str:
    """Say in a few words what was observed."""
    if observation is None:
        return "nothing under this name"
    if observation.kind == "raised":
        text = observation.message or ", ".join(observation.value["keywords"])
        return _short(f"raises {observation.value['type']}" + (f": {text}" if text else ""))
    if observation.kind == "none":
        return observation.message or "None"
    if observation.kind == "tensor":
        shape = ", ".join(str(size) for size in observation.shape or ())
        return _short(f"{_numbers(observation.value)}, {observation.dtype} of shape ({shape})")
    if observation.kind in ("list", "dict"):
        items = [describe(item) for item in observation.value[:SHOWN]]
        if observation.kind == "dict":
            items = [f"{item.label}: {text}" for item, text in zip(observation.value, items, strict=False)]
        more = ", ..." if len(observation.value) > SHOWN else ""
        return _short("[" + ", ".join(items) + more + "]")
    if observation.kind == "number":
        return f"{observation.value:.8g}" if isinstance(observation.value, float) else str(observation.value)
    return _short(str(observation.value))


def contrast(difference: Difference) -> tuple[str, str]:
    """Say what torch gives and what the submission gives where they differ."""
    torch, yours = difference.expected, difference.got
    if torch is None or yours is None or "none" not in (torch.kind, yours.kind):
        told = describe(torch), describe(yours)
        return _closer(torch, yours) if told[0] == told[1] and torch is not None and yours is not None else told
    # A record does not tell a call without a result from a None; beside an error it was a call,
    # and beside a value nobody asks whether it ran.
    if yours.kind == "raised":
        return "runs", describe(yours)
    return describe(torch), describe(yours) if torch.kind == "raised" else describe(replace(yours, message=""))


def _closer(torch: Observation, yours: Observation) -> tuple[str, str]:
    """Show the first two numbers that differ with all their digits, where a few numbers of six digits look alike."""
    one, other = ([*side.value] if side.kind == "tensor" else [side.value] for side in (torch, yours))
    for place, (expected, got) in enumerate(zip(one, other, strict=False)):
        if repr(expected) != repr(got):
            of = f", number {place} of {len(one)}" if len(one) > 1 else ""
            return _short(f"{expected!r}{of}"), _short(f"{got!r}{of}")
    return describe(torch), describe(yours)


def inputs(drawn: Sequence[Any]) -> str:
    """Write the arrays that a scenario drew, as they are typed or in words; nothing if they are too large to read."""
    told = [_input(array) for array in drawn]
    text = " and ".join(told)
    return text if all(told) and len(text) <= WIDTH else ""


def _input(array: Any) -> str:
    if array.size <= SHOWN:
        return str(array.tolist())
    numbers, shape = array.ravel(), ", ".join(map(str, array.shape))
    first, last = numbers[0].item(), numbers[-1].item()
    if (numbers == first).all():
        return f"{first} everywhere, of shape ({shape})"
    return f"{first} to {last} in order, of shape ({shape})" if (numbers[1:] == numbers[:-1] + 1).all() else ""


def origin(difference: Difference, students: Sequence[str]) -> str:
    """Say in which of the student's own functions an exception was raised, if it was in one.

    Parameters
    ----------
    students : sequence of str
        Names of the parts that the student wrote.
    """
    for frame in difference.got.frames if difference.got is not None else ():
        name = frame.rpartition("<locals>.")[2]
        if name.partition(".")[0] in students:
            return name
    return ""


def unwritten(difference: Difference, lesson: int) -> str:
    """Return the stub's own message if the difference is that nothing was written yet.

    A part of a later lesson than this one is missing because something wrong asked for it.
    """
    got = difference.got
    if got is not None and got.kind == "raised" and got.value["type"] in ("NotImplementedError", "MissingPart"):
        named = _BUILT_IN.search(got.message)
        return "" if named is not None and int(named[1]) > lesson else one_line(got.message)
    return ""


def plain(text: str) -> str:
    """Keep to one line of ASCII: some consoles print nothing else, and who writes lines here is the grader alone."""
    line = printable(text, LONGEST).replace("\n", " ")
    return line.encode("ascii", "backslashreplace").decode("ascii")


def _numbers(values: list[Any]) -> str:
    shown = ", ".join(f"{value:.6g}" if isinstance(value, float) else str(value) for value in values[:SHOWN])
    return f"[{shown}{', ...' if len(values) > SHOWN else ''}]"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return plain(line if len(line) <= WIDTH else line[: WIDTH - 3] + "...")
