"""The proof as a table for people."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table

from autograder.prove.proof import Line, Proof


def show(proof: Proof, console: Console) -> None:
    """Print what was found, one line for each exercise, and what is not as it must be.

    The columns: points to be earned; earned by the reference, and by nothing written; alternatives that
    earn everything; faults that lose points, and that are named first or tie for it; mutants that lose points.
    """
    table = Table(title="What the grader makes of what is known to be right or wrong", box=box.ASCII, padding=(0, 0))
    for name in ("exercise", "of", "right", "nothing", "others", "faults", "named", "mutants"):
        table.add_column(name, justify="left" if name == "exercise" else "right", no_wrap=True)
    for line in proof.lines:
        table.add_row(line.exercise.id, *_cells(line))
    lines = proof.lines
    most = sum(line.exercise.points for line in lines)
    table.add_section()
    table.add_row(
        "all",
        f"{most:g}",
        f"{sum(line.reference for line in lines):g}",
        f"{sum(line.nothing for line in lines):g}",
        _share(sum(_right(line) for line in lines), sum(len(line.others) for line in lines)),
        _share(sum(line.losing for line in lines), sum(line.faults for line in lines)),
        _share(sum(line.first for line in lines), sum(line.faults for line in lines)),
        _share(sum(line.killed for line in lines), sum(line.mutants for line in lines)),
    )
    console.print(table, markup=False)
    for line in lines:
        for survivor in line.survivors:
            console.print(f"Loses nothing: {survivor}", markup=False, soft_wrap=True)
        for fault in line.unnamed:
            console.print(f"Not named first: {fault}", markup=False, soft_wrap=True)
    for complaint in proof.complaints:
        console.print(f"NOT PROVED: {complaint}", markup=False, soft_wrap=True)


def _cells(line: Line) -> list[str]:
    return [
        f"{line.exercise.points:g}",
        f"{line.reference:g}",
        f"{line.nothing:g}",
        _share(_right(line), len(line.others)),
        _share(line.losing, line.faults),
        _share(line.first, line.faults),
        _share(line.killed, line.mutants),
    ]


def _right(line: Line) -> int:
    return sum(points == line.exercise.points for points in line.others.values())


def _share(some: int, every: int) -> str:
    return f"{some}/{every}" if every else "-"
