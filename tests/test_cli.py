"""The command line: quick help, plain errors, and a student's copy that nothing overwrites."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from autograder.cli import app
from course.workspace import NoLesson, open_copy, release_folder


def gradschool(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@pytest.fixture
def course_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two released lessons, as a student has it."""
    for lesson in ("l02_engine", "l05_retain_graph"):
        (tmp_path / "release" / lesson / "given").mkdir(parents=True)
        (tmp_path / "release" / lesson / f"{lesson}.ipynb").write_text("released")
        (tmp_path / "release" / lesson / "given" / "l01.py").write_text("given = 1\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_help_is_quick() -> None:
    """`gradschool --help` imports neither torch, NumPy nor nbgrader; half a second is plenty."""
    program = "import sys; from autograder.cli import app; app(['--help'], standalone_mode=False); print(*sys.modules)"
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        seconds.append(time.perf_counter() - started)
    assert min(seconds) < 0.5
    assert "Usage:" in done.stdout
    assert not {"torch", "numpy", "nbgrader", "jupytext"} & set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("command", [c.name or c.callback.__name__ for c in app.registered_commands])
def test_every_command_has_plain_help(command: str) -> None:
    result = gradschool(command, "--help")
    assert result.exit_code == 0
    assert result.output.isascii()


def test_unknown_command_names_itself() -> None:
    result = gradschool("bild")
    assert result.exit_code == 2
    assert "bild" in result.output


# A student's copy


def test_lab_copies_the_first_lesson(course_folder: Path) -> None:
    result = gradschool("lab", "--no-start")
    assert result.exit_code == 0, result.output
    copy = course_folder / "my_course" / "l02_engine"
    assert (copy / "l02_engine.ipynb").read_text() == "released"
    assert (copy / "given" / "l01.py").read_text() == "given = 1\n"
    assert [path.name for path in copy.parent.iterdir()] == ["l02_engine"]


@pytest.mark.parametrize("name", ["5", "l05", "l05_retain_graph"])
def test_lab_finds_a_lesson_by_number_or_name(course_folder: Path, name: str) -> None:
    assert gradschool("lab", name, "--no-start").exit_code == 0
    assert (course_folder / "my_course" / "l05_retain_graph" / "l05_retain_graph.ipynb").is_file()


def test_lab_never_overwrites(course_folder: Path) -> None:
    gradschool("lab", "--no-start")
    mine = course_folder / "my_course" / "l02_engine" / "l02_engine.ipynb"
    mine.write_text("my work")
    (course_folder / "release" / "l02_engine" / "l02_engine.ipynb").write_text("released again")
    assert gradschool("lab", "--no-start").exit_code == 0
    assert mine.read_text() == "my work"


def test_lab_leaves_release_alone(course_folder: Path) -> None:
    gradschool("lab", "--no-start")
    (course_folder / "my_course" / "l02_engine" / "l02_engine.ipynb").write_text("my work")
    assert (course_folder / "release" / "l02_engine" / "l02_engine.ipynb").read_text() == "released"


def test_a_broken_copy_leaves_no_half_lesson(course_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(source: str, target: Path) -> None:
        target.mkdir()
        raise OSError("disk full")

    monkeypatch.setattr("course.workspace.shutil.copytree", breaks)
    with pytest.raises(OSError, match="disk full"):
        open_copy(None, course_folder / "release", course_folder / "my_course")
    assert list((course_folder / "my_course").iterdir()) == []


@pytest.mark.parametrize("name", ["l", "7", "l07_optim", "../release"])
def test_lab_says_which_lessons_there_are(course_folder: Path, name: str) -> None:
    result = gradschool("lab", name, "--no-start")
    assert result.exit_code == 1
    assert f"no released lesson is called {name!r}" in result.stderr
    assert "l02_engine, l05_retain_graph" in result.stderr
    assert not (course_folder / "my_course").exists()


def test_lab_says_when_a_notebook_was_moved_away(course_folder: Path) -> None:
    gradschool("lab", "--no-start")
    (course_folder / "my_course" / "l02_engine" / "l02_engine.ipynb").unlink()
    result = gradschool("lab", "--no-start")
    assert result.exit_code == 1
    assert "has no l02_engine.ipynb" in result.stderr


def test_lab_without_a_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("course.workspace.ROOT", tmp_path)
    with pytest.raises(NoLesson, match="there is no release/ folder"):
        release_folder()
    (tmp_path / "release").mkdir()
    result = gradschool("lab", "--no-start")
    assert result.exit_code == 1
    assert "gradschool build" in result.stderr


def fetch(url: str) -> bytes:
    """Ask a server that says where it is going to be a moment before it is there."""
    deadline = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                return answer.read()
        except urllib.error.URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def test_lab_really_opens_jupyterlab(course_folder: Path) -> None:
    """The server starts, serves the student's folder, and has the student's notebook in it."""
    notebook = course_folder / "release" / "l02_engine" / "l02_engine.ipynb"
    notebook.write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    settings = course_folder / "config"
    settings.mkdir()
    (settings / "jupyter_server_config.py").write_text(
        "c.ServerApp.port = 0\nc.ServerApp.allow_root = True\nc.IdentityProvider.token = 'known'\n"
    )
    env = {**os.environ, "JUPYTER_CONFIG_DIR": str(settings), "JUPYTER_RUNTIME_DIR": str(settings / "run")}
    command = [sys.executable, "-c", "from autograder.cli import app; app()", "lab", "--no-browser"]
    server = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    too_long = threading.Timer(60, server.kill)  # then the log below ends, and the test says what was in it
    too_long.start()
    said = []
    try:
        for line in server.stdout or ():
            said.append(line)
            if "http://127.0.0.1" in line:
                break
        assert "/lab/tree/l02_engine/l02_engine.ipynb" in said[-1], "".join(said)
        base = said[-1][said[-1].index("http://127.0.0.1") :].partition("/lab/tree/")[0]
        assert b"l02_engine.ipynb" in fetch(f"{base}/api/contents/l02_engine?token=known")
    finally:
        too_long.cancel()
        server.terminate()
        server.wait(20)


# Messages


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["scenarios", "nothing.like-this"], "See them all with: gradschool scenarios"),
        (["scenarios", "--lesson", "99"], "See them all with: gradschool scenarios"),
        (["compare", "saved.two-loses"], "similar: saved.two-losses"),
        (["compare", "saved.two-losses", "--parts", "no/such/folder"], "gradschool compare saved.two-losses --parts"),
        (["oracle", "check", "--device", "tpu"], "no device 'tpu'"),
        (["faults", "l99_none"], "no faults are declared for 'l99_none'"),
        (["build", "l99_none"], "no lesson 'l99_none'"),
    ],
)
def test_a_wrong_argument_is_answered_in_words(arguments: list[str], said: str) -> None:
    result = gradschool(*arguments)
    assert result.exit_code == 1
    assert said in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize("command", ["build", "check", "claims", "demo", "faults"])
