"""The warm server: has NumPy and the engine loaded, and forks one process for each conversation.

``python -m autograder.sandbox.inside.server SETTINGS`` with settings in JSON. It obeys the judge alone,
over a socket that its children close before a stranger's code runs. It holds nothing worth reading: the
parts of earlier lessons, which the student has as well, and no other.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.sandbox import scratch as scratches

_folders: dict[int, Path] = {}  # of each child


def main(settings: dict[str, Any]) -> None:
    """Serve until the judge hangs up."""
    control = socket.socket(fileno=settings["control"])
    begin = _prepared(settings)
    control.sendall(b"+")
    while True:
        try:
            order, descriptors, _, _ = socket.recv_fds(control, 64, 1)
        except OSError:
            return
        if not order:
            return
        verb, _, number = order.decode("ascii").strip().partition(" ")
        if verb == "fork":
            pid = _fork(descriptors[0], control, Path(settings["scratch"]), begin)
            os.close(descriptors[0])
            control.sendall(b"%d\n" % pid)
        else:
            control.sendall(_end(int(number)))


def _prepared(settings: dict[str, Any]) -> Callable[[Path, int], Any]:
    """Load what every child needs, and return what each of them begins with: it confines itself."""
    sys.path[:0] = settings["path"]
    torch = importlib.import_module("course.nptorch")
    for name in settings["warm"]:
        importlib.import_module(name)
    if settings["given"]:
        torch.load_parts(settings["given"])
    for operation in importlib.import_module("course.nptorch.table").OPS.values():
        for needed in range(1, 2**operation.arity):
            operation.plans[needed]  # made at first use, which else would be in each child anew
    _stand_ins()
    inside = importlib.import_module("autograder.sandbox.inside.student")
    confine = importlib.import_module("autograder.sandbox.confine")
    confine.prepare(settings["readable"])
    gc.collect()
    gc.freeze()  # what is there now is shared by all children, and stays untouched

    def begin(scratch: Path, descriptor: int) -> Any:
        confine.confine(scratch, settings["readable"], keep=[descriptor], needed=settings["needed"])
        return inside.Student(inside.Wire(socket.socket(fileno=descriptor)))

    return begin


def _stand_ins() -> None:
    """Names that a lesson imports and that grade nothing in here."""
    grader: Any = sys.modules["autograder"]
    grader.grade = lambda *args, **parts: 0.0
    compare: Any = types.ModuleType("course.compare")
    compare.compare = lambda *args, **options: None
    sys.modules["course.compare"] = compare
    widgets: Any = types.ModuleType("course.widgets")
    widgets.theatre = importlib.import_module("autograder.sandbox.inside.theatre")
    sys.modules["course.widgets"], sys.modules["course.widgets.theatre"] = widgets, widgets.theatre


def _fork(descriptor: int, control: socket.socket, scratch: Path, begin: Callable[[Path, int], Any]) -> int:
    """Start one conversation; return the process that holds it."""
    folder = scratches.make(scratch)
    pid = os.fork()
    if pid:
        _folders[pid] = folder
        return pid
    status = 1
    try:
        control.close()
        begin(folder, descriptor).serve()
        status = 0
    finally:
        os._exit(status)


def _end(pid: int) -> bytes:
    """Kill a process and all it left; answer when it is gone."""
    for kill in (os.kill, os.killpg):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)
    scratches.discard(_folders.pop(pid))
    return b"-"


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
