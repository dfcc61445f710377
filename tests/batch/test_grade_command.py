"""``gradschool grade``: goes on after any end, says what it found, refuses in words."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from typer.testing import CliRunner, Result

from autograder.batch.course import Course, Submission, carry
from autograder.batch.marker import Marker
from autograder.batch.pool import for_a_person
from autograder.batch.result import plain
from autograder.batch.run import Shard, alone, collect
from autograder.batch.shard import checked
from autograder.cli import app
from autograder.sandbox import layers
from autograder.sandbox.transplant import Carried
from tests.batch.conftest import LESSON, hand_in
from tests.batch.rows import rows


def gradschool(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def grade(course: Path, *options: str) -> Result:
    return gradschool("grade", LESSON, "--course", course, "--no-feedback", *options)


def results(course: Path) -> dict[str, int]:
    folder = course / ".gradschool" / "results" / LESSON
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.json")}


def started(course: Path) -> subprocess.Popen[str]:
    """Start grading in a process of its own, and wait for the first result."""
    command = [sys.executable, "-c", "from autograder.cli import app; app()"]
    command += ["grade", LESSON, "--course", str(course), "--no-feedback"]
    root = str(Path(__file__).resolve().parents[2])
    env = {**os.environ, "PYTHONPATH": root}
    # a shell that starts the tests in the background has them ignore Ctrl-C, and they hand that down
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    until = time.monotonic() + 60
    while not results(course) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    assert results(course), process.communicate()
    return process


def slowed(course: Path, student: str) -> None:
    """Let a student's notebook take so long that there is time to end the grading before it is judged."""
    path = course / "submitted" / student / LESSON / f"{LESSON}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cell = next(one for one in notebook["cells"] if one["metadata"].get("nbgrader", {}).get("solution"))
    cell["source"] = ["import time\n", "time.sleep(2)\n", *cell["source"]]
    path.write_text(json.dumps(notebook), encoding="utf-8")


