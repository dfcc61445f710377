"""``torch.backends``: libraries that torch computes with, and the engine has none of.

Programs set their switches before they ask whether they are there, so the switches can be set.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/backends.html
"""

from __future__ import annotations

from typing import Any

from course.nptorch.absent import nothing_else_in


class Backend:
    """One library that is not there.

    Parameters
    ----------
    name : str
        Its name.
    **switches : bool
        What may be set, and its value at first.
    """

    def __init__(self, name: str, **switches: bool) -> None:
        self._name = name
        vars(self).update(switches)

    def is_available(self) -> bool:
        """Return False."""
        return False

    def is_built(self) -> bool:
        """Return False."""
        return False

    def __getattr__(self, name: str) -> Any:
        return nothing_else_in(f"backends.{self._name}")(name)


cudnn = Backend("cudnn", enabled=True, benchmark=False, deterministic=False, allow_tf32=True)
mps = Backend("mps")
mkldnn = Backend("mkldnn", enabled=True)
mkl = Backend("mkl")
openmp = Backend("openmp")

__getattr__ = nothing_else_in("backends")
