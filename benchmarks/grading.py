"""``python -m benchmarks.grading``: our ways to grade a class beside nbgrader's own, on the same class.

CPU seconds are those of a command with all processes that it starts, in the sandbox too. What a command
costs beside its submissions is measured with a class of one and shown apart.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from autograder.classroom import Example, assemble, examples
from benchmarks.report import table
from course.building.release import generate, nbgrader_in

ROOT = Path(__file__).resolve().parent.parent
LESSON = "l05_retain_graph"
LEFT_OUT = ("fatima", "kofi")  # one loops until the time is up, one is no notebook: neither says anything of speed
SETTINGS = "__file__ = {file!r}\nexec(open(__file__, encoding='utf-8').read())\n{more}\n"
STOCK = "from traitlets.config import Config\nc.Autograde = Config()\n"  # a kernel for each, as nbgrader comes
EVERY = 0.1  # seconds between two looks at the processes
TICK = os.sysconf("SC_CLK_TCK")
GRADSCHOOL = ["-c", "from autograder.cli import app; app()"]
NBGRADER = ["-m", "nbgrader"]


@dataclass
class Cost:
    """What a command took."""

    wall: float
    cpu: float

    def less(self, other: Cost, count: int) -> Cost:
        """Return the cost of each of ``count`` more submissions than another run had."""
        return Cost((self.wall - other.wall) / count, (self.cpu - other.cpu) / count)


@dataclass
class Way:
    """A way to grade: what it costs to start, and for each submission."""

    name: str
    start: Cost
    each: Cost
    count: int


def a_class(size: int) -> list[Example]:
    """Repeat the bundled class, each text a little different, so that nobody's result is another's."""
    known = [one for one in examples(LESSON) if one.student not in LEFT_OUT]
    made = []
    for n in range(size):
        one = known[n % len(known)]
        made.append(replace(one, student=f"s{n:03}_{one.student}"))
    return made


def hand_in(course: Path, pupils: list[Example]) -> None:
    """Put submissions where nbgrader looks for them."""
    name = f"{LESSON}.ipynb"
    for pupil in pupils:
        folder = course / "submitted" / pupil.student / LESSON
        folder.mkdir(parents=True)
        notebook = json.loads(assemble(pupil, course / "release" / LESSON / name, course / "source" / LESSON / name))
        for cell in notebook["cells"]:
            marks = cell["metadata"].get("nbgrader", {})
            if marks.get("solution"):
                text = "".join(cell["source"])
                # An untouched stub with a comment more is still a stub, but no longer "No response.".
                cell["source"] = f"{text}\n# {pupil.student}"
        (folder / name).write_text(json.dumps(notebook, indent=1), encoding="utf-8")


def make_course(bare: Path, place: Path, pupils: list[Example], more: str = "") -> Path:
    """Make a course directory with these submissions."""
    shutil.copytree(bare, place)
    text = SETTINGS.format(file=str(ROOT / "nbgrader_config.py"), more=more)
    (place / "nbgrader_config.py").write_text(text, encoding="utf-8")
    hand_in(place, pupils)
    return place


def run(course: Path, *words: str) -> Cost:
    """Run a command in a course directory and return what it took."""
    env = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    log = course / "log.txt"
    started = time.perf_counter()
    with log.open("wb") as stream:
        process = subprocess.Popen([sys.executable, *words], cwd=course, env=env, stdout=stream, stderr=stream)
        meter = Meter(process.pid)
        code = process.wait()
    wall = time.perf_counter() - started
    cpu = meter.stop()
    if code:
        raise SystemExit(f"{' '.join(words)} ended with {code}:\n{log.read_text(errors='replace')[-2000:]}")
    return Cost(wall, cpu)


class Meter:
    """Adds up the CPU time of a process and all below it, while they live.

    What a process has waited for is in its own account; what is killed together with its parent, as the
    sandbox is, is in nobody's, so the largest sum that was ever seen is taken.
    """

    def __init__(self, pid: int) -> None:
        self.pid, self.most = pid, 0.0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        while not self._end.wait(EVERY):
            self.most = max(self.most, self._sum())

    def _sum(self) -> float:
        parents: dict[int, int] = {}
        ticks: dict[int, int] = {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rpartition(")")[2].split()
            except OSError:  # it has ended meanwhile
                continue
            pid = int(path.parent.name)
            parents[pid], ticks[pid] = int(fields[1]), sum(map(int, fields[11:15]))
        ours = {self.pid}
        while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
            ours |= more
        return sum(ticks.get(pid, 0) for pid in ours) / TICK

    def stop(self) -> float:
        """Return the CPU seconds."""
        self._end.set()
        self._thread.join()
        return self.most


def grades(course: Path) -> dict[str, dict[str, float]]:
    """Return the points of each student for each exercise."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course}/gradebook.db", "gradschool") as book:
        return {
            row.student_id: {grade.name: grade.auto_score for notebook in row.notebooks for grade in notebook.grades}
            for row in book.assignment_submissions(LESSON)
        }


