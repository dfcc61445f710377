"""The step-for-step table and its plot on a page of nbconvert, in both themes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat.v4 as v4
import pytest
from axe_playwright_python.sync_playwright import Axe
from nbconvert.exporters import HTMLExporter
from playwright.sync_api import Page

from course.compare import training
from tests.lessons.cells import parts

THEIRS = re.compile(r"""<(?:script|link)\b[^>]*(?:src|href)=["']https?://[^>]*>""")
INKS = """() => {
    const ink = (one, what) => getComputedStyle(one)[what];
    const svg = document.querySelector('svg[role=img]'), page = document.querySelector('caption');
    const letters = [...svg.querySelectorAll('text')], step = letters.find(one => one.textContent.trim() == 'step');
    const spine = svg.querySelector('[id^=patch_] path[style*="currentColor"], [id^=patch_] path[stroke]');
    return {page: ink(page, 'color'), step: ink(step, 'fill'), spine: ink(spine, 'stroke'),
        texts: letters.map(one => one.textContent.trim()), wide: document.documentElement.scrollWidth}
}"""


@pytest.fixture(scope="module")
def shown() -> Iterator[training.Training]:
    with parts(11):
        yield training.table("mlp", "srgan", steps=4)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_table_and_plot_take_the_ink_of_the_page(
    theme: str,
    shown: training.Training,
    seen: Callable[..., Any],
    shoot: Callable[[Page, str], None],
    tmp_path: Path,
) -> None:
    outputs = [v4.new_output("display_data", {"text/html": one._repr_html_()}) for one in (shown, shown.plot())]
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell("# A lesson"), v4.new_code_cell("t", outputs=outputs)])
    page = seen(dark=theme == "dark").page
    file = tmp_path / "page.html"
    file.write_text(THEIRS.sub("", HTMLExporter(theme=theme).from_notebook_node(notebook)[0]), encoding="utf-8")
    page.goto(file.as_uri())
    looks = page.evaluate(INKS)
    assert looks["page"] == looks["step"] == looks["spine"]
    level = sum(map(int, re.findall(r"\d+", looks["page"])[:3])) / 3
    assert (level > 128) is (theme == "dark")
    assert {"MLP", "SRGAN", "nptorch float64", "nptorch float32"} <= set(looks["texts"])
    assert looks["wide"] <= 1100
    page.locator("details").first.locator("summary").click()
    assert page.locator("details >> nth=0 >> table >> tbody tr").count() == 4
    assert page.locator("details >> nth=0 >> u").first.is_visible()
    shoot(page, f"training-{theme}")
    # The rest of the page is nbconvert's own.
    wrong = Axe().run(page, context=".jp-OutputArea-output").response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in wrong] == []
