"""The theatre where no kernel runs: pages of nbconvert and nbgrader, untrusted notebooks, paper, small screens."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat.v4 as v4
import pytest
from axe_playwright_python.sync_playwright import Axe
from nbconvert.exporters import HTMLExporter
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from playwright.sync_api import Page
from traitlets.config import Config

from autograder.plugins import configure
from course.widgets import theatre
from course.widgets.theatre import Story
from tests.browser.server import Server
from tests.browser.stage import live, look, step_through
from tests.theatre.stories import tell, unrolled

# What templates would fetch by themselves is left out, so that a request from outside is one of ours.
THEIRS = re.compile(r"""<(?:script|link)\b[^>]*(?:src|href)=["']https?://[^>]*>""")


def executed(*shown: Any) -> Any:
    """A notebook whose cells have been run."""
    cells = [v4.new_markdown_cell("# A lesson")]
    for nth, one in enumerate(shown, start=1):
        output = v4.new_output("execute_result", one._repr_mimebundle_(), execution_count=nth)
        cells.append(v4.new_code_cell("theatre.show(story)", outputs=[output], execution_count=nth))
    notebook = v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return notebook


def by_nbconvert(notebook: Any, folder: Path) -> str:
    return THEIRS.sub("", str(HTMLExporter().from_notebook_node(notebook)[0]))


def by_nbgrader(notebook: Any, folder: Path, ours: bool = False) -> str:
    """Write a feedback page with our settings; nbgrader's own page, unless ``ours``."""
    c = Config()
    configure(c)
    if not ours:
        c.GenerateFeedback.pop("exporter_class")
        c.GenerateFeedback.pop("preprocessors")
    converter = GenerateFeedback(coursedir=CourseDirectory(root=str(folder), config=c), config=c)
    exporter = converter.exporter_class(parent=converter, config=converter.config)
    if ours:
        exporter.register_preprocessor("autograder.plugins.feedback.LayOut", enabled=True)
    told = {"student": "ann", "assignment": "l01", "notebook": "l01", "score": 0, "max_score": 0, "late_penalty": 0}
    return THEIRS.sub(
        "", str(exporter.from_notebook_node(notebook, {"nbgrader": told, "metadata": {"name": "l01"}})[0])
    )


def show(page: Page, text: str, folder: Path) -> None:
    file = folder / "page.html"
    file.write_text(text, encoding="utf-8")
    page.goto(file.as_uri())


def bare(*shown: Any) -> str:
    """The outputs alone on a page."""
    style = ":root{color-scheme:light dark}body{background:Canvas}"
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>t</title><style>{style}</style>'
    return f"{head}<main><h1>A page</h1>{''.join(one.html() for one in shown)}</main>"


@pytest.mark.parametrize(("name", "export"), [("nbconvert", by_nbconvert), ("nbgrader", by_nbgrader)])
def test_pages_are_live(
    name: str,
    export: Callable[[Any, Path], str],
    stories: dict[str, Story],
    seen: Callable[..., Any],
    shoot: Callable[[Page, str], None],
    tmp_path: Path,
) -> None:
    page = seen().page
    show(page, export(executed(*map(theatre.show, stories.values())), tmp_path), tmp_path)
    stages = live(page, len(stories))
    for nth, story in enumerate(stories.values()):
        step_through(stages.nth(nth), story)
    stages.first.locator("input[type=range]").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert look(stages.first)["at"] == 1
    shoot(page, name)


