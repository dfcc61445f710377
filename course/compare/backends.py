"""The engines that a scenario can run on: nptorch, torch on the CPU, torch on CUDA."""

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

NAMES = ("torch-cpu", "torch-cuda", "nptorch")


@dataclass(frozen=True)
class Backend:
    """One engine.

    Attributes
    ----------
    name
        ``nptorch``, ``torch-cpu`` or ``torch-cuda``.
    T
        The module that a scenario gets.
    device
        ``cpu`` or ``cuda``.
    describe
        One line for people: version and hardware.
    """

    name: str
    T: Any
    device: str
    describe: str
    _scope: Callable[[int], AbstractContextManager[None]] = field(repr=False)
    _read: Callable[[Any], Any] = field(repr=False)

    def scope(self, seed: int) -> AbstractContextManager[None]:
        """Seed the engine, choose the device, and put everything back on exit."""
        return self._scope(seed)

    def read(self, value: object) -> NDArray[Any] | None:
        """Return a copy of a tensor's numbers as an array, or None if this is no tensor."""
        return np.array(self._read(value)) if isinstance(value, self.T.Tensor) else None


def backend(name: str) -> Backend:
    """Return one backend by name. torch is imported only here, and only when asked for.

    Raises
    ------
    ValueError
        If there is no backend of this name.
    RuntimeError
        If torch is not installed, or there is no CUDA device.
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
    if not torch.cuda.is_available():
        raise RuntimeError("backend torch-cuda needs a CUDA device, and torch finds none")
    gpu = torch.cuda.get_device_name()
    scope = _torch_scope(torch, "cuda")
    return Backend(name, torch, "cuda", f"torch {torch.__version__}, {gpu}", scope, _read_torch)


def available() -> list[Backend]:
    """Return the backends at hand, the judge (torch on the CPU) first."""
    found = []
    for name in NAMES:
        try:
            found.append(backend(name))
        except RuntimeError:
            continue
    return found


def at_hand() -> tuple[list[Backend], str]:
    """Return the backends to compare on here, and why torch is not among them if it is not.

    While nbgrader grades, comparisons are not what is graded, and importing torch would cost
    more than the whole grading: they run on nptorch alone.
    """
    if os.environ.get("NBGRADER_EXECUTION") == "autograde":
        return [_nptorch()], "torch is not run while nbgrader grades."
    if importlib.util.find_spec("torch") is None:
        return [_nptorch()], "torch is not installed here, so there is nothing to hold this against."
    return available(), ""


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
    return tensor.numpy(force=True)


def _torch_scope(torch: Any, device: str = "") -> Callable[[int], AbstractContextManager[None]]:
    @contextmanager
    def scope(seed: int) -> Iterator[None]:
        devices = list(range(torch.cuda.device_count())) if device else []
        with (
            _warning_always(torch),
            torch.random.fork_rng(devices=devices),
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
