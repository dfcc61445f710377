"""How much memory this process holds, and held at most, in bytes.

Linux tells both at any time; elsewhere only the maximum since the start is known, and `resident`
is that maximum too.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")
RESET = Path("/proc/self/clear_refs")


def resident() -> int:
    """Return the memory this process holds now, without what it has freed already."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)  # glibc keeps small blocks otherwise
    return _field("VmRSS:")


def peak() -> int:
    """Return the most it has held since `reset_peak`."""
    return _field("VmHWM:")


def reset_peak() -> None:
    """Let `peak` start from now, where the system can."""
    try:
        RESET.write_text("5")
    except OSError:
        return


def _field(name: str) -> int:
    if STATUS.exists():
        for line in STATUS.read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
