"""The lab bench, live: a switch is turned in the browser, Python runs the program, and the stage changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.server import Server

CELL = """\
import course.nptorch as torch
from course.parts import reference
from course.widgets.bench import bench

torch.use(**reference())
bench("twice")"""


@pytest.mark.parametrize("kind", ["lab", "notebooks"])
def test_turning_a_switch_changes_what_is_shown(
    kind: str, server: Server, seen: Callable[..., Any], shoot: Callable[[Page, str], None]
) -> None:
    server.write(f"bench-{kind}.ipynb", [CELL])
    page: Page = seen().page
    server.open(page, kind, f"bench-{kind}.ipynb")
    server.run_all(page)
    page.wait_for_selector(".gsb .gst[data-live]", timeout=60_000)
    told = page.locator(".gsb-told")
    assert "second time" in told.inner_text()

    box = page.get_by_label("retain_graph=True in the first backward")
    box.focus()
    page.keyboard.press("Space")
    page.wait_for_function("document.querySelector('.gsb-told').innerText.includes('runs to its end')")
    assert "loss.backward(retain_graph=True)" in told.inner_text()
    page.wait_for_selector(".gsb .gst[data-live]")

    page.get_by_label("Engine", exact=True).select_option("torch")
    page.wait_for_timeout(300)
    page.get_by_label("Program", exact=True).focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function("document.querySelector('.gsb-told').innerText.includes('second.backward()')")

    page.keyboard.press("Tab")
    field = page.get_by_label("x", exact=True)
    field.fill("1, what")
    field.press("Enter")
    page.wait_for_function("document.querySelector('.gsb-error[role=alert]').innerText.includes('not numbers')")
    field.fill("3, 4")
    field.press("Enter")
    page.wait_for_function("document.querySelector('.gsb-told').innerText.includes('[3.0, 4.0]')")
    assert page.locator(".gsb-error[role=alert]").inner_text() == ""
    shoot(page, f"bench-{kind}")
