"""The class report: one HTML page that needs nothing beside it, and runs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from statistics import mean, median

from autograder.exercises import Exercise
from autograder.report import counts
from autograder.report.charts import histogram, share
from autograder.report.results import Row
from autograder.report.style import STYLE
from autograder.report.who import grades, link

FEW = 8  # names that are shown at once
HARDEST = 15  # scenarios that are shown at once
# Nothing on the page may run or be fetched, whatever a student managed to put into it.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(title: str, exercises: Sequence[Exercise], rows: Sequence[Row]) -> str:
    """Write the report of a class.

    Parameters
    ----------
    title : str
        Heading of the page.
    exercises : sequence of Exercise
        The columns.
    rows : sequence of Row
        The students.

    Returns
    -------
    str
        A whole HTML document. Everything that comes from a student is escaped.
    """
    sections = [
        ("people", "Need a person to look", _people(rows)),
        ("ideas", "Common wrong ideas", _ideas(rows)),
        ("hardest", "Hardest scenarios", _hardest(rows)),
        ("spread", "How the points are spread", _spread(exercises, rows)),
        ("late", "Handed in late", _late(rows)),
        ("grades", "Grades", grades(exercises, rows)),
    ]
    links = "".join(f'<li><a href="#{id}">{heading}</a></li>' for id, heading, _ in sections)
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>",
            f"<h1>{escape(title)}</h1>",
            _facts(exercises, rows),
            f'<nav aria-label="On this page"><ul>{links}</ul></nav>',
            *(
                f'<section aria-labelledby="{id}"><h2 id="{id}">{heading}</h2>{body}</section>'
                for id, heading, body in sections
            ),
            "</main></body></html>",
            "",
        ]
    )


def _facts(exercises: Sequence[Exercise], rows: Sequence[Row]) -> str:
    whole = sum(one.points for one in exercises)
    totals = [row.total for row in rows if row.graded]
    said = f"{len(rows)} submissions, {len(totals)} graded"
    if totals:
        said += f"; mean {mean(totals):.2f} and median {median(totals):g} of {whole:g} points"
    waiting = sum(bool(row.human) for row in rows)
    needs = "1 needs" if waiting == 1 else f"{waiting} need"
    return f'<p class="facts">{said}. {needs} a person to look.</p>'


def _people(rows: Sequence[Row]) -> str:
    must = [(row, reason) for row in rows for reason in row.human]
    flags = [(row, reason) for row in rows for reason in row.flags]
    body = _list(must) if must else "<p>None.</p>"
    if flags:
        body += f"<h3>Graded, but worth knowing</h3>{_list(flags)}"
    return body


def _list(said: Iterable[tuple[Row, str]]) -> str:
    items = "".join(f"<li><strong>{link(row.student)}</strong>: {escape(reason)}</li>" for row, reason in said)
    return f"<ul>{items}</ul>"


def _ideas(rows: Sequence[Row]) -> str:
    """Common wrong ideas, the most common first: what to say in the next lecture."""
    graded = sum(row.graded for row in rows)
    lines = [
        [f"<td>{escape(one.text)}</td>", _name(one.exercise), _measure(len(one.students), graded), _names(one.students)]
        for one in counts.ideas(rows)
    ]
    said = "Likely causes, as the students read them in their feedback; the most common first"
    return _table(said, ("Idea behind it", "Exercise", "How many students", "Who"), lines)


def _hardest(rows: Sequence[Row]) -> str:
    """Scenarios by the share that fails them."""
    said = "Of those who wrote something that ran; a hidden scenario shows its question too"
    if any(row.graded and row.failed is None and row.said for row in rows):
        said += ". Some results have no result file: for these only the failures that the feedback names are counted"
    lines = [
        [_text(one.question), _text(one.id), _name(one.exercise), _measure(one.failed, one.tried)]
        for one in counts.hurdles(rows)
    ]
    head = ("What it asks", "Scenario", "Exercise", "How many fail it")
    body = _table(said, head, lines[:HARDEST])
    if rest := lines[HARDEST:]:
        body += f"<details><summary>{len(rest)} more</summary>{_table('The easier ones', head, rest)}</details>"
    return body


def _spread(exercises: Sequence[Exercise], rows: Sequence[Row]) -> str:
    graded = [row for row in rows if row.graded]
    whole = sum(one.points for one in exercises)
    charts = [histogram(f"In all ({whole:g} points)", [row.total for row in graded], whole)]
    for one in exercises:
        scores = [score for row in graded if (score := row.scores.get(one.id)) is not None]
        charts.append(histogram(f"{one.id} ({one.points:g} points)", scores, one.points))
    return f'<div class="charts">{"".join(charts)}</div>'


def _late(rows: Sequence[Row]) -> str:
    late = sorted((row for row in rows if row.late > 0), key=lambda row: -row.late)
    lines = [
        [
            f'<th scope="row">{link(row.student)}</th>',
            _text(duration(row.late)),
            *(f'<td class="points">{number:g}</td>' for number in (row.total, row.penalty, row.final)),
        ]
        for row in late
    ]
    said = "Penalties are those that nbgrader's plugin for late submissions gave"
    return _table(said, ("Student", "Late by", "Points", "Penalty", "Points after it"), lines)


def duration(seconds: float) -> str:
    """Say a time in the two units that matter, such as ``1 d 3 h``."""
    minutes = int(seconds // 60)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    said = [f"{days} d"] * bool(days) + [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes)
    return " ".join(said[:2]) or "less than a minute"


def _table(caption: str, head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    if not lines:
        return "<p>None.</p>"
    names = "".join(f'<th scope="col">{name}</th>' for name in head)
    body = "".join(f"<tr>{''.join(cells)}</tr>" for cells in lines)
    return (
        f'<div class="wide"><table><caption>{caption}</caption><thead><tr>{names}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _text(text: str) -> str:
    return f"<td>{escape(text)}</td>"


def _name(text: str) -> str:
    return f'<td class="measure">{escape(text)}</td>'


def _measure(part: int, whole: int) -> str:
    return f'<td class="measure">{share(part, whole)}</td>'


def _names(students: Sequence[str]) -> str:
    first = ", ".join(link(student) for student in students[:FEW])
    if len(students) <= FEW:
        return f"<td>{first}</td>"
    rest = ", ".join(link(student) for student in students[FEW:])
    return f"<td>{first} <details><summary>and {len(students) - FEW} more</summary>{rest}</details></td>"
