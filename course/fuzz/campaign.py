"""Many programs in a row, and the different ways in which the engines differ on them."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from course.fuzz.census import census
from course.fuzz.compare import Difference
from course.fuzz.judge import judge
from course.fuzz.program import Program
from course.fuzz.run import Step, engine
from course.fuzz.shrink import shrink
from course.fuzz.writer import write

#: One seed's programs never run into the next seed's.
_STRIDE = 10_000_000


@dataclass(frozen=True)
class Finding:
    """A program on which the engines differ, cut down, and what differs at its end."""

    number: int
    program: Program
    difference: Difference

    def __str__(self) -> str:
        return (
            f"# program {self.number}: {self.difference.where} differs\n{self.program.snippet()}\n  {self.difference}"
        )


@dataclass
class Campaign:
    """How a campaign went.

    Attributes
    ----------
    programs, statements : int
        How many ran.
    differing : int
        How many programs told the engines apart.
    findings : list of Finding
        One of each kind, cut down.
    seconds : float
        Time for writing, running and comparing; cutting down is not counted.
    constructs : Counter of str
        In how many programs each construct occurs.
    """

    programs: int = 0
    statements: int = 0
    differing: int = 0
    seconds: float = 0.0
    constructs: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    @property
    def per_program(self) -> float:
        """Milliseconds per program."""
        return 1000 * self.seconds / max(self.programs, 1)


def program_of(seed: int, number: int) -> tuple[Program, list[Step]]:
    """Return one program of a seed, and what torch showed."""
    return write(random.Random(seed * _STRIDE + number), engine("torch-cpu"))


def campaign(
    seed: int = 0,
    count: int = 500,
    *,
    most: int = 20,
    progress: Callable[[Campaign], None] | None = None,
    found: Callable[[Finding], None] | None = None,
) -> Campaign:
    """Run `count` programs.

    Parameters
    ----------
    seed, count : int
        Which programs: the same seed gives the same ones.
    most : int
        How many findings to cut down; further ones are only counted.
    progress, found : function, optional
        Called after every program, and with every finding.
    """
    went = Campaign()
    known: set[Any] = set()
    for number in range(count):
        began = time.perf_counter()
        program, steps = program_of(seed, number)
        difference = judge(program, steps)
        went.seconds += time.perf_counter() - began
        went.programs += 1
        went.statements += len(program.statements)
        went.constructs += census([(program, steps)])
        if difference is not None:
            went.differing += 1
            finding = None
            if len(went.findings) < most:
                finding = _cut_down(number, program, difference, known)
            if finding is not None:
                went.findings.append(finding)
                if found is not None:
                    found(finding)
        if progress is not None:
            progress(went)
    return went


def _cut_down(number: int, program: Program, difference: Difference, known: set[Any]) -> Finding | None:
    """Return a small finding, or None if one of its kind is known already."""
    rough = (difference.kind, pattern(program.statements[difference.at]))
    if rough in known:
        return None
    known.add(rough)
    small = shrink(program, difference)
    fine = (difference.kind, small.patient, pattern("\n".join(small.statements)))
    if fine in known:
        return None
    known.add(fine)
    return Finding(number, small, judge(small) or difference)


def pattern(text: str) -> str:
    """Return a text with names and numbers evened out."""
    return re.sub(r"\d+", "1", re.sub(r"\b[a-z]\d*\b", "x", text))
