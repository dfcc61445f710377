"""The output: small, self-contained, safe, in layers, and nothing at all while nbgrader runs."""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64decode
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from course.widgets import theatre
from course.widgets.theatre import Story, data, html, steps
from course.widgets.theatre.layout import lay_out
from course.widgets.theatre.picture import seen
from tests.theatre.stories import TOLD, tell, unrolled

HERE = Path(html.__file__).parent
NASTY = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'`${alert(1)}&amp;\x00\x1b\ud800"


class Parsed(HTMLParser):
    """Elements, and text outside of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, text: str) -> None:
        self.text += text

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def page(story: Story) -> str:
    return str(theatre.show(story)._repr_mimebundle_()["text/html"])


def played(text: str) -> Any:
    """Unpack what the script gets."""
    (packed,) = re.findall(r'atob\("([A-Za-z0-9+/=]+)"\)', text)
    return json.loads(zlib.decompress(b64decode(packed), -15))


def picture(text: str) -> ElementTree.Element:
    (image, *_) = Parsed(text).all("img")
    kind, _, svg = str(image["src"]).partition(",")
    assert kind == "data:image/svg+xml"
    return ElementTree.fromstring(unquote(svg))


def nasty() -> Story:
    """A story in which every text is hostile."""
    told = json.loads(json.dumps(tell("inplace_error").to_json()))

    def spoil(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: spoil(one, name) for name, one in value.items()}
        if isinstance(value, list):
            return [spoil(one, key) for one in value]
        return NASTY if isinstance(value, str) and key not in ("kind", "engine", "on") else value

    return Story.from_json(spoil(told))


def test_a_view_of_thirty_nodes_is_small() -> None:
    story = unrolled(5)
    assert len(story.nodes) >= 30
    assert len(page(story).encode()) <= 25_000


def test_a_view_of_five_thousand_nodes_can_be_kept_in_a_notebook() -> None:
    assert len(page(unrolled(1000))) < 1_000_000


def test_the_layers_are_there() -> None:
    text = page(tell("diamond"))
    parsed = Parsed(text)
    (image,) = parsed.all("img")
    assert "4 operations, 1 leaves (x)" in str(image["alt"])
    assert parsed.all("details")
    assert text.endswith("</script>")
    words = "".join(picture(text).itertext())
    for name in ("x", "ExpBackward0", "SumBackward0", ".grad = "):
        assert name in words
    for event in tell("diamond").events:
        if event["kind"] in ("record", "run", "free", "accumulate") and event["node"]:
            assert event["says"] in unescape(parsed.text)


@pytest.mark.parametrize("name", TOLD)
def test_every_sentence_reaches_the_script(name: str) -> None:
    """It is in the table, or else it comes with its event."""
    story = tell(name)
    _, _, play = played(page(story))
    events = play["stages"][0]["events"]
    in_table = set(steps.rows_of(story))
    assert len(events) == len(story.events)
    for event, sent in zip(story.events, events, strict=True):
        assert ("says" in sent) == (event["at"] not in in_table)
        assert sent.get("says", event["says"]) == event["says"]


def test_a_long_table_is_cut_and_says_so() -> None:
    story = unrolled(200)
    text = page(story)
    assert text.count("<tr>") == steps.MOST_ROWS + 1
    assert "print(story)" in text
    sent = played(text)[2]["stages"][0]["events"]
    assert sum("says" in event for event in sent) == len(story.events) - steps.MOST_ROWS


@pytest.mark.parametrize("other", [False, True])
def test_no_text_of_a_story_becomes_html(other: bool) -> None:
    story = nasty()
    clean = tell("inplace_error")
    shown = theatre.compare(story, clean) if other else theatre.show(story)
    text = shown.html()
    usual = (theatre.compare(clean, clean) if other else theatre.show(clean)).html()
    tags = [tag for tag, _ in Parsed(text).tags if tag != "b"]
    assert tags == [tag for tag, _ in Parsed(usual).tags if tag != "b"]
    assert "onerror=alert" not in re.sub("&lt;.*?&gt;", "", unquote(text))
    assert text.count("<script>") == text.count("</script>") == 1
    picture(text)  # is still XML
    text.encode()


def test_nothing_is_fetched() -> None:
    text = page(unrolled(5))
    script, style, _ = played(text)
    everything = unquote(text) + script + style
    urls = set(re.findall(r"""(?:https?:|ftp:)?//[\w.-]+\.\w+[^"'\s)<\\]*""", everything))
    assert urls == {"http://www.w3.org/2000/svg"}, "the name of SVG, which is fetched by nobody"
    for word in ("fetch(", "XMLHttpRequest", "import(", "@import", "url(", "eval(", "Function(", "innerHTML"):
        assert word not in script + style, word


