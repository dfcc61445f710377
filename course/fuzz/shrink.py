"""Cutting a program that tells two engines apart down to what it needs for that."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from course.fuzz.compare import Difference
from course.fuzz.judge import judge, makes_sense
from course.fuzz.program import Program, names
from course.fuzz.simpler import simpler

Judge = Callable[[Program], Difference | None]


def shrink(program: Program, difference: Difference, most: int = 1500, verdict: Judge = judge) -> Program:
    """Return a program as small as can be found that shows the same kind of difference.

    Parameters
    ----------
    program : Program
        A program on which the engines differ.
    difference : Difference
        How.
    most : int
        How many smaller programs to try.
    verdict : function
        Returns the difference that a program shows, or None.
    """
    best = Program(program.statements[: difference.at + 1], program.patient)
    kind = difference.kind
    if not _shows(best, kind, verdict):
        best = program
    tried = {best}
    shorter = True
    while shorter:
        shorter = False
        for candidate in _smaller(best):
            if len(tried) > most:
                return best
            if candidate in tried or _size(candidate) >= _size(best):
                continue
            tried.add(candidate)
            if _shows(candidate, kind, verdict):
                best, shorter = candidate, True
                break
    return best


def _shows(candidate: Program, kind: tuple[str, ...], verdict: Judge) -> bool:
    try:
        found = verdict(candidate)
        return found is not None and found.kind == kind and makes_sense(candidate)
    except SyntaxError:
        return False


def _size(program: Program) -> tuple[int, int, int, int]:
    text = "\n".join(program.statements)
    used = set().union(*(names(line) for line in program.statements)) if program.statements else set()
    return (
        len(program.statements),
        len(text) + 4 * len(used),
        int(program.patient),
        sum(map(int, re.findall(r"\d", text))),
    )


def _smaller(program: Program) -> Iterator[Program]:
    """Yield programs with less in them, the largest cuts first."""
    lines = program.statements
    width = len(lines) // 2
    while width:
        for at in range(len(lines) - width, -1, -width):
            yield Program(lines[:at] + lines[at + width :], program.patient)
        width //= 2
    if program.patient:
        yield Program(lines)
    for at in range(len(lines) - 1, -1, -1):
        for form in simpler(lines[at]):
            yield Program((*lines[:at], form, *lines[at + 1 :]), program.patient)
    yield from _same_cut_everywhere(program)
    yield from _fewer_names(program)


def _same_cut_everywhere(program: Program) -> Iterator[Program]:
    """Simplify all leaves at once, because their shapes have to go together."""
    for number in range(16):
        lines = [_nth(line, number) if "T.tensor(" in line else line for line in program.statements]
        yield Program(tuple(lines), program.patient)


def _nth(line: str, number: int) -> str:
    for at, form in enumerate(simpler(line)):
        if at == number:
            return form
    return line


def _fewer_names(program: Program) -> Iterator[Program]:
    """Do without second names, and with one leaf in the place of two."""
    for at, line in enumerate(program.statements):
        second = re.fullmatch(r"(\w+) = (\w+)", line)
        if second is not None:
            old, new = second.groups()
            rest = tuple(re.sub(rf"\b{old}\b", new, later) for later in program.statements[at + 1 :])
            yield Program((*program.statements[:at], *rest), program.patient)
    leaves = [line.partition(" ")[0] for line in program.statements if "= T.tensor(" in line]
    for old in leaves:
        for new in leaves:
            if old != new:
                left = [line for line in program.statements if not line.startswith(f"{old} = T.tensor(")]
                renamed = tuple(re.sub(rf"\b{old}\b", new, line) for line in left)
                yield Program(renamed, program.patient)
