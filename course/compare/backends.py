"""The engines that a scenario can run on: nptorch, and torch on the CPU, on CUDA, on Apple's GPUs."""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course.compare.provenance import GPUS, need, processor

NAMES = ("torch-cpu", "torch-cuda", "torch-mps", "nptorch")

#: The dtypes in which a program can be run on each kind of device. Apple's GPUs have no float64.
DTYPES = {"cpu": ("float64", "float32"), "cuda": ("float64", "float32"), "mps": ("float32",)}


@dataclass(frozen=True)
class Backend:
    """One engine.

    Attributes
    ----------
    name
        ``nptorch``, ``torch-cpu``, ``torch-cuda`` or ``torch-mps``.
    T
        The module that a scenario gets.
    device
        ``cpu``, ``cuda`` or ``mps``.
    describe
        One line for people: version and hardware.
    """

    name: str
    T: Any
    device: str
    describe: str
    _scope: Callable[[int], AbstractContextManager[None]] = field(repr=False)
    _read: Callable[[Any], Any] = field(repr=False)
    _place: Callable[[Any], str | None] = field(default=lambda tensor: None, repr=False)

    def scope(self, seed: int) -> AbstractContextManager[None]:
        """Seed the engine, choose the device, and put everything back on exit."""
        return self._scope(seed)

    def read(self, value: object) -> NDArray[Any] | None:
        """Return a copy of a tensor's numbers as an array, or None if this is no tensor."""
        return np.array(self._read(value)) if isinstance(value, self.T.Tensor) else None

    def place(self, value: object) -> str | None:
        """Return the kind of device a tensor is on; None where there is only one."""
        return self._place(value)


def backend(name: str) -> Backend:
    """Return one backend by name. torch is imported only here, and only when asked for.

    Raises
    ------
    ValueError
        If there is no backend of this name.
    RuntimeError
        If torch is not installed, or there is no device of this kind.
    """
    if name == "nptorch":
        return _nptorch()
    if name not in NAMES:
        raise ValueError(f"no backend {name!r}; there are {', '.join(NAMES)}")
    if importlib.util.find_spec("torch") is None:
        raise RuntimeError(f"backend {name} needs torch, which is not installed")
    torch = importlib.import_module("torch")
    if name == "torch-cpu":
        return Backend(name, torch, "cpu", f"torch {torch.__version__}, CPU", _torch_scope(torch), _read_torch)
    device = name.removeprefix("torch-")
    need(torch, device)
    return on_device(torch, device, torch.cuda.get_device_name() if device == "cuda" else processor())


def on_device(torch: Any, device: str, hardware: str) -> Backend:
    """Return torch with a default device: what a scenario makes of its inputs is made there.

    Inputs are NumPy arrays, the same for all engines, and ``T.tensor`` copies them to the
    device. An observation then says where its tensor was, so that one in the wrong place shows.

    Parameters
    ----------
    device
        ``cuda`` or ``mps``; for tests also ``cpu``, and ``meta``, where tensors have shapes only.
    hardware
        Its name, for people.
    """
    describe = f"torch {torch.__version__}, {hardware}"
    scope = _torch_scope(torch, device)
    return Backend(f"torch-{device}", torch, device, describe, scope, _read_torch, lambda tensor: tensor.device.type)


def available() -> list[Backend]:
    """Return the backends at hand, the judge (torch on the CPU) first."""
    found = []
    for name in NAMES:
        try:
            found.append(backend(name))
        except RuntimeError:
            continue
    return found


def at_hand(dtype: str = "float64") -> tuple[list[Backend], str]:
    """Return the backends to compare on in this dtype, and why torch is not among them if it is not.

    While nbgrader grades, comparisons are not what is graded, and importing torch would cost
    more than the whole grading: they run on nptorch alone.
    """
    if grading():
        return [_nptorch()], "torch is not run while nbgrader grades."
    if importlib.util.find_spec("torch") is None:
        return [_nptorch()], "torch is not installed here, so there is nothing to hold this against."
    return [one for one in available() if dtype in DTYPES[one.device]], ""


def grading() -> bool:
    """Return whether nbgrader runs this notebook to grade it."""
    return os.environ.get("NBGRADER_EXECUTION") == "autograde"


def _nptorch() -> Backend:
    module = importlib.import_module("course.nptorch")

    @contextmanager
    def scope(seed: int) -> Iterator[None]:
        module.manual_seed(seed)
        yield

    return Backend("nptorch", module, "cpu", f"nptorch, NumPy {np.__version__}", scope, _read_nptorch)


def _read_nptorch(tensor: Any) -> Any:
    # Not tensor.detach().numpy(): detach may be the very part a student is building.
    return tensor._data


def _read_torch(tensor: Any) -> Any:
    # a shape and a dtype, and no numbers to read: of its zeros without memory torch 2.13 dies (segmentation fault)
    if tensor.is_meta or tensor._is_zerotensor():
        return np.zeros(tensor.shape, str(tensor.dtype).rpartition(".")[2])
    return tensor.numpy(force=True)


def _torch_scope(torch: Any, device: str = "") -> Callable[[int], AbstractContextManager[None]]:
    @contextmanager
    def scope(seed: int) -> Iterator[None]:
        # The CPU's random numbers are put back always, a GPU's where it is named.
        gpu = device in GPUS
        named = range(torch.get_device_module(device).device_count()) if gpu else ()
        with (
            _warning_always(torch),
            torch.random.fork_rng(devices=named, device_type=device if gpu else "cuda"),
            torch.device(device) if device else nullcontext(),
            torch.enable_grad(),
        ):
            torch.manual_seed(seed)
            yield

    return scope


@contextmanager
def _warning_always(torch: Any) -> Iterator[None]:
    """Give every warning every time: some come once per process, and each run must see them."""
    before = torch.is_warn_always_enabled()
    torch.set_warn_always(True)
    try:
        yield
    finally:
        torch.set_warn_always(before)
