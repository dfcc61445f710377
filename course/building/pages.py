"""Pages of ``docs/`` that a lesson links to travel with it, so that the links also work in a student's copy.

A lesson's text links to them from where it lies in the repository, ``../../docs/claims.md#a14``. In the
notebook this becomes ``docs/claims.md#A14``, beside it: JupyterLab finds a heading by its very text, where
GitHub makes it lower case.
"""

from __future__ import annotations

import re
from pathlib import Path

from course.building.solution import BuildError

FOLDER = "docs"
_LINK = re.compile(r"\]\(\.\./\.\./docs/(?P<page>[\w-]+\.md)(?:#(?P<heading>[\w-]+))?\)")


def pages(text: str) -> set[str]:
    """Return the names of the pages that a text links to."""
    return {link["page"] for link in _LINK.finditer(text)}


def beside(text: str, docs: Path) -> str:
    """Return a text with its links to ``docs`` changed to the copies beside the notebook.

    Raises
    ------
    BuildError
        If there is no such page, or no such heading on it.
    """

    def moved(link: re.Match[str]) -> str:
        name, wanted = link["page"], link["heading"]
        if not (docs / name).is_file():
            raise BuildError(f"a lesson links to {FOLDER}/{name}, and there is no such page")
        if wanted is None:
            return f"]({FOLDER}/{name})"
        return f"]({FOLDER}/{name}#{_heading(docs / name, wanted)})"

    return _LINK.sub(moved, text)


def _heading(page: Path, wanted: str) -> str:
    """Return the heading that GitHub calls ``#wanted``, as JupyterLab calls it."""
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            heading = line.lstrip("#").strip().replace(" ", "-")
            if heading.lower() == wanted:
                return heading
    raise BuildError(f"a lesson links to {FOLDER}/{page.name}#{wanted}, and the page has no such heading")
