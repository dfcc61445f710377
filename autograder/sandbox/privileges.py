"""What a process may do by virtue of who it is: user, capabilities, who may look into it, and with whom it dies."""

from __future__ import annotations

import ctypes
import functools
import os
import signal
import stat
from collections.abc import Iterable
from pathlib import Path

from autograder.sandbox.libc import call, prctl

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38
CAPABILITIES_V3 = 0x20080522

FIRST_USER = 2_000_000_000  # far above accounts, and above what containers and name services hand out
NOBODY = 65534  # where so high a number cannot be used, as in a container with its own few users


def no_new_privileges() -> None:
    """Give up gaining rights by running a set-user-id program; Landlock and seccomp ask for it."""
    prctl(PR_SET_NO_NEW_PRIVS, 1)


def unreadable() -> None:
    """Close this process's /proc entries to others of the same user, forbid tracing it, leave no core."""
    prctl(PR_SET_DUMPABLE, 0)


def die_with_parent(parent: int) -> None:
    """Be killed when the thread that forked this process ends.

    Parameters
    ----------
    parent : int
        The parent's process id, asked for before: it may be gone by now.
    """
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def drop_capabilities() -> None:
    """Give up root's special rights; to give up none is no error."""
    header = (ctypes.c_uint32 * 2)(CAPABILITIES_V3, 0)
    none = (ctypes.c_uint32 * 6)()
    call("capset", header, none)


def become_nobody_else(scratch: Path, readable: Iterable[Path] = ()) -> int | None:
    """Turn root into a user of whom no other process and no other file is.

    Only then does the limit on processes bind, which the kernel waives for root, and are the parent,
    its memory and its files somebody else's.

    Parameters
    ----------
    scratch : Path
        The folder that the new user is to own.
    readable : iterable of Path
        What the new user has to be able to read beside the interpreter.

    Returns
    -------
    int or None
        The user's number; None where nothing was changed: this is not root, root here has not the right,
        or what is needed lies in folders that only root may enter.
    """
    if os.geteuid() != 0 or not _all_enter(scratch) or not in_reach(readable):
        return None
    for user in (FIRST_USER + os.getpid(), NOBODY):
        try:
            os.chown(scratch, user, user)
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
        except OSError:
            continue
        return user
    return None


def in_reach(readable: Iterable[Path] = ()) -> bool:
    """Whether any user may read the interpreter, this package and these; worth asking before a fork."""
    return all(map(_all_read, (Path(os.__file__), Path(__file__), *readable)))


@functools.cache
def _all_read(path: Path) -> bool:
    """Whether any user may read this file, or enter this folder."""
    mode = path.stat().st_mode
    needed = stat.S_IROTH | (stat.S_IXOTH if stat.S_ISDIR(mode) else 0)
    return mode & needed == needed and _all_enter(path)


def _all_enter(path: Path) -> bool:
    """Whether any user may enter the folders that lead here."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents)
