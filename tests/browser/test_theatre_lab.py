"""The theatre, live, in JupyterLab and in Notebook 7."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from course.widgets.theatre import Story
from tests.browser.server import Server
from tests.browser.stage import LIVE, live, look, step_through
from tests.theatre.stories import TOLD

PROGRAM = """\
import course.nptorch as torch
from course.widgets import theatre

with theatre.record("first steps") as story:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = (x * 2).sum()
theatre.show(story)"""


@pytest.fixture(scope="module")
def prepared(server: Server, stories: dict[str, Story]) -> list[str]:
    """Write one notebook that shows everything; return what its cells show, in order."""
    for name, story in stories.items():
        story.save(server.files / f"{name}.json")
    cells = [f"theatre.show(theatre.Story.load('{name}.json'))" for name in stories]
    both = "theatre.compare(theatre.Story.load('diamond.json'), theatre.Story.load('retain.json'))"
    for kind in ("lab", "notebooks"):
        server.write(f"{kind}.ipynb", [PROGRAM, *cells, both])
    return ["first steps", *stories, "both"]


@pytest.mark.parametrize("kind", ["lab", "notebooks"])
def test_live(
    kind: str,
    server: Server,
    prepared: list[str],
    stories: dict[str, Story],
    seen: Callable[..., Any],
    shoot: Callable[[Page, str], None],
) -> None:
    page = seen().page
    server.open(page, kind, f"{kind}.ipynb")
    server.run_all(page)
    stages = live(page, len(prepared))
    for nth, name in enumerate(prepared):
        if name in stories:
            shown = step_through(stages.nth(nth), stories[name])
            EXPECT[name](shown)
    keyboard(page, stages.nth(1), len(stories["diamond"].events))
    clicks(page, stages.nth(1))
    shoot(page, f"{kind}-light")
    if kind == "lab":
        page.evaluate("() => jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
        page.wait_for_function("document.body.dataset.jpThemeLight == 'false'")
        shoot(page, f"{kind}-dark")
        page.evaluate("() => jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Light'})")


def keyboard(page: Page, stage: Any, last: int) -> None:
    """Every key works wherever the focus is: on a button, on the slider, on a node."""
    for focus in ("button >> nth=0", "input[type=range]", ".node[tabindex='0']"):
        stage.evaluate("root => root.theatre.to(3)")
        stage.locator(focus).focus()
        for key, at in (("ArrowRight", 4), ("ArrowRight", 5), ("ArrowLeft", 4), ("Home", 0), ("End", last)):
            page.keyboard.press(key)
            assert look(stage)["at"] == at, (focus, key)
    page.keyboard.press("Home")
    page.keyboard.press("End")
    stage.locator(".node[tabindex='0']").focus()
    before = page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") != before
    page.keyboard.press("Enter")
    assert stage.locator(".panel").is_visible()
    assert look(stage)["at"] == last
    page.keyboard.press("Space")  # plays from the beginning
    page.wait_for_function(f"document.querySelectorAll('{LIVE}')[1].theatre.at == 1")
    page.keyboard.press("Space")
    at = look(stage)["at"]
    page.wait_for_timeout(1200)
    assert look(stage)["at"] == at, "paused"
    assert page.locator(".jp-Cell").count() == 9, "no key reached the notebook"


def clicks(page: Page, stage: Any) -> None:
    """A click on a node tells of it; the buttons step."""
    stage.evaluate("root => root.theatre.to(10)")
    stage.locator(".node", has_text="ExpBackward0").first.click()
    panel = stage.locator(".panel").inner_text()
    for text in (
        "ExpBackward0",
        "g * result",
        "ExpBackward0 (right) recorded, result",
        "saved result",
        "16 B, version 0",
        "right = x.exp()",
    ):
        assert text in panel
    stage.get_by_role("button", name="step forward").click()
    stage.get_by_role("button", name="step forward").click()
    stage.get_by_role("button", name="step back").click()
    assert look(stage)["at"] == 11


def _diamond(shown: list[dict[str, Any]]) -> None:
    assert (shown[0]["seen"], shown[-1]["seen"]) == (0, 5)
    assert max(one["saved"] for one in shown) >= 3
    assert shown[-1]["saved"] == 0
    assert any("waits: 1 of 2" in one["texts"] for one in shown)


def _two_losses(shown: list[dict[str, Any]]) -> None:
    (failed,) = shown[-1]["failed"]
    assert "ExpBackward0" in failed
    assert "RuntimeError" in failed
    assert any("Trying to backward through the graph a second time" in one["says"] for one in shown)


def _retain(shown: list[dict[str, Any]]) -> None:
    assert any(text.startswith(".grad +=") for text in shown[-1]["texts"])
    assert any(text.startswith(".grad =") for one in shown for text in one["texts"])


def _detach(shown: list[dict[str, Any]]) -> None:
    assert (shown[0]["cuts"], shown[-1]["cuts"]) == (0, 1)
    assert "detached [2]" in shown[-1]["texts"]


def _inplace(shown: list[dict[str, Any]]) -> None:
    assert max(one["stale"] for one in shown) == 3
    assert "v0 not v1" in shown[-1]["texts"]
    assert len(shown[-1]["failed"]) == 1


def _hooks(shown: list[dict[str, Any]]) -> None:
    assert (shown[0]["hooks"], shown[-1]["hooks"]) == (0, 2)


def _grad_of_grad(shown: list[dict[str, Any]]) -> None:
    counts = [one["seen"] for one in shown]
    assert counts == sorted(counts)
    assert counts[-1] == 9


EXPECT: dict[str, Callable[[list[dict[str, Any]]], None]] = dict(
    zip(TOLD, (_diamond, _two_losses, _retain, _detach, _inplace, _hooks, _grad_of_grad), strict=True)
)
