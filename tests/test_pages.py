"""Pages of docs/ travel with the lessons that link to them."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from course.build import lessons
from course.building.pages import beside, pages
from course.building.solution import BuildError

ROOT = Path(__file__).parents[1]


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    (tmp_path / "claims.md").write_text("# Claims\n\n### A1b\n\n## Two words\n")
    return tmp_path


def test_a_link_leads_to_the_page_beside_the_notebook(docs: Path) -> None:
    text = (
        "See [A1b](../../docs/claims.md#a1b), [all](../../docs/claims.md), [far](https://example.org/docs/claims.md)."
    )
    assert pages(text) == {"claims.md"}
    assert beside(text, docs) == (
        "See [A1b](docs/claims.md#A1b), [all](docs/claims.md), [far](https://example.org/docs/claims.md)."
    )
    assert beside("[two](../../docs/claims.md#two-words)", docs) == "[two](docs/claims.md#Two-words)"


@pytest.mark.parametrize(
    ("link", "why"), [("../../docs/clams.md", "no such page"), ("../../docs/claims.md#a99", "#a99.*no such heading")]
)
def test_a_link_to_nothing_stops_the_build(docs: Path, link: str, why: str) -> None:
    with pytest.raises(BuildError, match=why):
        beside(f"[there]({link})", docs)


@pytest.mark.parametrize("lesson", lessons())
def test_every_link_of_a_release_that_is_no_address_leads_to_a_file(lesson: str) -> None:
    folder = ROOT / "release" / lesson
    notebook = nbformat.read(folder / f"{lesson}.ipynb", as_version=4)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    found = re.findall(r"\]\((?!https?://|#)([^)\s]+)\)", text)
    for link in found:
        page, _, heading = link.partition("#")
        assert (folder / page).is_file(), link
        if heading:
            assert f"# {heading}" in (folder / page).read_text(encoding="utf-8"), link
    assert "docs/glossary.md" in found


@pytest.mark.parametrize("lesson", lessons())
def test_a_lesson_carries_the_pages_it_links_to_and_no_other(lesson: str) -> None:
    wanted = pages((ROOT / "course" / "lessons" / f"{lesson}.py").read_text(encoding="utf-8"))
    for step in ("source", "release"):
        there = {path.name: path.read_bytes() for path in (ROOT / step / lesson / "docs").iterdir()}
        assert set(there) == wanted
        assert all(text == (ROOT / "docs" / name).read_bytes() for name, text in there.items())
