"""In JupyterLab, a lesson's link to a page of docs/ opens that page, at its heading."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import nbformat

from tests.browser.server import ROOT, Server

LESSON = "l04_graph"


def test_a_claim_opens_at_its_heading(seen: Callable[..., Any], server: Server) -> None:
    folder = server.files / LESSON
    shutil.copytree(ROOT / "release" / LESSON, folder)
    notebook = nbformat.read(folder / f"{LESSON}.ipynb", as_version=4)
    notebook.cells = [cell for cell in notebook.cells if "docs/claims.md#B11" in cell.source]
    nbformat.write(notebook, folder / "links.ipynb")
    page = seen().page
    server.open(page, "lab", f"{LESSON}/links.ipynb")
    page.locator(".jp-RenderedMarkdown details").first.evaluate("answer => { answer.open = true }")
    page.locator(".jp-RenderedMarkdown a", has_text="B11").first.click()
    heading = page.locator(".jp-MarkdownViewer h3", has_text="B11").first
    heading.wait_for(timeout=30_000)
    page.wait_for_function(
        "(heading) => { const {top} = heading.getBoundingClientRect(); return 0 < top && top < 300 }",
        arg=heading.element_handle(),
        timeout=10_000,
    )
