"""The class report's numbers as CSV, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from autograder.exercises import Exercise
from autograder.report.counts import failures, tells
from autograder.report.results import Row

RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")


def guarded(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula.

    What begins with ``= + - @`` or a control character is given an apostrophe in front, as OWASP
    advises under "CSV Injection": https://owasp.org/www-community/attacks/CSV_Injection
    """
    return "'" + text if text.lstrip(" ").startswith(RISKY) else text


def table(exercises: Sequence[Exercise], rows: Sequence[Row]) -> str:
    """Write one line for each student.

    Numbers are the ones on the page; where nothing was graded the field is empty.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    head = ["student", "last_name", "first_name", *(one.id for one in exercises)]
    head += ["total", "late_seconds", "late_penalty", "points", "what_went_wrong"]
    writer.writerow([*head, "needs_a_person", "flags", "likely_causes", "failed_scenarios"])
    for row in rows:
        scores = [row.scores.get(one.id) for one in exercises]
        sums = [row.total, row.late, row.penalty, row.final] if row.graded else [None, row.late, None, None]
        numbers = ["" if one is None else f"{one:.12g}" for one in (*scores, *sums)]
        ran = [exercise for exercise, said in row.said.items() if tells(said.messages)]
        failed = [id or question for exercise in ran for id, question in failures(row, exercise)]
        ideas = dict.fromkeys(idea for said in row.said.values() for idea in said.ideas)
        words = [row.sentence, *("; ".join(many) for many in (row.human, row.flags, ideas, failed))]
        names = [row.student, row.last_name, row.first_name]
        writer.writerow([*map(guarded, names), *numbers, *map(guarded, words)])
    return out.getvalue()
