"""Which files Python itself needs: all that is in view in the sandbox beside what the judge puts there."""

from __future__ import annotations

import functools
import os
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

#: Where bubblewrap has run, this is set: then the whole file system is what is meant to be seen.
BUBBLE = "GRADSCHOOL_BUBBLE"

DEVICES = tuple(Path("/dev") / name for name in ("null", "zero", "full", "random", "urandom"))
_MULTIARCH = sysconfig.get_config_var("MULTIARCH") or "none"
_SYSTEM = (
    *(f"/usr/lib/{_MULTIARCH}", f"/lib/{_MULTIARCH}", "/usr/lib/locale", "/usr/lib64", "/lib64"),
    *("/usr/share/zoneinfo", "/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives"),
)
_NO_MULTIARCH = ("/usr/lib", "/lib", "/nix/store")


@dataclass(frozen=True)
class Shown:
    """Files and folders to be seen.

    Attributes
    ----------
    trees : tuple of Path
        Files, and folders with all below them.
    hidden : tuple of Path
        Folders within those that are not to be seen: packages of all kinds, torch among them.
    """

    trees: tuple[Path, ...]
    hidden: tuple[Path, ...]


def python() -> str:
    """Return the interpreter itself, behind the links of a virtual environment."""
    return os.path.realpath(sys.executable)


@functools.cache
def interpreter() -> Shown:
    """Return what this interpreter and its standard library need, without any installed package."""
    base = Path(sys.base_prefix)
    wanted = [Path(python()), Path(sysconfig.get_path("stdlib")), Path(sysconfig.get_path("platstdlib"))]
    wanted += [Path(os.__file__).parent, *(Path(name) for name in _SYSTEM)]
    if base != Path("/usr"):  # its own shared libraries
        wanted += [base / "lib", base / "lib64"]
    if not Path(f"/usr/lib/{_MULTIARCH}").is_dir():
        wanted += [Path(name) for name in _NO_MULTIARCH]
    trees = _outermost(path for path in wanted if path.exists() and not _of_environment(path))
    hidden: set[Path] = set()
    for tree in trees:
        for pattern in ("site-packages", "dist-packages", "python*/site-packages", "python*/dist-packages"):
            hidden.update(tree.glob(pattern))
    return Shown(trees, tuple(sorted(hidden)))


def _of_environment(path: Path) -> bool:
    """Whether this belongs to a virtual environment, which has packages and nothing else."""
    return sys.prefix != sys.base_prefix and path.is_relative_to(sys.prefix)


def _outermost(paths: Iterable[Path]) -> tuple[Path, ...]:
    kept: list[Path] = []
    for path in sorted(set(paths), key=lambda path: len(path.parts)):
        if not any(path.is_relative_to(other) for other in kept):
            kept.append(path)
    return tuple(kept)


def to_read(more: Iterable[Path | str] = ()) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Say what a confined process may read, and what it may only list.

    Parameters
    ----------
    more : iterable of Path
        What is to be read beside what Python needs: the engine, NumPy, the parts of earlier lessons.

    Returns
    -------
    readable, listed : tuple of Path
        Rules can only add: a folder of which something is hidden is listed, and its other entries are readable.
    """
    if BUBBLE in os.environ:
        return _in_bubble(), ()
    return _expanded(tuple(Path(os.path.realpath(path)) for path in more))


@functools.cache
def _in_bubble() -> tuple[Path, ...]:
    return (*(path for path in Path("/").iterdir() if path.name not in {"tmp", "dev"}), *DEVICES)


@functools.cache
def _expanded(more: tuple[Path, ...]) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    shown = interpreter()
    readable: list[Path] = [*more, *DEVICES]
    listed: list[Path] = []
    waiting = list(shown.trees)
    while waiting:
        path = waiting.pop()
        if path in shown.hidden:
            continue
        if any(hidden.is_relative_to(path) for hidden in shown.hidden):
            listed.append(path)
            waiting += path.iterdir()
        else:
            readable.append(path)
    return tuple(readable), tuple(listed)
