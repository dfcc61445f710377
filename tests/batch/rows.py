"""All that a gradebook says, as plain rows, without the random ids."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

SCORES = ("auto_score", "manual_score", "extra_credit", "needs_manual_grade")


def rows(db_url: str | Path) -> list[Any]:
    """Return every row of every table that grading writes."""
    url = str(db_url) if "://" in str(db_url) else f"sqlite:///{db_url}/gradebook.db"
    found: list[Any] = []
    with Gradebook(url, "gradschool") as book:
        found += sorted(("student", one.id, one.first_name, one.email) for one in book.students)
        for assignment in book.assignments:
            for row in assignment.submissions:
                found.append(("submission", assignment.name, row.student_id, row.timestamp, row.extension))
                for notebook in row.notebooks:
                    name = (row.student_id, notebook.name)
                    found.append(("notebook", *name, notebook.flagged, notebook.late_submission_penalty))
                    found += [("score", *name, notebook.score, notebook.needs_manual_grade)]
                    found += [
                        ("grade", *name, one.name, *(getattr(one, field) for field in SCORES))
                        for one in notebook.grades
                    ]
                    found += [
                        ("comment", *name, one.name, one.auto_comment, one.manual_comment) for one in notebook.comments
                    ]
    return sorted(found, key=repr)


def files(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return every file below a folder with its permissions and its content."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_mode, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }
