"""How much a process may use, and what it inherits: the layer that needs nothing but POSIX."""

from __future__ import annotations

import contextlib
import importlib
import os
import tempfile
import threading
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

try:
    resource: Any = importlib.import_module("resource")
except ImportError:  # Windows
    resource = None

MIB = 1 << 20
_MOST_DESCRIPTORS = 1 << 20  # that Linux gives without special rights


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Attributes
    ----------
    memory : int
        Bytes of address space. NumPy and the engine take 0.3 GB of it before anything is computed.
    cpu : int
        Seconds of processor time; who keeps the clock of the wall is the judge.
    file : int
        Bytes in one file.
    descriptors : int
        Open files.
    threads : int
        Threads at one time.
    nice : int
        By how much the process stands back for others.
    """

    memory: int = 2048 * MIB
    cpu: int = 60
    file: int = 64 * MIB
    descriptors: int = 64
    threads: int = 64
    nice: int = 5


def apply(limits: Limits) -> tuple[str, ...]:
    """Set the limits on this process, for good.

    Returns
    -------
    tuple of str
        The names of the limits that are in force; a system may lack some.
    """
    if resource is None:
        return ()
    with contextlib.suppress(OSError):
        os.nice(limits.nice)
    wanted = {
        "CORE": 0,
        "FSIZE": limits.file,
        "NOFILE": limits.descriptors,
        "AS": limits.memory,
        "CPU": limits.cpu,
        "MEMLOCK": 0,  # pages that cannot be swapped out
        "MSGQUEUE": 0,  # bytes in message queues, which outlive their process
        "SIGPENDING": 256,  # also bounds the number of timers
        "RTPRIO": 0,
    }
    done = [name for name, value in wanted.items() if _limit(name, value)]
    if _limit_threads(limits.threads):
        done.append("NPROC")
    return tuple(done)


def _limit(name: str, value: int) -> bool:
    """Set one limit, soft and hard, never above what already holds."""
    number = getattr(resource, f"RLIMIT_{name}", None)
    if number is None:
        return False
    hard = resource.getrlimit(number)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    try:
        resource.setrlimit(number, (value, value))
    except (OSError, ValueError):  # macOS knows names that it then refuses
        return False
    return True


def _limit_threads(threads: int) -> bool:
    """Limit threads by the number that this user may have.

    The kernel counts all the user's threads, on this machine or (since Linux 5.14) in this user namespace.
    How many that are is not always to be seen, so the smallest limit is taken under which one can be started.
    """
    if not hasattr(resource, "RLIMIT_NPROC"):
        return False
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    for others in (0, 512, 2048, 8192, 32768):
        limit = threads + others if hard == resource.RLIM_INFINITY else min(threads + others, hard)
        resource.setrlimit(resource.RLIMIT_NPROC, (limit, hard))
        if _a_thread_starts():
            resource.setrlimit(resource.RLIMIT_NPROC, (limit, limit))
            return True
    resource.setrlimit(resource.RLIMIT_NPROC, (hard, hard))
    return False


def _a_thread_starts() -> bool:
    thread = threading.Thread(target=int)
    try:
        thread.start()
    except RuntimeError:
        return False
    thread.join()
    return True


def own_session() -> None:
    """Leave the parent's session, process group and terminal."""
    if hasattr(os, "setsid"):
        with contextlib.suppress(PermissionError):  # it leads a group already
            os.setsid()


def close_descriptors(keep: Collection[int] = ()) -> None:
    """Close every file this process inherited but those in ``keep``; 0 to 2 then lead nowhere.

    Parameters
    ----------
    keep : collection of int
        Descriptors that stay open.
    """
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        if standard not in keep and standard != nowhere:
            os.dup2(nowhere, standard)
    start = 3
    for kept in sorted(descriptor for descriptor in keep if descriptor > 2):
        os.closerange(start, kept)
        start = kept + 1
    os.closerange(start, _MOST_DESCRIPTORS)


def environment(home: Path | str) -> dict[str, str]:
    """Return all the environment that code in the sandbox has.

    Parameters
    ----------
    home : Path
        Where home and temporary files are.
    """
    one = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"),
        "1",
    )
    return {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "TMPDIR": str(home),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "PYTHONSAFEPATH": "1",  # a module beside the program is not imported for one of the library
        "MALLOC_ARENA_MAX": "2",  # a heap for each thread would use up the address space
        **one,
    }


def settle(scratch: Path) -> None:
    """Make ``scratch`` this process's home, working and temporary folder, and the environment a clean one."""
    os.environ.clear()
    os.environ.update(environment(scratch))
    os.umask(0o077)
    os.chdir(scratch)
    tempfile.tempdir = str(scratch)
