"""The few calls into the C library for which Python has no function."""

from __future__ import annotations

import ctypes
import functools
import os
from typing import Any


@functools.cache
def library() -> ctypes.CDLL:
    """Return the C library that this process already uses.

    Raises
    ------
    OSError
        Where there is none that can be asked, as on Windows.
    """
    if os.name != "posix":
        raise OSError("there is no C library to call on this system")
    return ctypes.CDLL(None, use_errno=True)


@functools.cache  # to look one up takes longer than most calls
def _function(name: str) -> Any:
    try:
        return library()[name]
    except AttributeError as error:
        raise OSError(f"the C library has no {name}") from error


def call(name: str, *arguments: object) -> int:
    """Call a function of the C library; a negative result becomes an `OSError`."""
    result = int(_function(name)(*arguments))
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def syscall(number: int, *arguments: object) -> int:
    """Make a system call; integers are passed as wide as a register."""
    wide = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return call("syscall", ctypes.c_long(number), *wide)


def prctl(option: int, *arguments: object) -> int:
    """Call prctl; what is not given is 0, which newer options insist on."""
    wide = [ctypes.c_ulong(value) if isinstance(value, int) else value for value in arguments]
    return call("prctl", ctypes.c_int(option), *wide, *[ctypes.c_ulong(0)] * (4 - len(wide)))
