"""All walls that a process can put around itself, in the order in which they must come."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from autograder.sandbox import landlock, limits, privileges, seccomp, visible
from autograder.sandbox.limits import Limits


class SandboxMissing(RuntimeError):
    """A wall that was asked for cannot be had on this machine."""


def prepare(readable: Iterable[Path | str] = ()) -> None:
    """Get the process ready that will fork the confined ones, before it does so.

    Afterwards it cannot be looked into by processes of the same user, and has found out what every child
    would find out for itself.

    Parameters
    ----------
    readable : iterable of Path
        As for `confine`.
    """
    if sys.platform == "linux":
        privileges.unreadable()
        privileges.in_reach([Path(path) for path in readable])
    visible.to_read(readable)
    if seccomp.machine():
        seccomp.packed()


def confine(
    scratch: Path | str,
    readable: Iterable[Path | str] = (),
    limit: Limits | Mapping[str, int] | None = None,
    keep: Collection[int] = (),
    needed: Collection[str] = (),
) -> tuple[str, ...]:
    """Confine this process for good: to be called in a fresh fork with one thread, before a stranger's code runs.

    Parameters
    ----------
    scratch : Path
        A folder of this process alone, which becomes its home and the only place where it can write.
    readable : iterable of Path
        What it may read beside what Python needs; inside bubblewrap all that is there.
    limit : Limits or mapping, optional
        What it may use; a mapping names those limits that are not to be the usual ones.
    keep : collection of int
        Open files that it keeps. Standard input, output and error lead nowhere unless they are among them.
    needed : collection of str
        Walls without which it must not go on: of "rlimits", "landlock", "seccomp".

    Returns
    -------
    tuple of str
        The walls that stand, of "rlimits", "landlock", "seccomp" and "user".

    Raises
    ------
    SandboxMissing
        If one that is needed does not stand.
    """
    scratch = Path(os.path.realpath(scratch))
    more = [Path(path) for path in readable]
    rights = visible.to_read(more)  # asks the environment, which goes now
    parent = os.getppid()
    limits.settle(scratch)
    limits.own_session()
    limits.close_descriptors(keep)
    up: list[str] = []
    if sys.platform == "linux":
        privileges.no_new_privileges()
        if privileges.become_nobody_else(scratch, more) is not None:
            up.append("user")
        privileges.drop_capabilities()
        # Both are forgotten when the user changes.
        privileges.die_with_parent(parent)
        privileges.unreadable()
    if {"FSIZE", "NOFILE", "CPU", "CORE"} <= set(
        limits.apply(limit if isinstance(limit, Limits) else Limits(**(limit or {})))
    ):
        up.append("rlimits")
    trouble = ""
    try:
        landlock.restrict(rights[0], [scratch, Path(os.devnull)], rights[1])
        up.append("landlock")
    except OSError as error:
        trouble = str(error)
    try:
        seccomp.restrict()
        up.append("seccomp")
    except OSError as error:
        trouble = str(error)
    if missing := [name for name in needed if name not in up]:
        raise SandboxMissing(f"{' and '.join(missing)} could not be put up: {trouble}")
    return tuple(up)
