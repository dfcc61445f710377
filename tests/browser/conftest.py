"""What the browser tests share: Chromium without a network, a Jupyter server, and stories of the sample programs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from course.widgets.theatre import Story
from tests.browser.server import ROOT, Server
from tests.theatre.stories import TOLD, tell

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
SCREENSHOTS = ROOT / "build" / "screenshots"
NOT_OURS = (  # what Jupyter's own pages say on their own
    "filebrowser:open-path",
    "reading 'schema'",
    "favicon",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium that finds no host but this one."""
    if not Path(CHROMIUM).exists():
        if os.environ.get("CI"):
            pytest.fail("no Chromium here; .ci/run installs it")
        pytest.skip("a browser test needs Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        offline = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", offline])
        yield made
        made.close()


class Seen:
    """A page, what it complained of, and what it asked of other hosts."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.outside: list[str] = []
        page.on("console", lambda said: self._complain(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self._complain(str(error)))
        page.on("request", lambda asked: self._asked(asked.url))

    def _complain(self, text: str) -> None:
        if not any(known in text for known in NOT_OURS):
            self.complaints.append(text)

    def _asked(self, url: str) -> None:
        if not url.startswith(("http://127.0.0.1", "file:", "data:", "blob:")):
            self.outside.append(url)


@pytest.fixture
def seen(browser: Browser) -> Iterator[Callable[..., Seen]]:
    """Make pages; at the end, none may have complained or asked outside."""
    made: list[Seen] = []

    def new(dark: bool = False, **options: object) -> Seen:
        scheme = "dark" if dark else "light"
        size = {"width": 1100, "height": 800}
        page = browser.new_context(color_scheme=scheme, **({"viewport": size} | options)).new_page()
        made.append(Seen(page))
        return made[-1]

    yield new
    for one in made:
        one.page.context.close()
    assert [one.complaints for one in made if one.complaints] == []
    assert [one.outside for one in made if one.outside] == []


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("jupyter"))
    yield made
    made.stop()


@pytest.fixture(scope="session")
def stories() -> dict[str, Story]:
    """The story of each sample program."""
    return {name: tell(name) for name in TOLD}


@pytest.fixture(scope="session")
def shoot() -> Callable[[Page, str], None]:
    """Keep a picture of what the page shows, for people to look at."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> None:
        page.wait_for_timeout(350)  # what fades has faded
        page.screenshot(path=SCREENSHOTS / f"{name}.png")

    return take
