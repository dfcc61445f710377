"""The step-for-step table in words: what its cells say, and the whole of it as plain ASCII text."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from course.compare.training.columns import BITS, COLUMNS, TIMES
from course.compare.training.lines import HERE, Line, judge_of
from course.compare.training.programs import PROGRAMS

_WIDE = 110

#: Digits behind the point of a loss in the list of all steps.
DIGITS = 12

READ = (
    "Numbers are relative differences from the judge's loss at that step; where a program has two losses, the larger "
    f"of both differences. A column has parted where it is more than {TIMES} of its own unit roundoffs away. "
    '"x a step" is what a step multiplies the difference by, fitted to all steps. '
    "The number format says how large a difference is at first, the program how fast it grows."
)


def told(steps: int) -> list[int]:
    """Return the steps whose differences are shown."""
    return [one for one in (1, 10, 50) if one < steps] + [steps] if steps > 1 else [1]


def heads(steps: int) -> list[str]:
    """Return what the columns of the table are called."""
    return ["run", "unit roundoff", *(f"step {one}" for one in told(steps)), "parted", "x a step"]


def cells(line: Line, steps: int) -> list[str]:
    """Return the row of one line."""
    errors = (line.at(step) for step in told(steps))
    return [
        line.column.name,
        f"2^-{BITS[line.column.format] + 1}",
        *("-" if one is None else difference(one) for one in errors),
        "never" if line.parted is None else f"at step {line.parted}",
        "-" if line.growth is None else f"x{line.growth:.2f}",
    ]


def difference(error: float) -> str:
    """Return a relative difference with two digits."""
    return "equal" if error == 0 else f"{error:.1e}"


def title(program: str, data: Mapping[str, Any]) -> str:
    """Return what a program is, and what its losses do: ``MLP: SGD, lr=0.1, momentum=0.9. ...``."""
    settings = data["programs"][program]
    rest = ", ".join(f"{key}={settings[key]}" for key in PROGRAMS[program].settings if key != "optimizer")
    run = f"{data['steps']} steps of {settings['batch']} digits"
    head = f"{PROGRAMS[program].title}, {settings['optimizer']}({rest}), {run}"
    judge = judge_of(data)
    if judge is None:
        return f"{head}."
    losses = data["columns"][judge]["losses"][program]
    return f"{head}. Judge: {judge}, {'; '.join(_falls(goal, one) for goal, one in losses.items())}."


def ascii_only(text: str) -> str:
    """Return one line of plain ASCII, not too long."""
    line = text.splitlines()[0] if text else ""
    return textwrap.shorten(line.encode("ascii", "backslashreplace").decode("ascii"), 200, placeholder=" ...")


def text(shown: Mapping[str, Sequence[Line]], data: Mapping[str, Any], notes: Sequence[str]) -> str:
    """Return the table of every program as plain ASCII text."""
    parts = []
    for program, lines in shown.items():
        parts += textwrap.wrap(title(program, data), _WIDE)
        parts += _table(lines, data["steps"]) if lines else []
        for line in lines:
            parts += textwrap.wrap(
                f"{line.column.name}: {line.why}", _WIDE, initial_indent="  ", subsequent_indent="    "
            )
        parts.append("")
    for one in [READ, *notes]:
        parts += textwrap.wrap(one, _WIDE)
    return "\n".join(parts)


def steps(sources: Mapping[str, Mapping[str, Any]], program: str) -> str:
    """Return the losses of a program at every step, as plain ASCII text; one block for each loss and place."""
    blocks = []
    for where, data in sources.items():
        for goal in PROGRAMS[program].goals if program in data["programs"] else ():
            names, rows = numbers(data, program, goal)
            written = [[str(nth), *("".join(one) for one in row)] for nth, row in enumerate(rows, start=1)]
            table = [["step", *names], *written]
            widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
            blocks.append("\n".join([f"{goal}, {where}", *(_row(row, widths) for row in table)]))
    return "\n\n".join(blocks)


def numbers(data: Mapping[str, Any], program: str, goal: str) -> tuple[list[str], list[list[tuple[str, str]]]]:
    """Return the losses of each column, step for step.

    Returns
    -------
    names : list of str
        The columns, the judge first.
    rows : list of list of tuple
        For each step and column the digits that are the judge's, and those after them.
    """
    judge = judge_of(data)
    if judge is None:
        return [], []
    names = [judge, *(name for name in COLUMNS if name in data["columns"] and name != judge)]
    losses = [data["columns"][name]["losses"][program][goal] for name in names]
    rows = []
    for at_step in zip(*losses, strict=True):
        written = ["none" if one is None else f"{one:.{DIGITS}f}" for one in at_step]
        rows.append([_apart(one, written[0]) for one in written])
    return names, rows


def _table(lines: Sequence[Line], steps: int) -> list[str]:
    rows = [heads(steps), *(cells(line, steps) for line in lines)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    written = [_row(rows[0], widths), "-+-".join("-" * width for width in widths)]
    for where, group in groupby(lines, key=lambda line: line.where):
        if where != HERE:
            written.append(f"{where}:")
        written += [_row(cells(line, steps), widths) for line in group]
    return written


def _apart(number: str, judge: str) -> tuple[str, str]:
    """Divide a number where its digits stop being the judge's."""
    same = 0
    while same < min(len(number), len(judge)) and number[same] == judge[same]:
        same += 1
    return number[:same], number[same:]


def _falls(goal: str, losses: Sequence[float | None]) -> str:
    first, last = ("none" if one is None else f"{one:.4g}" for one in (losses[0], losses[-1]))
    return f"{goal} from {first} to {last}"


def _row(row: Sequence[str], widths: Sequence[int]) -> str:
    return " | ".join(one.ljust(width) for one, width in zip(row, widths, strict=True)).rstrip()
