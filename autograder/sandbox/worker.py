"""A warm server on the judge's side: started once, asked for a fresh process whenever one is needed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from autograder.sandbox import bubble, limits, visible
from autograder.sandbox.inside.wire import Broken, Wire
from autograder.sandbox.layers import probe
from autograder.sandbox.view import view

MESSAGE = 2**20  # bytes of one message to this process; the largest honest one has a thirtieth of it
START = 60.0  # seconds that the server may take to load NumPy and the engine
INSIDE = "/gradschool"  # where the view is, in bubblewrap
_BOOT = "import sys, json, runpy; sys.path[:0] = json.loads(sys.argv[1])['path']; "
_BOOT += "runpy.run_module('autograder.sandbox.inside.server', run_name='__main__', alter_sys=True)"


class Worker:
    """One warm server, for the notebooks of one lesson.

    Parameters
    ----------
    given : Path, optional
        The folder with the parts of earlier lessons, which are plugged in before anyone's code runs.

    Raises
    ------
    Broken
        If the server does not start.
    """

    def __init__(self, given: Path | None = None) -> None:
        self._given = given
        self.sandbox = ""  # which layers are on, in one line
        self.starts = 0  # how often a server was started
        self._folder = Path(tempfile.mkdtemp(prefix="gradschool-"))
        self._server: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._start()

    def _start(self) -> None:
        self.starts += 1
        ours, theirs = socket.socketpair()
        quiet = None if os.environ.get("GRADSCHOOL_DEBUG") else subprocess.DEVNULL
        layers = probe()
        self.sandbox = str(layers)
        seen = view(self._given)
        if "bubblewrap" in layers.on:
            show = {f"{INSIDE}/{name}": real for name, real in seen.entries.items()}
            command = self._command(theirs.fileno(), INSIDE, "/tmp", [])
            self._server = bubble.start(command, show, [theirs.fileno()], stdout=quiet, stderr=quiet)
        else:
            shutil.rmtree(self._folder / "view", ignore_errors=True)
            seen.lay(self._folder / "view")
            scratch = self._folder / "scratch"
            scratch.mkdir(mode=0o711, exist_ok=True)
            readable = [str(self._folder / "view"), *(str(real) for real in seen.entries.values())]
            command = self._command(theirs.fileno(), str(self._folder / "view"), str(scratch), readable)
            self._server = subprocess.Popen(
                command,
                pass_fds=[theirs.fileno()],
                env=limits.environment(scratch),
                stdin=subprocess.DEVNULL,
                stdout=quiet,
                stderr=quiet,
                start_new_session=True,
            )
        theirs.close()
        ours.settimeout(START)
        self._control = ours
        if self._answer(1) != b"+":
            self.close()
            raise Broken("the sandbox's server did not start")

    def _command(self, control: int, inside: str, scratch: str, readable: list[str]) -> list[str]:
        """Return the command that starts the server, with the view at ``inside``."""
        settings: dict[str, Any] = {
            "control": control,
            "path": [inside],
            "warm": ["numpy.linalg", "course.nptorch"],
            "given": f"{inside}/given" if self._given is not None and self._given.is_dir() else "",
            "scratch": scratch,
            "readable": readable,
            "needed": [name for name in ("rlimits", "landlock", "seccomp") if name in probe().on],
        }
        return [visible.python(), "-I", "-S", "-B", "-c", _BOOT, json.dumps(settings)]

    def _answer(self, size: int = 4096) -> bytes:
        assert self._control is not None
        try:
            return self._control.recv(size)
        except OSError:
            return b""

    @contextmanager
    def process(self) -> Iterator[Student]:
        """Fork a process for one conversation; when the block ends it is dead."""
        student = self._fork()
        try:
            yield student
        finally:
            self._end(student)

    def _fork(self) -> Student:
        for _ in range(2):  # a server that somebody killed is started again
            assert self._control is not None
            ours, theirs = socket.socketpair()
            try:
                socket.send_fds(self._control, [b"fork"], [theirs.fileno()])
            except OSError:
                answer = b""
            else:
                answer = self._answer()
            theirs.close()
            if answer.strip().isdigit():
                return Student(Wire(ours, MESSAGE), int(answer))
            ours.close()
            self._stop()
            self._start()
        raise Broken("the sandbox's server does not fork")

    def _end(self, student: Student) -> None:
        student.wire.close()
        assert self._control is not None
        try:
            self._control.sendall(b"kill %d" % student.pid)
            gone = self._answer() == b"-"
        except OSError:
            gone = False
        if not gone:
            self._stop()
            self._start()

    def _stop(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._server is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._server.pid, signal.SIGKILL)
            self._server.kill()
            self._server.wait()

    def close(self) -> None:
        """End the server, and everything that it started."""
        self._stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass
class Student:
    """A process in which a stranger's code runs."""

    wire: Wire
    pid: int