def workers(course: Path) -> list[int]:
    """List the worker processes of a course."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:  # it ended meanwhile
            continue
        if b"autograder.batch.hand" in words and str(course).encode() in words:
            found.append(int(path.parent.name))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_goes_on_after_being_ended(make_course: Callable[..., Path], end: signal.Signals) -> None:
    students = ["ada", "carla", "dmitri", "emeka"]
    course = make_course(students)
    slowed(course, "emeka")
    process = started(course)
    process.send_signal(end)
    out, err = process.communicate(timeout=30)
    if end == signal.SIGINT:
        assert process.returncode == 130
        assert f"to go on: gradschool grade {LESSON}" in err
        assert "Traceback" not in out + err
    until = time.monotonic() + 30
    while workers(course) and time.monotonic() < until:  # one finishes what it has begun
        time.sleep(0.05)
    assert not workers(course)
    assert rows(course) == [], "nothing is written before all is judged"
    before = results(course)
    done = grade(course)
    assert done.exit_code == 0, done.output
    assert 0 < len(before) < len(results(course))
    if f"{len(before)} results known from before" in done.output:  # not if the course was edited meanwhile
        assert {name: results(course)[name] for name in before} == before
    assert f"Written: {len(students)}" in done.output
    assert len([row for row in rows(course) if row[0] == "submission"]) == len(students)


def test_second_run_costs_nothing(make_course: Callable[..., Path]) -> None:
    course = make_course(["kofi", "goran"])
    assert grade(course, "-j", "2").exit_code == 0
    before = results(course), rows(course)
    again = grade(course)
    assert "2 results known from before" in again.output
    assert "Written: 0; unchanged: 2" in again.output
    assert (results(course), rows(course)) == before
    forced = grade(course, "--force")
    assert "Written: 2; unchanged: 0" in forced.output
    assert all(results(course)[name] > then for name, then in before[0].items())
    assert rows(course) == before[1]


def test_the_same_submission_is_judged_once(make_course: Callable[..., Path]) -> None:
    course = make_course(["ben"])
    hand_in(course, "ben", "bea")
    done = grade(course)
    assert len(results(course)) == 1
    assert "Written: 2" in done.output
    assert done.output.isascii()


def test_whatever_the_file_is_called(make_course: Callable[..., Path]) -> None:
    course = make_course([])
    hand_in(course, "goran", "renamed", "My work (1).ipynb")
    hand_in(course, "goran", "several", "one.ipynb")
    hand_in(course, "ada", "several", "two.ipynb")
    (course / "submitted" / "nothing" / LESSON).mkdir(parents=True)
    done = grade(course)
    assert done.exit_code == 0, done.output
    assert "renamed: The notebook was called 'My work (1).ipynb'." in done.output
    assert "several: There are 2 notebooks and none is called" in done.output
    assert f"nothing: There is no {LESSON}.ipynb in this submission." in done.output
    with Gradebook(f"sqlite:///{course}/gradebook.db", "gradschool") as book:
        found = {one.student_id: (one.score, one.needs_manual_grade) for one in book.assignment_submissions(LESSON)}
    assert found == {"renamed": (1.11, False), "several": (0.0, True), "nothing": (0.0, True)}


def test_a_linked_notebook_is_not_followed(make_course: Callable[..., Path]) -> None:
    course = make_course([])
    file = hand_in(course, "ada", "eve")
    file.unlink()
    file.symlink_to(course / "source" / LESSON / f"{LESSON}.ipynb")
    carried = carry(Marker(course, LESSON), Submission("eve", file.parent))
    assert "is a link" in carried.unreadable
    file.rename(file.with_name("other.ipynb"))
    assert "is a link" in carry(Marker(course, LESSON), Submission("eve", file.parent)).unreadable


@pytest.mark.parametrize("stamp", ["yesterday\n", "2026-10-01 12:00:00 ../../../../../../dev/stdin", "9" * 400])
def test_a_time_that_is_no_time_stops_nobody(make_course: Callable[..., Path], stamp: str) -> None:
    course = make_course(["kofi"])
    (course / "submitted" / "kofi" / LESSON / "timestamp.txt").write_text(stamp)
    done = grade(course)
    assert done.exit_code == 0, done.output
    assert "kofi: timestamp.txt holds no time" in done.output


def garbage(course: Path, lines: int) -> None:
    """Hand in what is no notebook, in a way of its own for each number: judged in no time, and no two are the same."""
    folder = course / "submitted" / f"garbage{lines}" / LESSON
    folder.mkdir(parents=True)
    (folder / f"{LESSON}.ipynb").write_text("[" + "\n" * lines)


def test_shards_are_judged_apart_and_merged(make_course: Callable[..., Path]) -> None:
    home = make_course(["goran"], "home")
    (home / ".gradschool").mkdir()
    (home / ".gradschool" / "secret").write_text("the same on all machines")
    pieces, count, marker = (Shard(1, 2), Shard(2, 2)), 0, Marker(home, LESSON)
    handed = collect(Course(home), marker)
    while count < 3 or not all(any(piece.has(one.key) for one in handed) for piece in pieces):
        garbage(home, count := count + 1)
        handed = collect(Course(home), marker)
    away = [home.with_name("one"), home.with_name("two")]
    for nth, course in enumerate(away, start=1):
        shutil.copytree(home, course)
        done = grade(course, "--shard", f"{nth}/2")
        assert done.exit_code == 0, done.output
        assert rows(course) == []
    shares = [set(results(course)) for course in away]
    assert all(shares)
    assert not shares[0] & shares[1]
    assert len(shares[0] | shares[1]) == len(handed)

    path = away[1] / ".gradschool" / "results" / LESSON / min(shares[1])
    data = json.loads(path.read_text())
    more = {**data["exercises"], "extra": data["exercises"]["saved-bytes"]}
    path.write_text(json.dumps({**data, "exercises": more}))
    (path.parent / ("0" * 64 + ".json")).write_text("{}")
    part = gradschool("merge", LESSON, *away, "--course", home, "--no-feedback")
    assert part.exit_code == 1
    assert "Refused: " in part.output
    assert "Left alone: 1" in part.output
    assert "No result yet: " in part.output
    path.write_text(json.dumps(data))
    whole = gradschool("merge", LESSON, *away, "--course", home, "--no-feedback")
    assert whole.exit_code == 0, whole.output
    assert f"Results taken over: 1; here already: {len(handed) - 1}" in whole.output
    assert len([row for row in rows(home) if row[0] == "submission"]) == len(handed)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"key": "0" * 64}, "holds another result"),
        ({"lesson": "l02_engine"}, "holds another result"),
        ({"exercises": {}}, "has other exercises"),
        ({"nothing": 1}, "is damaged"),
    ],
)
def test_a_result_that_is_not_what_it_says_is_refused(tmp_path: Path, change: dict[str, object], words: str) -> None:
    result = for_a_person("f" * 64, LESSON, Carried({}), "a reason")
    path = tmp_path / f"{result.key}.json"
    path.write_text(result.to_json())
    assert checked(path, LESSON) == result
    path.write_text(json.dumps({**plain(result), **change}))
    with pytest.raises(ValueError, match=words):
        checked(path, LESSON)


def test_points_that_cannot_be_earned_are_refused(tmp_path: Path) -> None:
    data = plain(for_a_person("f" * 64, LESSON, Carried({}), "a reason"))
    data["exercises"]["saved-bytes"]["points"] = 1000.0
    path = tmp_path / f"{data['key']}.json"
    path.write_text(json.dumps(data))
    with pytest.raises(ValueError, match="cannot be earned"):
        checked(path, LESSON)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["grade", "l99_nothing"], "no lesson 'l99_nothing' has exercises"),
        (["grade", LESSON], "nothing was handed in"),
        (["grade", "l02_engine"], "gradschool build l02_engine"),
        (["grade", LESSON, "--shard", "3/2"], "--shard takes i/n"),
        (["merge", LESSON, "/no/such/folder"], "there is no folder /no/such/folder"),
    ],
)
def test_says_why_it_cannot_start(make_course: Callable[..., Path], arguments: list[str], words: str) -> None:
    done = gradschool(*arguments, "--course", make_course([]))
    assert done.exit_code == 1
    assert words in done.output
    assert "Traceback" not in done.output


def test_no_course_and_no_gradebook(make_course: Callable[..., Path], tmp_path: Path) -> None:
    done = gradschool("grade", LESSON, "--course", tmp_path)
    assert done.exit_code == 1
    assert "it has no nbgrader_config.py" in done.output
    course = make_course(["kofi"])
    with Gradebook(f"sqlite:///{course}/gradebook.db", "gradschool") as book:
        book.remove_assignment(LESSON)
    done = grade(course)
    assert done.exit_code == 1
    assert f"nbgrader generate_assignment {LESSON}" in done.output


def test_only_one_writes(make_course: Callable[..., Path]) -> None:
    course = make_course(["kofi"])
    with alone(Course(course)):
        done = grade(course)
    assert done.exit_code == 1
    assert "somebody else is writing" in done.output
    assert grade(course).exit_code == 0


def test_refuses_without_the_sandbox(make_course: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    course = make_course(["kofi"])
    there = layers.probe()
    absent = layers.Layer("bubblewrap", False, trouble="is not installed", help="apt install bubblewrap")
    less = layers.Layers(there.rlimits, there.landlock, there.seccomp, absent)
    monkeypatch.setattr(layers, "probe", lambda: less)
    done = grade(course, "--require-sandbox", "strict")
    assert done.exit_code == 1
    assert "apt install bubblewrap" in done.output
    assert not results(course)
    done = grade(course)
    assert done.exit_code == 0
    assert "bubblewrap MISSING: apt install bubblewrap" in done.output
