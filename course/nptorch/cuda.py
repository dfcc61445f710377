"""``torch.cuda``: there is none here, and programs that ask first go on without it.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/cuda.html
"""

from __future__ import annotations

from course.nptorch.absent import nothing_else_in

__all__ = ["device_count", "is_available", "is_initialized", "manual_seed", "manual_seed_all"]


def is_available() -> bool:
    """Return False: the engine computes in NumPy."""
    return False


def device_count() -> int:
    """Return 0."""
    return 0


def is_initialized() -> bool:
    """Return False."""
    return False


def manual_seed(seed: int) -> None:
    """Do nothing, as torch does without a GPU."""


def manual_seed_all(seed: int) -> None:
    """Do nothing, as torch does without a GPU."""


__getattr__ = nothing_else_in("cuda")
