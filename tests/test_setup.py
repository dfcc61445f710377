"""What make does before and around its targets. Nothing here installs anything."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.commands import outside_make

TARGETS = ("help", "grade", "test", "lab", "build", "check", "bench", "clean")
pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def make(folder: Path, *arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    env = outside_make()
    if path is not None:
        env["PATH"] = path
    command = [shutil.which("make") or "make", *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def clone(root: Path, tmp_path: Path) -> Path:
    """As much of a fresh clone as make looks at."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(root / name, tmp_path / name)
    return tmp_path


def python_that(folder: Path, name: str, script: str) -> Path:
    """Write an executable that plays an interpreter."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def ready(clone: Path) -> None:
    """Make it look as if everything were installed."""
    python_that(clone / ".venv", "unused", "")
    (clone / ".venv" / ".ready").touch()


def test_help_lists_every_target(clone: Path) -> None:
    listed = make(clone).stdout
    assert [line.split()[1] for line in listed.splitlines()] == list(TARGETS)
    assert listed == make(clone, "help").stdout


@pytest.mark.parametrize("target", [name for name in TARGETS if name not in {"help", "clean"}])
def test_each_target_is_one_line_of_gradschool_or_a_known_tool(clone: Path, target: str) -> None:
    ready(clone)
    (line,) = make(clone, "-n", target).stdout.splitlines()
    tools = [part.split()[0] for part in line.split("&&")]
    known = {f".venv/bin/{tool}" for tool in ("gradschool", "python", "ruff", "mypy")}
    assert set(tools) <= known


@pytest.mark.parametrize("target", ["grade", "test"])
def test_first_run_installs_and_second_does_not(clone: Path, target: str) -> None:
    first = make(clone, "-n", target).stdout
    assert "-m venv .venv" in first
    assert "-m pip install" in first
    assert "-c constraints.txt" in first
    ready(clone)
    started = time.monotonic()
    assert "pip" not in make(clone, "-n", target).stdout
    assert time.monotonic() - started < 3


def test_new_pins_install_again(clone: Path) -> None:
    ready(clone)
    later = time.time() + 10
    os.utime(clone / "constraints.txt", (later, later))
    assert "pip install" in make(clone, "-n", "grade").stdout


def test_an_interrupted_install_is_taken_up_again(clone: Path) -> None:
    """pip fails: make fails, and leaves no stamp that says it had worked."""
    fake = python_that(
        clone / "bin",
        "python3",
        'case "$1 $2" in "-m venv") mkdir -p .venv/bin; printf "#!/bin/sh\\nexit 7\\n" > .venv/bin/python;'
        ' chmod +x .venv/bin/python;; "--version ") echo Python 3.12.0;; esac',
    )
    done = make(clone, "grade", f"PYTHON={fake}")
    assert done.returncode != 0
    assert (clone / ".venv" / "bin" / "python").exists()
    assert not (clone / ".venv" / ".ready").exists()


def test_the_first_fitting_python_is_taken(clone: Path) -> None:
    """python3 is too old, python3.12 fits: that one makes the environment."""
    python_that(clone / "bin", "python3", "exit 1")
    fits = python_that(clone / "bin", "python3.12", 'test "$1" = -c || { echo "used 3.12: $*"; exit 1; }')
    done = make(clone, "grade", f"PYTHON={clone}/bin/python3 {fits}")
    assert "used 3.12: -m venv .venv" in done.stdout


def test_no_fitting_python_is_said_clearly(clone: Path) -> None:
    old = python_that(clone / "bin", "python3", "exit 1")
    done = make(clone, "grade", f"PYTHON={old}")
    assert done.returncode != 0
    assert "no Python 3.11, 3.12 or 3.13" in done.stderr
    assert "make grade PYTHON=" in done.stderr
    assert not (clone / ".venv").exists()


FITS = [("3.10", False), ("3.11", True), ("3.13", True), ("3.14", False)]


@pytest.mark.parametrize(("version", "fits"), FITS)
def test_versions_that_fit(clone: Path, version: str, fits: bool) -> None:
    """The version test in the Makefile is the one of pyproject.toml, run here with a version in its place."""
    text = (clone / "Makefile").read_text()
    test = text.split("-c '")[1].split("'")[0]
    major, minor = version.split(".")
    test = test.replace("sys.version_info[:2]", f"({major}, {minor})")
    assert (subprocess.run([sys.executable, "-c", test], check=False).returncode == 0) is fits


def test_clean_keeps_what_people_made(clone: Path) -> None:
    kept = ("submitted", "autograded", "feedback", "my_course", "my_engine", "source", "release")
    gone = (".venv", "build", "dist", ".pytest_cache")
    for name in (*kept, *gone):
        (clone / name).mkdir()
    (clone / "gradebook.db").touch()
    assert make(clone, "clean").returncode == 0
    assert all((clone / name).exists() for name in (*kept, "gradebook.db"))
    assert not any((clone / name).exists() for name in gone)


def test_ci_runs_the_checks_and_the_readme_tests(root: Path) -> None:
    script = root / ".ci" / "run"
    assert os.access(script, os.X_OK)
    lines = script.read_text(encoding="utf-8").splitlines()
    assert "set -euo pipefail" in lines
    assert lines.index("make check") < lines.index("make test")
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
