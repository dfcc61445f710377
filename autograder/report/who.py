"""The table of grades, by name and once more by points."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from autograder.exercises import Exercise
from autograder.report.results import Row


def anchor(student: str) -> str:
    """Name of a student's line on the page."""
    return "student-" + quote(student, safe="")


def link(student: str) -> str:
    """Link to a student's line."""
    return f'<a href="#{quote(anchor(student))}">{escape(student)}</a>'


def grades(exercises: Sequence[Exercise], rows: Sequence[Row]) -> str:
    """Write the points of everybody, with their feedback folded away."""
    penalties = any(row.penalty for row in rows)
    whole = sum(one.points for one in exercises)
    names = ["Student", *(f"{one.id} ({one.points:g})" for one in exercises), f"Total ({whole:g})"]
    names += ["After penalty"] if penalties else []
    every = "".join(_line(exercises, row, penalties) for row in rows)
    full = _table("Points for each exercise, by student", [*names, "What went wrong"], every)
    ranked = sorted(rows, key=lambda row: (row.final if row.graded else -1.0, row.student))
    short = "".join(
        f'<tr><th scope="row">{link(row.student)}</th>{_points(exercises, row, penalties)}</tr>' for row in ranked
    )
    again = _table("The same, lowest first", names, short)
    return f"<details><summary>By points, lowest first</summary>{again}</details>{full}"


def _line(exercises: Sequence[Exercise], row: Row, penalties: bool) -> str:
    name = ", ".join(part for part in (row.last_name, row.first_name) if part)
    told = f"<br>{escape(name)}" if name else ""
    return (
        f'<tr id="{anchor(row.student)}"><th scope="row">{escape(row.student)}{told}</th>'
        f"{_points(exercises, row, penalties)}<td>{escape(row.sentence)}{_details(row)}</td></tr>"
    )


def _points(exercises: Sequence[Exercise], row: Row, penalties: bool) -> str:
    numbers = [row.scores.get(one.id) for one in exercises]
    numbers.append(row.total if row.graded else None)
    if penalties:
        numbers.append(row.final if row.graded else None)
    return "".join(f'<td class="points">{"not graded" if one is None else f"{one:g}"}</td>' for one in numbers)


def _details(row: Row) -> str:
    """The feedback in full, folded away."""
    text = "\n".join(said.text.strip() for said in row.said.values() if said.first)
    return f"<details><summary>Feedback</summary><pre>{escape(text)}</pre></details>" if text else ""


def _table(caption: str, names: Sequence[str], body: str) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    return (
        f'<div class="wide"><table><caption>{caption}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
