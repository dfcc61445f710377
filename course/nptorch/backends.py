"""``torch.backends``: libraries that torch computes with, and the engine has none of.

Programs set their switches before they ask whether they are there, so the switches can be set.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/backends.html
"""

from __future__ import annotations

from typing import Any

from course.nptorch.absent import nothing_else_in
from course.nptorch.settings import get_float32_matmul_precision, set_float32_matmul_precision


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


class _Products:
    """``torch.backends.cuda.matmul``: its switch and `torch.set_float32_matmul_precision` are one."""

    @property
    def allow_tf32(self) -> bool:
        """Whether a GPU might multiply float32 as TF32."""
        return get_float32_matmul_precision() != "highest"

    @allow_tf32.setter
    def allow_tf32(self, allow: bool) -> None:
        set_float32_matmul_precision("high" if allow else "highest")


cuda: Any = Backend("cuda")
cuda.matmul = _Products()
cudnn = Backend("cudnn", enabled=True, benchmark=False, deterministic=False, allow_tf32=True)
mps = Backend("mps")
mkldnn = Backend("mkldnn", enabled=True)
mkl = Backend("mkl")
openmp = Backend("openmp")

__getattr__ = nothing_else_in("backends")
