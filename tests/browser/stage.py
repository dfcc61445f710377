"""What a live stage on a page can be asked."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page

from course.widgets.theatre import Story
from course.widgets.theatre.labels import size
from course.widgets.theatre.states import State

LIVE = ".gst[data-live]"


def live(page: Page, count: int = 1, timeout: int = 60_000) -> Locator:
    """Wait for so many live stages, and return them."""
    page.wait_for_function(f"document.querySelectorAll('{LIVE}').length >= {count}", timeout=timeout)
    return page.locator(LIVE)


LOOK = """root => ({at: root.theatre.at, looks: root.theatre.looks()[0],
    says: root.querySelector('output').textContent, bytes: root.querySelector('.bytes').textContent,
    seen: [...root.querySelectorAll('.node')].filter(n => getComputedStyle(n).visibility == 'visible').length,
    saved: root.querySelectorAll('.slot.on').length, stale: root.querySelectorAll('.slot.stale').length,
    failed: [...root.querySelectorAll('.node.failed')].map(n => n.textContent),
    cuts: root.querySelectorAll('.line:not(.off) .mark').length,
    hooks: root.querySelectorAll('.hook:not(.off)').length,
    texts: [...root.querySelectorAll('.node:not(.off) text')].map(t => t.textContent)})"""


def look(stage: Locator) -> dict[str, Any]:
    """Return step, sentence and bytes, as a reader sees them, and what each node shows."""
    found: dict[str, Any] = stage.evaluate(LOOK)
    return found


def step_through(stage: Locator, story: Story) -> list[dict[str, Any]]:
    """Go through all steps, forth and back, and hold each against the rules in Python; return what was seen."""
    last = len(story.events)
    seen = stage.evaluate(
        f"""(root, last) => {{
            const look = {LOOK}
            const steps = [...Array(last + 1).keys()]
            const forth = steps.map(at => {{ root.theatre.to(at); return look(root) }})
            const back = steps.reverse().map(at => {{ root.theatre.to(at); return look(root) }})
            return [forth, back.reverse()]
        }}""",
        last,
    )
    forth: list[dict[str, Any]] = seen[0]
    assert forth == seen[1], "the way back shows the same"
    state = State(story)
    for at, shown in enumerate(forth):
        if at:
            state.tell()
            assert shown["says"] == story.events[at - 1]["says"]
        assert shown["looks"] == state.looks(), at
        assert shown["bytes"] == f"{size(state.alive)} saved"
        held = [slot for node in state.nodes for slot in node.slots.values() if not slot.freed]
        assert shown["stale"] == sum(slot.now != slot.version for slot in held)
        assert shown["saved"] + shown["stale"] == len(held)
    return forth
