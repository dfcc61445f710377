"""nbgrader's own pages with this course loaded: formgrader, create assignment, assignment list, validate."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.server import ROOT, TOKEN, Server

LESSON = "l05_retain_graph"
NOTEBOOK = f"{LESSON}/{LESSON}.ipynb"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server in a course directory: one lesson built and released, one submission, an exchange."""
    made = tmp_path_factory.mktemp("course")
    files = made / "files"
    files.mkdir()
    for folder in ("source", "release"):
        shutil.copytree(ROOT / folder / LESSON, files / folder / LESSON)
    shutil.copytree(ROOT / "release" / LESSON, files / "submitted" / "ada" / LESSON)
    exchange = made / "exchange"
    exchange.mkdir(mode=0o777)
    settings = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    settings += f"\nc.CourseDirectory.course_id = 'autograd'\nc.Exchange.root = {str(exchange)!r}\n"
    (files / "nbgrader_config.py").write_text(settings, encoding="utf-8")
    server = Server(made)
    yield server
    server.stop()


def test_formgrader_lists_the_lesson_and_its_submission(
    course: Server, seen: Callable[..., Any], shoot: Callable[[Page, str], None]
) -> None:
    page = seen().page
    page.goto(f"{course.address}/formgrader?token={TOKEN}")
    row = page.locator("tr", has_text=LESSON)
    row.first.wait_for(timeout=60_000)
    shoot(page, "formgrader")
    page.goto(f"{course.address}/formgrader/manage_submissions/{LESSON}?token={TOKEN}")
    page.get_by_text("ada").first.wait_for(timeout=60_000)


def test_create_assignment_shows_points_and_kinds(
    course: Server, seen: Callable[..., Any], shoot: Callable[[Page, str], None]
) -> None:
    page = seen(viewport={"width": 1400, "height": 900}).page
    course.open(page, "lab", f"source/{NOTEBOOK}")
    page.get_by_role("tab", name="Create Assignment").click()
    page.get_by_text("Total points").wait_for(timeout=30_000)
    page.wait_for_function("[...document.querySelectorAll('input')].some(one => one.value == '11')")
    shoot(page, "create-assignment")


def test_validate_says_honestly_that_nothing_is_written(
    course: Server, seen: Callable[..., Any], shoot: Callable[[Page, str], None]
) -> None:
    page = seen().page
    course.open(page, "lab", f"submitted/ada/{NOTEBOOK}")
    page.get_by_role("button", name="Validate").click()
    dialog = page.locator(".jp-Dialog")
    dialog.get_by_text("failed", exact=False).first.wait_for(timeout=90_000)
    shoot(page, "validate")
    assert "Traceback" not in dialog.inner_text()


def test_assignment_list_offers_what_was_released(
    course: Server, seen: Callable[..., Any], shoot: Callable[[Page, str], None]
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "release_assignment", LESSON],
        cwd=course.files,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    page = seen().page
    page.goto(f"{course.address}/lab?reset&token={TOKEN}")
    page.wait_for_function(
        "window.jupyterapp && window.jupyterapp.commands.hasCommand('nbgrader:open-assignment-list')"
    )
    page.evaluate("() => { jupyterapp.commands.execute('nbgrader:open-assignment-list') }")
    page.locator("#released_assignments_list, .released_assignments").get_by_text(LESSON).first.wait_for(timeout=60_000)
    shoot(page, "assignment-list")


def test_the_kernel_needs_no_choosing(course: Server, seen: Callable[..., Any]) -> None:
    """`python3` is what every Jupyter has; another name makes JupyterLab ask."""
    page = seen().page
    course.open(page, "lab", f"release/{NOTEBOOK}")
    assert page.get_by_text("Select Kernel").count() == 0
