"""``python -m benchmarks.theatre``: how long the graph theatre takes, in Python and in Chromium.

Graphs are unrolled recurrent nets: five nodes a step, and three leaves that all steps share. Times of Python are CPU
time, the best of five; those of the browser are medians of five, from the moment at which the output is put into the
page to the first frame in which the stage is drawn (two animation frames, so on an idle machine about 20 ms of each
number are waiting).
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from statistics import median
from typing import Any

import course.nptorch as torch
from course.parts import reference
from course.widgets import theatre
from course.widgets.theatre import Story
from course.widgets.theatre.layout import lay_out
from course.widgets.theatre.programs import rnn

TARGETS = {31: (120, 60), 1000: (500, 60), 5000: (None, None)}  # ms to be visible, ms of a step
ROUNDS = 5
# Puts an output into the page as a notebook does (scripts are made anew, or they would not run), and waits.
_PUT = """async text => {
    document.body.textContent = ''
    const frame = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
    await frame()
    const begun = performance.now()
    const box = document.createElement('div')
    box.innerHTML = text
    document.body.append(box)
    const old = box.querySelector('script'), script = document.createElement('script')
    script.textContent = old.textContent
    old.replaceWith(script)
    while (!box.querySelector('[data-live] .node')) await new Promise(done => setTimeout(done, 1))
    await frame()
    return performance.now() - begun
}"""
_STEP = """async to => {
    const root = document.querySelector('[data-live]')
    const begun = performance.now()
    root.theatre.to(to)
    const script = performance.now() - begun
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
    return [script, performance.now() - begun]
}"""
_ALL = """async () => {
    const root = document.querySelector('[data-live]'), begun = performance.now()
    let longest = 0, last = begun
    root.querySelector('[aria-label$="show the whole graph"]').click()
    const note = root.querySelector('small'), over = root.querySelector('svg').lastChild
    const boxes = +/of (\\d+)/.exec(note.textContent)[1]
    while (over.childElementCount < boxes) {
        await new Promise(requestAnimationFrame)
        longest = Math.max(longest, performance.now() - last)
        last = performance.now()
    }
    return [performance.now() - begun, longest]
}"""


def tell(steps: int) -> Story:
    """Record one unrolled net."""
    with torch.use(**reference()), theatre.record("a recurrent net") as story:
        kept = rnn(steps)(torch)
    del kept
    return story


def cpu(act: Any) -> float:
    """Return the best CPU time of a call, in ms."""
    taken = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        act()
        taken.append(1e3 * (time.process_time() - begun))
    return min(taken)


def main() -> int:
    """Measure and print; return 1 where the browser is missing."""
    chromium = shutil.which("chromium")
    if not chromium:
        print("needs Chromium: apt-get install chromium")
        return 1
    from playwright.sync_api import sync_playwright

    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1100, "height": 800})
        for nodes, (to_see, to_step) in TARGETS.items():
            story = tell((nodes - 1) // 5 if nodes > 31 else 5)
            text = theatre.show(story).html()
            layout, whole = cpu(lambda: lay_out(story)), cpu(lambda: theatre.show(story).html())  # noqa: B023
            print(f"\n{len(story.nodes)} nodes, {len(story.events)} events, {len(text.encode()) / 1e3:.1f} kB")
            print(f"  layout {layout:.1f} ms, whole output {whole:.0f} ms (CPU)")
            seen = median(page.evaluate(_PUT, text) for _ in range(ROUNDS))
            print(f"  visible after {seen:.0f} ms" + (f" (target {to_see})" if to_see else ""))
            middle, last = len(story.events) // 2, len(story.events)
            steps = [page.evaluate(_STEP, middle + nth) for nth in range(10)]
            back = [page.evaluate(_STEP, middle + 10 - nth) for nth in range(5)]
            jumps = [page.evaluate(_STEP, to) for to in (0, last, 0, last)]
            for name, taken in (("step", steps[1:]), ("step back", back), ("jump from end to end", jumps)):
                script, frame = (median(part) for part in zip(*taken, strict=True))
                target = f" (target {to_step})" if to_step and name.startswith("step") else ""
                print(f"  {name}: {frame:.0f} ms to the next frame, of which the script {script:.1f} ms{target}")
            if nodes > 300:
                took, longest = page.evaluate(_ALL)
                print(f"  show all: {took:.0f} ms, longest stop of the page {longest:.0f} ms")
        browser.close()
    print(f"\nload {os.getloadavg()[0]:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