def test_script_and_style_survive_the_packing() -> None:
    """Comments and spaces go, texts stay."""
    for name in ("script.js", "style.css"):
        packed = html._asset(name)
        written = (HERE / name).read_text(encoding="utf-8")
        assert 0.5 * len(written) < len(packed) < len(written)
        assert written.isascii()
    texts = re.findall(r'"[^"\n]*"', (HERE / "script.js").read_text(encoding="utf-8"))
    assert [text for text in texts if text not in html._asset("script.js")] == []
    assert "//" not in html._asset("script.js").replace("http://", "")


def test_each_focusable_element_keeps_its_keys() -> None:
    """JupyterLab and Notebook 7 look at the element itself."""
    script = (HERE / "script.js").read_text(encoding="utf-8")
    for line in script.splitlines():
        if re.search(r'h\("(button|input|select)"|tabindex: -1', line):
            assert "...KEEP" in line, line


def test_the_same_story_gives_the_same_bytes() -> None:
    assert page(tell("retain")) == page(Story.from_json(tell("retain").to_json()))


def test_a_terminal_gets_the_log() -> None:
    story = tell("retain")
    assert repr(theatre.show(story)) == str(story)
    assert theatre.show(story)._repr_mimebundle_()["text/plain"] == str(story)


@pytest.mark.parametrize("mode", ["autograde", "validate"])
def test_it_is_closed_while_nbgrader_runs(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", mode)
    monkeypatch.setattr("course.widgets.theatre.align.align", None)
    monkeypatch.setattr(Story, "__str__", None)
    for shown in (theatre.show(tell("retain")), theatre.compare(tell("retain"), tell("hooks"))):
        bundle = shown._repr_mimebundle_()
        assert list(bundle) == ["text/plain"]
        assert bundle["text/plain"] == "(the theatre is closed while nbgrader runs)"


def test_the_empty_story_can_be_shown() -> None:
    assert "0 operations" in page(Story())


def test_a_leaf_with_saved_values_and_a_gradient_has_room_for_both() -> None:
    story = Story.from_json(json.loads(json.dumps(tell("diamond").to_json())))
    before = max(box.h for box in lay_out(story).boxes if box.node == 0)
    story.events.insert(1, {**next(one for one in story.events if one["kind"] == "save"), "node": 0})
    for at, event in enumerate(story.events):
        event["at"] = at
    assert max(box.h for box in lay_out(story).boxes if box.node == 0) > before


def test_lines_and_edges_have_the_same_numbers() -> None:
    story = tell("detach")
    stage = data.stage(story, lay_out(story), ())
    assert [line[3] for line in stage["lines"]] == [0, 2, 0, 1, 0, 0]
    assert [story.nodes[stage["boxes"][line[0]][0]]["id"] for line in stage["lines"]] == [
        e["from"] for e in story.edges
    ]


def test_the_picture_is_around_an_error_at_the_first_node() -> None:
    """Of a graph that is too large for one picture; the first node has the number 0."""
    story = unrolled(60)
    layout = lay_out(story)
    first = next(nth for nth, box in enumerate(layout.boxes) if box.node == 0)
    assert first not in seen(story, layout)
    at = len(story.events)
    error = {"at": at, "kind": "error", "node": 0, "says": "it fails", "error": "ValueError", "text": "it fails"}
    story.events.append(error)
    assert first in seen(story, layout)
