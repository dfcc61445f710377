"""Where a measurement comes from: which device, driver and versions made it, and when."""

from __future__ import annotations

import datetime
import importlib
import importlib.util
import platform
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

#: The kinds of device that something can be measured on.
DEVICES = ("cpu", "cuda", "mps")

#: Those that not everybody has, so that what was measured on one is worth recording.
GPUS = ("cuda", "mps")

_ALWAYS = ("date", "device", "hardware", "system", "python", "numpy", "torch")
_ONLY_CUDA = ("driver", "cuda")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def provenance(device: str, dtype: str | None = None) -> dict[str, str]:
    """Say what a measurement that is made here and now comes from.

    Parameters
    ----------
    device
        ``cpu``, ``cuda`` or ``mps``.
    dtype
        The dtype that was measured in, where there is only one.

    Returns
    -------
    dict
        ``date`` (the day in UTC), ``device``, ``hardware`` (the name of the CPU or
        GPU), ``system``, ``python``, ``numpy``, ``torch``, for CUDA also ``driver``
        and ``cuda``, and ``dtype`` if it was given.

    Raises
    ------
    ValueError
        If there is no such kind of device.
    RuntimeError
        If this machine has none of that kind, or no torch to use it with.
    """
    if device not in DEVICES:
        raise ValueError(f"no device {device!r}; there are {', '.join(DEVICES)}")
    torch = importlib.import_module("torch") if importlib.util.find_spec("torch") else None
    if device != "cpu":
        need(torch, device)
    facts = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "device": device,
        "hardware": str(torch.cuda.get_device_name()) if torch and device == "cuda" else processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": str(torch.__version__) if torch else "not installed",
    }
    if torch and device == "cuda":
        facts |= {"driver": _driver(torch), "cuda": str(torch.version.cuda or torch.version.hip)}
    return facts if dtype is None else facts | {"dtype": dtype}


def need(torch: Any, device: str) -> None:
    """See that torch finds a GPU of this kind.

    Raises
    ------
    RuntimeError
        If it does not, or is not installed.
    """
    if torch is None:
        raise RuntimeError(f"{device.upper()} needs torch, which is not installed")
    there = torch.cuda.is_available() if device == "cuda" else torch.backends.mps.is_available()
    if not there:
        raise RuntimeError(f"there is no {device.upper()} device here: torch {torch.__version__} finds none")


def slug(facts: Mapping[str, str]) -> str:
    """Return the name of the hardware as it can name a folder: ``nvidia-h100-80gb-hbm3``."""
    return re.sub(r"[^a-z0-9]+", "-", facts["hardware"].lower()).strip("-")


def title(facts: Mapping[str, str]) -> str:
    """Return what everything says that shows a record: ``recorded on <hardware>, torch <version>, <date>``."""
    return f"recorded on {facts['hardware']}, torch {facts['torch']}, {facts['date']}"


def problems(facts: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with the provenance of a record; an empty list if nothing is."""
    wanted = _ALWAYS + (_ONLY_CUDA if facts.get("device") == "cuda" else ())
    found = [f"provenance lacks {key}" for key in wanted if not facts.get(key)]
    found += [f"provenance: {key} is no text" for key in facts if not isinstance(facts[key], str)]
    if facts.get("device") not in (None, *DEVICES):
        found.append(f"provenance: no device {facts['device']!r}")
    if not found and not _DATE.fullmatch(facts["date"]):
        found.append(f"provenance: {facts['date']!r} is no day of the form 2026-11-22")
    if not found and not all(value.isascii() for value in facts.values()):
        found.append("provenance is not ASCII")
    return found


def processor() -> str:
    """Return the name of this machine's CPU, on an Apple machine that of the chip that is its GPU too."""
    if platform.system() == "Linux":
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    if platform.system() == "Darwin":
        return _said("sysctl", "-n", "machdep.cpu.brand_string") or platform.machine()
    return platform.processor() or platform.machine() or "unknown"


def _driver(torch: Any) -> str:
    """Return the version of the GPU's driver; where no tool tells it, that of CUDA which it brings."""
    told = _said("nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader").splitlines()
    if told:
        return told[0].strip()
    version = int(getattr(torch._C, "_cuda_getDriverVersion", int)())
    return f"for CUDA {version // 1000}.{version % 1000 // 10}" if version else "unknown"


def _said(*command: str) -> str:
    """Return what a small program prints; nothing if it is not there or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
