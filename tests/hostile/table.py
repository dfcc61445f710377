"""The table of outcomes in docs/security.md: ``python -m tests.hostile.table`` writes it anew."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.hostile.case import ROOT, Case
from tests.hostile.test_hostile import FAMILIES

PAGE = ROOT / "docs" / "security.md"
BEGIN, END = "<!-- cases: begin -->", "<!-- cases: end -->"


def table() -> str:
    """Return the table as Markdown: a row for each family, counted from the cases."""
    rows = [
        "| family | cases | all points kept | part of them | none earned | for example |",
        "|---|---|---|---|---|---|",
    ]
    for family in FAMILIES.values():
        earned = Counter(map(_earned, family.CASES))
        shown = "; ".join(case.tries for case in family.CASES[2:8:2])
        counts = f"{len(family.CASES)} | {earned['all']} | {earned['part']} | {earned['none']}"
        rows.append(f"| {family.FAMILY} | {counts} | {shown} |")
    whole = Counter(_earned(case) for family in FAMILIES.values() for case in family.CASES)
    rows.append(f"| **all** | {sum(whole.values())} | {whole['all']} | {whole['part']} | {whole['none']} | |")
    return "\n".join(rows)


def _earned(case: Case) -> str:
    points = list(case.points.values())
    most = {"saved-tensor": 5.0, "release-rule": 3.0, "saved-bytes": 3.0}
    if all(points[n] == most[id] for n, id in enumerate(case.points)):
        return "all"
    return "part" if any(points) else "none"


def write(page: Path = PAGE) -> None:
    """Put the table into the page."""
    text = page.read_text(encoding="utf-8")
    head, tail = text.partition(BEGIN)[0], text.partition(END)[2]
    page.write_text(f"{head}{BEGIN}\n{table()}\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    write()
