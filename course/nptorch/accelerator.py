"""``torch.accelerator``: whatever computes besides the CPU; here, nothing.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/accelerator.html
"""

from __future__ import annotations

from course.nptorch.absent import nothing_else_in


def is_available() -> bool:
    """Return False: the engine computes in NumPy."""
    return False


def device_count() -> int:
    """Return 0."""
    return 0


def current_accelerator(check_available: bool = False) -> None:
    """Return None."""


__getattr__ = nothing_else_in("accelerator")
