"""Every command in the README is run here, in a copy of the repository and in the README's order.

The commands follow on each other: run the file as a whole. What differs from typing them: `make`
targets are looked up with ``make -n``, and what they run is run; ``gradschool lab`` makes the copy here
and starts JupyterLab in test_cli.py; ``make test`` is this run of pytest, so only the command that it
stands for is looked at; the Windows commands are held against what make runs. A command that is not
listed below fails.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import outside_make

ROOT = Path(__file__).resolve().parent.parent
COPIED = (
    "Makefile",
    "LICENSE",
    "README.md",
    "autograder",
    "constraints.txt",
    "course",
    "docs",
    "nbgrader_config.py",
    "pyproject.toml",
    "release",
    "source",
)
LESSON = "l05_retain_graph"

# What each command must print, and the exit status with which it may end.
RUN: dict[str, tuple[str, int]] = {
    "make grade": ("reference", 0),
    "gradschool lab": ("my_course/l00_watch_it_run/l00_watch_it_run.ipynb", 0),
    "gradschool lab 5": (f"my_course/{LESSON}/{LESSON}.ipynb", 0),
    "gradschool scenarios": ("saved.two-losses", 0),
    "gradschool compare saved.two-losses": ("agrees with torch-cpu", 0),
    f"nbgrader validate my_course/{LESSON}/{LESSON}.ipynb": ("VALIDATION FAILED", 0),
    f"nbgrader generate_assignment --force {LESSON}": ("Updating/creating assignment", 0),
    f"nbgrader autograde {LESSON}": ("Autograding", 0),
    f"nbgrader generate_feedback {LESSON}": ("feedback", 0),
    "nbgrader export": ("grades.csv", 0),
    "gradschool report": ("somebody", 0),
    f"gradschool grade {LESSON} -j 2": ("sandbox:", 0),
    f"gradschool prove {LESSON}": ("faults", 0),
    "python -m build --wheel --no-isolation": ("Successfully built gradschool", 0),
    "gradschool oracle record": ("torch does what was recorded", 0),
    "gradschool build": (f"source/{LESSON}", 0),
    "gradschool claims": ("claims.md", 0),
    f"gradschool faults {LESSON}": ("faults", 0),
    "gradschool check": ("up to date", 0),
}
LOOKED_AT = {"make test": ".venv/bin/python -m pytest -n 2"}
# What is run in place of a command that would not come back, or that the copy cannot set up.
IN_PLACE_OF = {
    "make grade": "gradschool demo",
    "gradschool lab": "gradschool lab --no-start",
    "gradschool lab 5": "gradschool lab 5 --no-start",
}


def blocks(language: str) -> list[str]:
    """Return the commands of the README's code blocks of one language, one a line."""
    found = re.findall(rf"(?ms)^```{language}\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"))
    return [line for block in found for line in block.splitlines()]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with one submission in it: the lesson as it was released."""
    folder = tmp_path_factory.mktemp("readme")
    leave = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=leave)
        else:
            shutil.copy(ROOT / name, folder / name)
    shutil.copytree(folder / "release" / LESSON, folder / "submitted" / "somebody" / LESSON)
    return folder


def run(command: str, tree: Path, *, activated: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a command in the copy, with the programs of this environment and the code of the copy.

    Those that make runs find the environment not activated: none of its programs is on the path.
    """
    program, *rest = command.split()
    tools = str(Path(sys.executable).parent)
    paths = [path for path in os.environ["PATH"].split(os.pathsep) if path != tools]
    search = os.pathsep.join([tools, *paths])
    env = {
        **outside_make(),
        "PATH": search if activated else os.pathsep.join(paths),
        "PYTHONPATH": str(tree),
    }
    found = shutil.which(program, path=search)
    assert found, f"{program} is not installed"
    both = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.run([found, *rest], cwd=tree, env=env, text=True, check=False, **both)


def test_the_blocks_are_found() -> None:
    """The list of commands is not empty because the README's format has changed."""
    every = re.findall(r"(?m)^```(\w*)$", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert set(every) == {"sh", "powershell", ""}
    assert len(blocks("sh")) > 10


def test_no_command_is_without_a_test() -> None:
    assert set(blocks("sh")) == {*RUN, *LOOKED_AT}


@pytest.mark.parametrize("command", [command for command in blocks("sh") if command in RUN])
def test_command(command: str, tree: Path) -> None:
    expected, code = RUN[command]
    if command.startswith("make "):
        assert make_runs(command, tree) == f".venv/bin/{IN_PLACE_OF[command]}"
    done = run(IN_PLACE_OF.get(command, command), tree, activated=not command.startswith("make "))
    assert done.returncode == code, done.stdout
    assert expected in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize("command", sorted(LOOKED_AT))
def test_command_that_is_looked_at(command: str, tree: Path) -> None:
    assert make_runs(command, tree) == LOOKED_AT[command]


def make_runs(command: str, tree: Path) -> str:
    """Say what a make command runs once everything is installed."""
    (tree / ".venv").mkdir(exist_ok=True)
    (tree / ".venv" / ".ready").touch()
    return run(f"{command} -n", tree).stdout.strip()


def test_windows_commands_are_those_that_make_runs(tree: Path) -> None:
    shutil.rmtree(tree / ".venv", ignore_errors=True)
    setup = run("make -n grade", tree).stdout
    windows = [line.replace("\\Scripts\\", "/bin/").replace('"', "'") for line in blocks("powershell")]
    assert windows[0] == "py -m venv .venv"
    assert "-m venv .venv" in setup
    assert windows[1].removeprefix(".venv/bin/python ") in setup.replace("--disable-pip-version-check ", "")
    assert windows[2:] == [make_runs("make grade", tree), make_runs("make test", tree)]


def test_inline_commands_exist(tree: Path) -> None:
    """`make x` and `gradschool x` in the text name targets and commands that there are."""
    text = "".join((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "CONTRIBUTING.md"))
    for target in set(re.findall(r"`make (\w+)`", text)):
        assert run(f"make -n {target}", tree).returncode == 0, target
    for name in set(re.findall(r"`gradschool ([\w-]+)", text)):
        assert run(f"gradschool {name} --help", tree).returncode == 0, name


def test_links_and_folders_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.isascii()
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (ROOT / link).exists(), link
    for row in re.findall(r"(?m)^\| (`.*?) \|", text):
        for folder in re.findall(r"`([^`]+)`", row):
            assert (ROOT / folder).is_dir(), folder
