"""The class report: one HTML page that needs nothing beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from html import escape

from autograder.exercises import Exercise
from autograder.report.results import Row

STYLE = """
:root { color-scheme: light dark; --line: light-dark(#c9ced6, #4a505a); --soft: light-dark(#f3f5f8, #23272e);
  --ink: light-dark(#1b1f24, #e8eaee); --page: light-dark(#ffffff, #16191d); --link: light-dark(#0b57d0, #8ab4f8); }
body { font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page);
  max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; padding: .3rem 0; }
th, td { border: 1px solid var(--line); padding: .35rem .6rem; text-align: left; vertical-align: top; }
thead th { background: var(--soft); }
td.points { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
pre { background: var(--soft); padding: .6rem; overflow-x: auto; white-space: pre-wrap; }
summary { cursor: pointer; color: var(--link); }
li { margin: .3rem 0; }
"""


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
    whole = sum(one.points for one in exercises)
    graded = [row for row in rows if any(score is not None for score in row.scores.values())]
    mean = sum(row.total for row in graded) / len(graded) if graded else 0.0
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>",
            f"<h1>{escape(title)}</h1>",
            f"<p>{len(rows)} submissions, {len(graded)} graded, mean {mean:.2f} of {whole:g} points.</p>",
            _humans(rows),
            _ideas(rows),
            _grades(exercises, rows, whole),
            "</main></body></html>",
            "",
        ]
    )


def _humans(rows: Sequence[Row]) -> str:
    items = [
        f"<li><strong>{escape(row.student)}</strong>: {escape(reason)}</li>" for row in rows for reason in row.human
    ]
    body = f"<ul>{''.join(items)}</ul>" if items else "<p>None.</p>"
    return f'<section aria-labelledby="human"><h2 id="human">Need a person to look</h2>{body}</section>'


def _ideas(rows: Sequence[Row]) -> str:
    """Common wrong ideas, the most common first."""
    holders: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        for exercise, said in row.feedback.items():
            for idea in said.ideas:
                holders[exercise, idea].append(row.student)
    ranked = sorted(holders.items(), key=lambda item: (-len(item[1]), item[0]))
    lines = [
        f'<tr><td>{escape(idea)}</td><td>{escape(exercise)}</td><td class="points">{len(students)}</td>'
        f"<td>{escape(', '.join(students))}</td></tr>"
        for (exercise, idea), students in ranked
    ]
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Idea behind it", "Exercise", "How many", "Who"))
    body = (
        '<div class="wide"><table><caption>Likely causes, as the students read them in their feedback'
        f"</caption><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
        if lines
        else "<p>None.</p>"
    )
    return f'<section aria-labelledby="ideas"><h2 id="ideas">Common wrong ideas</h2>{body}</section>'


def _grades(exercises: Sequence[Exercise], rows: Sequence[Row], whole: float) -> str:
    names = ["Student", *(f"{one.id} ({one.points:g})" for one in exercises), f"Total ({whole:g})", "What went wrong"]
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    lines = []
    for row in rows:
        cells = [_points(row.scores.get(one.id)) for one in exercises]
        nothing = all(score is None for score in row.scores.values())
        cells.append(_points(None if nothing else row.total))
        lines.append(
            f'<tr><th scope="row">{escape(row.student)}</th>{"".join(cells)}'
            f"<td>{escape(row.sentence)}{_details(row)}</td></tr>"
        )
    return (
        '<section aria-labelledby="grades"><h2 id="grades">Grades</h2><div class="wide"><table>'
        f"<caption>Points for each exercise</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table></div></section>"
    )


def _points(score: float | None) -> str:
    return f'<td class="points">{"not graded" if score is None else f"{score:g}"}</td>'


def _details(row: Row) -> str:
    """The feedback in full, folded away."""
    text = "\n".join(said.text.strip() for said in row.feedback.values() if said.first)
    return f"<details><summary>Feedback</summary><pre>{escape(text)}</pre></details>" if text else ""