def test_commands_for_authors_say_so_in_a_students_installation(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("course.workspace.ROOT", tmp_path)
    result = gradschool(command)
    assert result.exit_code == 1
    assert "needs the course's repository" in result.stderr


def test_programs_for_a_gpu_are_listed_and_said_to_need_one() -> None:
    lines = gradschool("scenarios", "cuda.t").stdout.splitlines()
    assert all(line.endswith("(on a GPU)") for line in lines)
    assert any(line.startswith("cuda.two-streams ") for line in lines)


def test_scenarios_are_listed_with_their_question() -> None:
    lines = gradschool("scenarios", "saved.", "--lesson", "5").stdout.splitlines()
    assert lines
    assert all(line.startswith("saved.") and line.isascii() for line in lines)
    assert any(line.split(maxsplit=2)[1:2] == ["5"] and line.endswith("?") for line in lines)


def test_compare_agrees_on_the_reference_and_not_on_null_parts(root: Path, tmp_path: Path) -> None:
    """The exit status says what the table says."""
    right = gradschool("compare", "saved.two-losses")
    assert right.exit_code == 0, right.output
    assert "nptorch agrees with torch-cpu" in right.stdout
    # Parts of the lessons before, and no SavedTensor: nothing is ever freed.
    for part in (root / "course" / "parts").glob("l0[1-4]_*.py"):
        shutil.copy(part, tmp_path)
    wrong = gradschool("compare", "saved.two-losses", "--parts", str(tmp_path))
    assert wrong.exit_code == 1
    assert "DIFFERS" in wrong.stdout


def test_check_names_what_is_stale_and_what_mends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kind of stale file fails the check, with its own command."""
    from course.build import Check

    fresh = {
        "autograder.oracles.check": list,
        "course.build.check": lambda: Check([]),
        "autograder.faults.check": list,
        "course.claims.is_stale": lambda path: False,
        "course.apidocs.stale": lambda folder: [],
    }
    stale = {
        "autograder.oracles.check": (lambda: ["saved.x: not recorded"], "gradschool oracle record"),
        "course.build.check": (lambda: Check(["release/l05 is out of date"]), "gradschool build"),
        "autograder.faults.check": (lambda: ["l05.json is out of date"], "gradschool build"),
        "course.claims.is_stale": (lambda path: True, "gradschool claims"),
        "course.apidocs.stale": (lambda folder: ["torch.md"], "gradschool build"),
    }
    for name, answer in fresh.items():
        monkeypatch.setattr(name, answer)
    assert gradschool("check").exit_code == 0
    for name, (answer, mend) in stale.items():
        monkeypatch.setattr(name, answer)
        result = gradschool("check")
        assert result.exit_code == 1
        assert result.stderr.count("Run: ") == 1
        assert f"Run: {mend}" in result.stderr
        monkeypatch.setattr(name, fresh[name])


def test_build_writes_the_api_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("course.build.build", lambda lessons, say: [])
    monkeypatch.setattr("autograder.faults.write", lambda lessons: [])
    monkeypatch.setattr("autograder.faults.report", lambda: "report")
    monkeypatch.setattr("course.apidocs.write", lambda folder: [folder / "torch.md"])
    result = gradschool("build")
    assert result.stdout.splitlines() == ["docs/api/torch.md", "report"]


def test_demo_refuses_a_folder_that_it_did_not_make(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses() -> None:
        raise FileExistsError("build/demo is not empty and was not made by the demo; remove it yourself")

    monkeypatch.setattr("autograder.demo.run", refuses)
    result = gradschool("demo")
    assert result.exit_code == 1
    assert result.stderr.startswith("gradschool: build/demo is not empty")


def test_report_outside_a_course_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = gradschool("report")
    assert result.exit_code == 1
    assert "no nbgrader course directory" in result.stderr
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\n")
    result = gradschool("report")
    assert result.exit_code == 1
    assert "nbgrader autograde LESSON" in result.stderr
    assert not (tmp_path / "gradebook.db").exists()