def measure(place: Path, size: int, sample: int) -> tuple[list[Way], list[str]]:
    """Measure all ways; return them, and the students who got other grades than by nbgrader."""
    bare = place / "bare"
    shutil.copytree(ROOT / "source" / LESSON, bare / "source" / LESSON)
    generate(nbgrader_in(bare, ROOT, gradebook=True), bare, [LESSON])
    pupils = a_class(size)
    few = pupils[: sample + 1]
    ways: list[Way] = []

    def add(name: str, one: Cost, many: Cost, count: int) -> None:
        each = many.less(one, count)
        ways.append(Way(name, Cost(one.wall - each.wall, one.cpu - each.cpu), each, count + 1))
        print(f"{name}: {each.wall:.3f} s wall, {each.cpu:.3f} s CPU each", file=sys.stderr, flush=True)

    stock_one = make_course(bare, place / "stock1", pupils[:1], STOCK)
    stock = make_course(bare, place / "stock", few, STOCK)
    autograde = [*NBGRADER, "autograde", LESSON]
    add("nbgrader autograde", run(stock_one, *autograde), run(stock, *autograde), sample)

    plugged_one = make_course(bare, place / "plugged1", pupils[:1])
    plugged = make_course(bare, place / "plugged", few)
    add("nbgrader autograde with the judge", run(plugged_one, *autograde), run(plugged, *autograde), sample)

    grade = [*GRADSCHOOL, "grade", LESSON, "--no-feedback"]
    one = run(make_course(bare, place / "one", pupils[:1]), *grade)
    batch = make_course(bare, place / "batch", pupils)
    add("gradschool grade -j 1", one, run(batch, *grade), size - 1)
    two = run(make_course(bare, place / "two", pupils[:1]), *grade, "-j", "2")
    batch2 = make_course(bare, place / "batch2", pupils)
    add("gradschool grade -j 2", two, run(batch2, *grade, "-j", "2"), size - 1)

    pages = [*NBGRADER, "generate_feedback", LESSON]
    add("nbgrader generate_feedback", run(stock_one, *pages), run(stock, *pages), sample)
    feedback = [*GRADSCHOOL, "merge", LESSON]  # judges nothing, and writes what is missing: the pages
    one = run(place / "one", *feedback)
    add("feedback of gradschool", one, run(batch, *feedback), size - 1)

    right, wrong = grades(stock), []
    for course in (plugged, batch, batch2):
        ours = grades(course)
        wrong += [f"{course.name}: {name}" for name, points in right.items() if ours.get(name) != points]
    return ways, wrong


def shown(ways: list[Way]) -> str:
    """Return the tables: what each way costs, and the ratios beside the targets."""
    rows = [["way", "start-up wall", "CPU", "each wall", "CPU", "submissions"]]
    for way in ways:
        numbers = (way.start.wall, way.start.cpu, way.each.wall, way.each.cpu)
        rows.append([way.name, *(f"{number:.3f} s" for number in numbers), str(way.count)])
    stock, plugged, batch, batch2, pages, feedback = ways
    targets = [
        ("batch over nbgrader, per core", stock.each.cpu / batch.each.cpu, 15),
        ("batch over nbgrader, wall", stock.each.wall / batch.each.wall, 15),
        ("nbgrader with the judge over nbgrader, CPU", stock.each.cpu / plugged.each.cpu, 4),
        ("nbgrader with the judge over nbgrader, wall", stock.each.wall / plugged.each.wall, 4),
        ("a second worker, wall", batch.each.wall / batch2.each.wall, 1.7),
        ("feedback over nbgrader, CPU", pages.each.cpu / feedback.each.cpu, 5),
        ("feedback over nbgrader, wall", pages.each.wall / feedback.each.wall, 5),
    ]
    ratios = [["ratio", "measured", "target", "verdict"]]
    ratios += [[name, f"{got:.2f}", f"{goal:g}", "met" if got >= goal else "missed"] for name, got, goal in targets]
    return f"{table(rows)}\n\n{table(ratios)}"


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; return 1 if a grade differs from nbgrader's."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grading", description=__doc__)
    parser.add_argument("--size", type=int, default=100, help="submissions in the class")
    parser.add_argument("--sample", type=int, default=8, help="of these nbgrader alone grades so many and one")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured")
    options = parser.parse_args(arguments)
    if sys.platform != "linux":
        parser.error("the processes are counted in /proc, which only Linux has")
    with tempfile.TemporaryDirectory(prefix="grading-") as folder:
        ways, wrong = measure(Path(folder), options.size, options.sample)
    load = Path("/proc/loadavg").read_text().split()[0]
    print(f"{os.cpu_count()} cores, load {load}, {options.size} submissions")
    print(shown(ways))
    print("All grades are equal to nbgrader's." if not wrong else "Other grades:\n" + "\n".join(wrong))
    if options.json:
        content: list[dict[str, Any]] = [asdict(way) for way in ways]
        options.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