def test_widgets_give_way_to_html_on_nbgraders_page(tmp_path: Path) -> None:
    """`display_data_priority`: what a widget shows without a kernel is its HTML."""
    output = v4.new_output(
        "display_data",
        {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/html": "<i>the fallback</i>"},
    )
    notebook = executed()
    notebook.cells.append(v4.new_code_cell("bench", outputs=[output]))
    assert "<i>the fallback</i>" in by_nbgrader(notebook, tmp_path)


def test_our_feedback_page_shows_the_log_and_runs_nothing(
    stories: dict[str, Story], seen: Callable[..., Any], tmp_path: Path
) -> None:
    page = seen().page
    notebook = executed()
    shown = v4.new_output("display_data", theatre.show(stories["diamond"])._repr_mimebundle_())
    notebook.cells.append(v4.new_code_cell("display(theatre.show(story))", outputs=[shown]))
    show(page, by_nbgrader(notebook, tmp_path, ours=True), tmp_path)
    assert "ExpBackward0 (right) recorded" in page.inner_text("pre >> nth=-1")
    assert page.locator("script").count() == 0


def test_untrusted(server: Server, seen: Callable[..., Any], shoot: Callable[[Page, str], None]) -> None:
    """Opened by somebody else, scripts are taken out: the picture, its text and the table stay."""
    import nbformat

    nbformat.write(executed(theatre.show(tell("diamond"))), server.files / "untrusted.ipynb")
    page = seen().page
    server.open(page, "lab", "untrusted.ipynb")
    image = page.locator(".jp-OutputArea img")
    image.wait_for()
    assert "ExpBackward0" not in str(image.get_attribute("alt"))
    assert "4 operations" in str(image.get_attribute("alt"))
    assert image.evaluate("i => i.complete && i.naturalWidth > 200")
    page.locator(".jp-OutputArea summary").click()
    assert "ExpBackward0 (right) runs" in page.locator(".jp-OutputArea table").inner_text()
    assert page.locator(".gst[data-live]").count() == 0
    shoot(page, "untrusted")


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing(
    dark: bool, seen: Callable[..., Any], shoot: Callable[[Page, str], None], tmp_path: Path
) -> None:
    page = seen(dark=dark).page
    shown = [theatre.show(tell("inplace_error")), theatre.compare(tell("hooks"), tell("detach"))]
    show(page, bare(*shown), tmp_path)
    first = live(page, 2).first
    first.evaluate("root => root.theatre.to(99)")
    first.locator(".node.failed").click()
    for summary in page.locator("summary").all():
        summary.click()
    page.wait_for_timeout(400)  # colours that fade are measured where they end
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()
    shoot(page, f"axe-{'dark' if dark else 'light'}")


def test_twice_the_size_nothing_is_cut_off(
    seen: Callable[..., Any], shoot: Callable[[Page, str], None], tmp_path: Path
) -> None:
    """At 200 % a window of 1100 is one of 550; a telephone has 360."""
    for width in (550, 360):
        page = seen(viewport={"width": width, "height": 700}, device_scale_factor=2).page
        show(page, bare(theatre.show(tell("two_losses"))), tmp_path)
        live(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for control in page.locator(".live button, .live select").all():
            box = control.bounding_box()
            assert box
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
            assert min(box["width"], box["height"]) >= 24, "large enough for a finger"
        shoot(page, f"narrow-{width}")


def test_touch_and_mouse_move_the_stage(seen: Callable[..., Any], tmp_path: Path) -> None:
    page = seen(has_touch=True).page
    show(page, bare(theatre.show(tell("diamond"))), tmp_path)
    stage = live(page).first
    box = stage.locator("svg").bounding_box()
    view = "root => root.querySelector('svg').getAttribute('viewBox')"
    before = stage.evaluate(view)
    page.mouse.move(box["x"] + 9, box["y"] + 9)
    page.mouse.down()
    page.mouse.move(box["x"] + 99, box["y"] + 49, steps=4)
    page.mouse.up()
    moved = stage.evaluate(view)
    assert moved != before
    stage.get_by_role("button", name="zoom in").click()
    assert float(stage.evaluate(view).split()[2]) < float(moved.split()[2])
    stage.get_by_role("button", name="show the whole graph").click()
    fitted = stage.locator(".node:not(.off)").all()
    assert len(fitted) == 5
    svg = stage.locator("svg").bounding_box()
    for node in fitted:
        at = node.bounding_box()
        assert at
        assert svg["x"] <= at["x"]
        assert at["x"] + at["width"] <= svg["x"] + svg["width"]
    stage.locator(".node").first.tap()
    assert stage.locator(".panel").is_visible()


def test_less_motion_where_it_is_asked_for(seen: Callable[..., Any], tmp_path: Path) -> None:
    for motion, seconds in (("reduce", "0s"), ("no-preference", "0.25s")):
        page = seen(reduced_motion=motion).page
        show(page, bare(theatre.show(tell("diamond"))), tmp_path)
        node = live(page).locator(".node").first
        assert node.evaluate("n => getComputedStyle(n).transitionDuration") == seconds


def test_paper_shows_the_picture(seen: Callable[..., Any], tmp_path: Path) -> None:
    page = seen().page
    show(page, bare(theatre.show(tell("diamond"))), tmp_path)
    live(page)
    assert not page.locator(".gst img").is_visible()
    page.emulate_media(media="print")
    assert page.locator(".gst img").is_visible()
    assert not page.locator(".gst .live").is_visible()


def test_hostile_texts_run_nothing(seen: Callable[..., Any], tmp_path: Path) -> None:
    from tests.theatre.test_stage_html import nasty

    page = seen().page
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    show(page, bare(theatre.show(nasty()), theatre.compare(nasty(), tell("inplace_error"))), tmp_path)
    stages = live(page, 2)
    for at in range(16):
        stages.first.evaluate("(root, at) => root.theatre.to(at)", at)
    stages.first.locator(".node").first.click()
    page.wait_for_timeout(200)
    assert dialogs == []
    assert page.locator(".gst img[src='x']").count() == 0


def test_a_comparison_marks_the_first_difference(
    seen: Callable[..., Any], shoot: Callable[[Page, str], None], tmp_path: Path
) -> None:
    page = seen().page
    shown = theatre.compare(tell("diamond"), tell("two_losses"))
    show(page, bare(shown), tmp_path)
    stage = live(page).first
    stage.get_by_role("button", name="go to the first difference").click()
    says = stage.locator("output").inner_text()
    assert says.startswith("First difference: only diamond tells: MulBackward0 (left) recorded")
    assert "Nothing of this in two losses" in says
    assert stage.locator(".tick").is_visible()
    assert stage.locator("svg").count() == 2
    shoot(page, "compare")


def test_a_large_graph_shows_a_part_first(
    seen: Callable[..., Any], shoot: Callable[[Page, str], None], tmp_path: Path
) -> None:
    story = unrolled(200)
    page = seen().page
    show(page, bare(theatre.show(story)), tmp_path)
    stage = live(page).first
    drawn = stage.locator(".node").count()
    assert 5 < drawn < 300
    assert f"{len(story.nodes)} nodes: {drawn} of " in stage.locator("small").inner_text()
    stage.evaluate("root => root.theatre.to(2500)")
    assert stage.locator(".node.now").first.is_visible()
    shoot(page, "large")
    stage.get_by_role("button", name="show the whole graph").click()
    page.wait_for_function("document.querySelectorAll('.node').length > 1500", timeout=20_000)
