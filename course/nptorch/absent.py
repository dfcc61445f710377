"""What is said when a program asks for something torch has and this engine does not."""

from __future__ import annotations

from typing import Any

COVERED = "tensors on the CPU, autograd, nn, optim, and the operations listed by dir(torch) and dir(torch.Tensor)"


class Absent(NotImplementedError, AttributeError):
    """A name of torch that this engine does not have; ``hasattr`` answers False for it."""


def absent(name: str) -> Absent:
    """Return the error for ``torch.<name>``."""
    return Absent(f"course.nptorch has no torch.{name}; it covers {COVERED}")


def _missing_method(self: Any, name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"'Tensor' object has no attribute '{name}'")
    raise absent(f"Tensor.{name}")


def explain_missing(cls: type) -> None:
    """Make lookups of missing attributes of `cls` raise `Absent`."""
    cls.__getattr__ = _missing_method  # type: ignore[attr-defined]
