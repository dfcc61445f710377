"""A stranger's code behind chosen walls, and what came of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from autograder.sandbox import bubble, layers, visible

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = Path(np.__file__).parents[1]
SHOW = {
    "/view/autograder/sandbox": ROOT / "autograder" / "sandbox",
    "/view/numpy": PACKAGES / "numpy",
} | ({"/view/numpy.libs": PACKAGES / "numpy.libs"} if (PACKAGES / "numpy.libs").exists() else {})

# The server of these tests: it forks one child, which puts up the walls and runs the code.
SERVER = """
import json, os, socket, sys, time
sys.path[:0] = json.loads(sys.argv[1])
given = json.loads(sys.argv[2])
code, walls, secret, beside = given["code"], given["walls"], given["secret"], given["beside"]
judge, address = given["judge"], given["address"]
if "numpy" in code:
    import numpy
from autograder.sandbox import confine, landlock, limits, privileges, scratch, seccomp, visible
folder = scratch.make()
readable = given["readable"]
if "all" in walls:
    confine.prepare(readable)
parent = os.getpid()
pid = os.fork()
if pid:
    status = os.waitpid(pid, 0)[1]
    left = sorted(os.listdir(folder))
    scratch.discard(folder)
    print(json.dumps({"status": status, "left": left, "parent": "alive"}))
    sys.exit()

def stopped(attempt):
    try:
        attempt()
    except BaseException as error:
        print("STOPPED", type(error).__name__, error, flush=True)
    else:
        print("DONE", flush=True)

def call(name, *arguments):
    import ctypes
    function = ctypes.CDLL(None, use_errno=True)[name]
    function.restype = ctypes.c_long if name == "syscall" else ctypes.c_int
    wide = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result = function(*wide)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result

os.chdir(folder)
if "all" in walls:
    up = confine.confine(folder, readable, given["limit"], keep=[1, 2, *given["keep"]])
    print("UP", *up, flush=True)
else:
    if "landlock" in walls or "seccomp" in walls:
        privileges.no_new_privileges()
    if "rlimits" in walls:
        limits.apply(limits.Limits())
    if "landlock" in walls:
        rights = visible.to_read(readable)
        landlock.restrict(rights[0], [folder, visible.Path(os.devnull)], rights[1])
    if "seccomp" in walls:
        seccomp.restrict()
exec(code)
sys.stdout.flush()
os._exit(0)
"""


@dataclass(frozen=True)
class Outcome:
    """What came of it.

    Attributes
    ----------
    printed : list of str
        What the code printed, by line.
    status : int
        How its process ended, as of `os.waitpid`.
    left : list of str
        What was in its folder then.
    parent : str
        "alive" if its parent was.
    """

    printed: list[str]
    status: int
    left: list[str]
    parent: str

    @property
    def signal(self) -> int:
        return os.WTERMSIG(self.status) if os.WIFSIGNALED(self.status) else 0

    @property
    def tried(self) -> list[str]:
        """The names of the attempts that came to an end."""
        return [name for name, _ in self._attempts()]

    @property
    def went_through(self) -> list[str]:
        """The names of those that were not stopped; all, if the parent came to harm."""
        return [name for name, end in self._attempts() if end == "DONE" or self.parent != "alive"]

    def _attempts(self) -> list[tuple[str, str]]:
        """The name of each attempt, and the first word of what it came to."""
        found, name = [], ""
        for line in self.printed:
            word, _, rest = line.partition(" ")
            if word == "TRY":
                name = rest
            elif word in {"STOPPED", "DONE"}:
                found.append((name, word))
        return found


def need(*names: str) -> None:
    """Skip the test where a wall is missing; continuous integration has to have it."""
    found = layers.probe()
    for layer in found.walls:
        if layer.name in names and not layer.on:
            said = f"{layer} ({layer.trouble})"
            if os.environ.get("CI"):
                pytest.fail(said)
            pytest.skip(said)


def behind(
    walls: str,
    code: str,
    *,
    secret: Path | None = None,
    beside: Path | None = None,
    address: object = None,
    limit: dict[str, int] | None = None,
    pass_fds: tuple[int, ...] = (),
    keep: tuple[int, ...] = (),
    env: dict[str, str] | None = None,
) -> Outcome:
    """Run code behind walls.

    Parameters
    ----------
    walls : str
        Names with spaces between: "rlimits", "landlock", "seccomp", "bubblewrap"; "all" for what `confine`
        puts up; "" for none.
    code : str
        What to run. It knows ``stopped(attempt)``, ``call(name, ...)`` for the C library, ``parent``, ``judge``
        (process ids), ``secret``, ``beside`` (files), ``address`` and ``folder``, its own.
    """
    names = walls.split()
    need(*(("rlimits", "landlock", "seccomp") if "all" in names else names))
    wrapped = "bubblewrap" in names
    packages = [str(path) for path in SHOW.values() if path.parent == PACKAGES]
    given = {
        "code": code,
        "walls": names,
        "secret": str(secret or "/etc/passwd"),
        "beside": str(beside or "/etc/passwd"),
        "judge": os.getpid(),
        "address": address,
        "readable": [] if wrapped else [*packages, str(ROOT / "autograder" / "sandbox")],
        "limit": limit or {},
        "keep": list(keep),
    }
    path = ["/view"] if wrapped else [str(ROOT), str(PACKAGES)]
    argv = [visible.python(), "-P", "-S", "-B", "-c", SERVER, json.dumps(path), json.dumps(given)]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        if wrapped:
            process = bubble.start(argv, SHOW, pass_fds, env, stdout=out, stderr=err)
        else:
            whole = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", **(env or {})}
            process = subprocess.Popen(argv, env=whole, pass_fds=pass_fds, stdout=out, stderr=err)
        try:
            process.wait(60)
        finally:
            process.kill()
            process.wait()
        out.seek(0)
        err.seek(0)
        lines = out.read().decode(errors="replace").splitlines()
        said = err.read().decode(errors="replace")
    try:
        end = json.loads(lines[-1])
    except (IndexError, ValueError):
        died = signal.Signals(-process.returncode).name if process.returncode < 0 else process.returncode
        return Outcome([*lines, said], 0, [], f"ended with {died}: {said}")
    return Outcome([*lines[:-1], *said.splitlines()], end["status"], end["left"], end["parent"])


if sys.platform != "linux":
    pytest.skip("the walls of these tests are Linux's", allow_module_level=True)
