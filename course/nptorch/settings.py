"""Settings of torch's that a program may make at its top; kept, and without effect here.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/torch.html#utilities
"""

from __future__ import annotations

from dataclasses import dataclass

from course.nptorch.dtypes import cpu, device

PRECISIONS = ("highest", "high", "medium")


@dataclass
class _Settings:
    threads: int = 1
    deterministic: bool = False
    precision: str = "highest"


_now = _Settings()


def set_num_threads(int: int, /) -> None:  # noqa: A002 - torch's name
    """Keep a number of threads; NumPy decides for itself how many it uses.

    Raises
    ------
    RuntimeError
        If it is not positive.
    """
    if int < 1:
        raise RuntimeError("set_num_threads expects a positive integer")
    _now.threads = int


def get_num_threads() -> int:
    """Return what `set_num_threads` was told last; 1 at first."""
    return _now.threads


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Ask for what is the case anyway: the same program gives the same numbers."""
    _now.deterministic = mode


def are_deterministic_algorithms_enabled() -> bool:
    """Return what `use_deterministic_algorithms` was told last."""
    return _now.deterministic


def set_float32_matmul_precision(precision: str) -> None:
    """Keep a precision; products are always computed in full."""
    if precision in PRECISIONS:
        _now.precision = precision


def get_float32_matmul_precision() -> str:
    """Return what `set_float32_matmul_precision` was told last."""
    return _now.precision


def get_default_device() -> device:
    """Return the CPU."""
    return cpu
