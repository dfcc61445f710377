"""Which walls stand on this machine: found by running into each of them, told in one line."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from autograder.sandbox import bubble, landlock, visible
from autograder.sandbox.confine import SandboxMissing

_ROOT = Path(__file__).resolve().parents[2]
_HELP = {
    "rlimits": "grade on Linux",
    "landlock": "Linux 5.13 or newer, with landlock in the kernel's lsm= list",
    "seccomp": "Linux on x86_64 or aarch64, in a container that allows prctl(PR_SET_SECCOMP)",
    "bubblewrap": bubble.HELP,
}
_NO_NAMESPACES = "allow user namespaces: sysctl kernel.unprivileged_userns_clone=1, or"
_NO_NAMESPACES += " kernel.apparmor_restrict_unprivileged_userns=0, or docker run --security-opt seccomp=unconfined"
LEVELS = ("strict", "basic")


@dataclass(frozen=True)
class Layer:
    """One wall.

    Attributes
    ----------
    name : str
        What it is.
    on : bool
        Whether it stopped what it has to stop when that was tried.
    version : str
        Its version, where it has one.
    trouble : str
        Why it is not on.
    help : str
        What would put it up.
    """

    name: str
    on: bool
    version: str = ""
    trouble: str = ""
    help: str = ""

    def __str__(self) -> str:
        if self.on:
            return " ".join(word for word in (self.name, self.version, "on") if word)
        return f"{self.name} MISSING: {self.help}"


@dataclass(frozen=True)
class Layers:
    """The walls of this machine; as text one line.

    Attributes
    ----------
    rlimits, landlock, seccomp, bubblewrap : Layer
        The walls.
    cgroup : str
        The limits that the surrounding container or service sets, "off" if there are none; none are set here.
    """

    rlimits: Layer
    landlock: Layer
    seccomp: Layer
    bubblewrap: Layer
    cgroup: str = "off"

    @property
    def walls(self) -> tuple[Layer, ...]:
        """The walls in order."""
        return (self.rlimits, self.landlock, self.seccomp, self.bubblewrap)

    @property
    def on(self) -> tuple[str, ...]:
        """The names of those that stand."""
        return tuple(layer.name for layer in self.walls if layer.on)

    def __str__(self) -> str:
        return "sandbox: " + " | ".join([*map(str, self.walls), f"cgroup {self.cgroup}"])

    def plain(self) -> dict[str, Any]:
        """Return all of it as plain data, for a result file."""
        return {**{layer.name: asdict(layer) for layer in self.walls}, "cgroup": self.cgroup}

    def lacking(self, level: str) -> tuple[Layer, ...]:
        """Return the walls that would have to be put up for a level.

        Parameters
        ----------
        level : str
            "strict": all four. "basic": rlimits, and either bubblewrap or both Landlock and seccomp.
        """
        if level not in LEVELS:
            raise ValueError(f"no level {level!r}: there is {' and '.join(LEVELS)}")
        missing = tuple(layer for layer in self.walls if not layer.on)
        if level == "basic" and self.rlimits.on and (self.bubblewrap.on or (self.landlock.on and self.seccomp.on)):
            return ()
        return missing


@functools.cache
def probe() -> Layers:
    """Try every wall and return which stand; it takes a few tenths of a second, once for a process."""
    with tempfile.TemporaryDirectory(prefix="walls-") as name:
        folder = Path(name)
        found = _in_processes(folder)
        secret = folder / "secret.txt"
        secret.write_text("secret")
        wrapped = _in_bubble(secret)
    layers = {
        name: Layer(name, not trouble, trouble=trouble, help=_HELP[name] if trouble else "")
        for name, trouble in found.items()
    }
    if layers["landlock"].on:
        layers["landlock"] = Layer("landlock", True, str(landlock.version()))
    return Layers(layers["rlimits"], layers["landlock"], layers["seccomp"], wrapped, _cgroup())


def require(level: str) -> Layers:
    """Return the walls that stand if they are enough.

    Parameters
    ----------
    level : str
        "strict" or "basic"; see `Layers.lacking`.

    Raises
    ------
    SandboxMissing
        If they are not; the text says what would help.
    """
    layers = probe()
    if missing := layers.lacking(level):
        lines = [f"  {layer.name}: {layer.trouble}\n    {layer.help}" for layer in missing]
        raise SandboxMissing("\n".join([f"The sandbox is not {level}: missing are", *lines]))
    return layers


def _in_processes(folder: Path) -> dict[str, str]:
    """Try what a process can put around itself, in a process of its own: this one may have threads."""
    argv = [sys.executable, "-m", "autograder.sandbox.attempts", str(folder)]
    nothing = dict.fromkeys(("rlimits", "landlock", "seccomp"), "")
    try:
        done = subprocess.run(
            argv,
            env={**os.environ, "PYTHONPATH": str(_ROOT), "PYTHONSAFEPATH": "1"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return {**nothing, **json.loads(done.stdout)}
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        return dict.fromkeys(nothing, f"could not be tried: {error}")


def _in_bubble(secret: Path) -> Layer:
    # The package alone, not the checkout: what is tried inside needs no more.
    show = {"/view/autograder/sandbox": Path(__file__).parent}
    argv = [visible.python(), "-S", "-B", "-m", "autograder.sandbox.attempts", "bubble", str(secret), str(os.getpid())]
    try:
        with bubble.start(
            argv, show, env={"PYTHONPATH": "/view"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            out, err = process.communicate(timeout=60)
        trouble = json.loads(out)["bubblewrap"] if out else err.decode(errors="replace").strip()[-300:]
    except bubble.BubbleMissing as error:
        install = not bubble.program()
        return Layer("bubblewrap", False, trouble=str(error), help=bubble.HELP if install else _NO_NAMESPACES)
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        trouble = f"could not be tried: {error}"
    if trouble:
        return Layer("bubblewrap", False, trouble=trouble, help=_NO_NAMESPACES)
    return Layer("bubblewrap", True, bubble.bubblewrap().version)


def _cgroup() -> str:
    """Say what limits on memory and processes surround this process, if any can be seen."""
    said = []
    for name, what in (("memory.max", "bytes"), ("pids.max", "processes")):
        for line in _lines(Path("/proc/self/cgroup")):
            file = Path("/sys/fs/cgroup") / line.rpartition(":")[2].lstrip("/") / name
            value = "".join(_lines(file))
            if value.isdigit():
                said.append(f"{value} {what}")
                break
    return ", ".join(said) or "off"


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
