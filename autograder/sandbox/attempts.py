"""What a wall has to stop, tried: how the layers are probed, each alone, in short-lived processes.

``python -m autograder.sandbox.attempts FOLDER`` prints, in JSON, what is wrong with each layer.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from autograder.sandbox import landlock, limits, privileges, seccomp, visible


class WentThrough(Exception):
    """What should have been stopped was not; the text says what."""


@contextlib.contextmanager
def stopped(what: str) -> Iterator[None]:
    """Expect the block to end with an error of the system."""
    try:
        yield
    except OSError:
        return
    raise WentThrough(what)


def try_rlimits(folder: Path) -> None:
    """Set small limits and exceed each."""
    done = limits.apply(limits.Limits(memory=1 << 30, file=1 << 16, descriptors=32, threads=64, nice=0))
    for name in ("AS", "CPU", "FSIZE", "NOFILE"):
        if name not in done:
            raise WentThrough(f"no RLIMIT_{name}")
    with stopped("2 GB of memory"):
        mmap.mmap(-1, 2 << 30).close()
    with stopped("a file of 1 MB"):
        (folder / "large").write_bytes(bytes(1 << 20))
    with stopped("64 open files"):
        [os.dup(2) for _ in range(64)]


def try_landlock(folder: Path) -> None:
    """Read and write in one folder, and fail to do so in the one above."""
    inside = folder / "inside"
    inside.mkdir(exist_ok=True)
    (folder / "secret").write_text("secret")
    privileges.no_new_privileges()
    readable, listed = visible.to_read()
    landlock.restrict(readable, [inside], listed)
    (inside / "file").write_text("text")
    with stopped("reading another folder"):
        (folder / "secret").read_text()
    with stopped("writing in another folder"):
        (folder / "new").write_text("text")


def try_seccomp(folder: Path) -> None:
    """Start a process and open a socket."""
    privileges.no_new_privileges()
    seccomp.restrict()
    with stopped("a new process"):
        if os.fork() == 0:
            os._exit(0)
    with stopped("a socket"):
        socket.socket().close()
    with stopped("a signal to the parent"):
        os.kill(os.getppid(), 0)


def try_bubblewrap(secret: Path, outside: int) -> None:
    """Look for a file, for a process, and for a place to write; this is run in the bubble."""
    with stopped("reading a file outside"):
        secret.read_text()
    with stopped("a signal to a process outside"):
        os.kill(outside, 0)
    with stopped("writing beside /tmp"):
        Path("/new").write_text("text")
    with stopped("a connection"), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.connect(("192.0.2.1", 9))  # sends nothing, but needs a network to exist
    Path("/tmp/new").write_text("text")


def report(attempt: Callable[[], None]) -> str:
    """Try something in a fork; return what is wrong, "" if nothing is."""
    if not hasattr(os, "fork"):
        return f"is not to be had on {sys.platform}"
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        said = "ended without a word"
        try:
            attempt()
            said = ""
        except WentThrough as error:
            said = f"does not stop {error}"
        except BaseException as error:
            said = str(error) or type(error).__name__
        finally:
            os.write(writing, f"+{said}".encode()[:1000])
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        said = stream.read().decode(errors="replace")
    os.waitpid(pid, 0)
    return said[1:] if said.startswith("+") else "the attempt was killed"


def main(folder: Path) -> None:
    """Try each layer that a process can put around itself."""
    attempts = {"rlimits": try_rlimits, "landlock": try_landlock, "seccomp": try_seccomp}
    found = {}
    for name, attempt in attempts.items():
        place = folder / name
        place.mkdir()
        found[name] = report(lambda attempt=attempt, place=place: attempt(place))  # type: ignore[misc]
    print(json.dumps(found))


if __name__ == "__main__":
    if sys.argv[1] == "bubble":
        print(json.dumps({"bubblewrap": report(lambda: try_bubblewrap(Path(sys.argv[2]), int(sys.argv[3])))}))
    else:
        main(Path(sys.argv[1]))
