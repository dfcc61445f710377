"""What a measurement depends on beside the program: the machine, the threads, the precision. All of it is stated."""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from course.compare.provenance import processor

_CGROUP = Path("/sys/fs/cgroup")


def facts(torch: Any | None) -> dict[str, str]:
    """Return what is to be said of this machine, without importing torch where it is not handed in."""
    return {
        "host": f"{processor()}, {_cores()} cores at hand",
        "load": _load(),
        "numpy threads": blas_threads(),
        "torch threads": str(torch.get_num_threads()) if torch else "none",
        "dtype": "float32, TF32 off",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": str(torch.__version__) if torch else "is not run",
    }


def blas_threads() -> str:
    """Say how many threads NumPy multiplies matrices with; everything else it does with one."""
    there = importlib.util.find_spec("threadpoolctl") is not None  # scikit-learn brings it
    found = importlib.import_module("threadpoolctl").threadpool_info() if there else []
    counts = [str(one["num_threads"]) for one in found if one["user_api"] == "blas" and "numpy" in one["filepath"]]
    return f"1, and {counts[0] if counts else 'an unknown number'} for products of matrices"


def memory(torch: Any | None = None, device: str = "cpu") -> float:
    """Return the bytes that are free: of a CUDA device, else of this machine or the container we are in."""
    if torch is not None and device == "cuda":
        return float(torch.cuda.mem_get_info()[0])
    free = [float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))] if _countable() else []
    limit, used = (_CGROUP / name for name in ("memory.max", "memory.current"))
    if limit.is_file() and used.is_file() and (text := limit.read_text(encoding="ascii").strip()) != "max":
        free.append(float(text) - float(used.read_text(encoding="ascii")))
    return min(free, default=4e9)


@contextmanager
def exact(torch: Any | None) -> Iterator[None]:
    """Let torch multiply float32 as float32, not as TF32 or bfloat16, and put back what was set."""
    libraries = [torch.backends.cuda, torch.backends.mkldnn] if torch else []
    switches = [one.matmul for one in libraries if hasattr(one, "matmul")]
    # One switch has had two names, and torch refuses to read the old one after the new one was used.
    named: list[tuple[Any, str, Any]] = [
        (one, "fp32_precision", "ieee") for one in switches if hasattr(one, "fp32_precision")
    ]
    named = named or [(one, "allow_tf32", False) for one in switches if hasattr(one, "allow_tf32")]
    before = [(one, name, getattr(one, name)) for one, name, _ in named]
    for one, name, value in named:
        setattr(one, name, value)
    try:
        yield
    finally:
        for one, name, value in before:
            setattr(one, name, value)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _load() -> str:
    """Say how many programs wanted a core during the last minute: of other people's, this timer knows nothing."""
    return f"{os.getloadavg()[0]:.1f} programs wanted a core" if hasattr(os, "getloadavg") else "unknown"


def _countable() -> bool:
    return "SC_AVPHYS_PAGES" in getattr(os, "sysconf_names", {})
