"""What a measured number is held against."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """An upper limit for nptorch.

    Attributes
    ----------
    measure : str
        ``"time"``, or a name out of the workload's ``measure``.
    limit : float
        At most this much.
    over : str
        The peer whose number it is divided by; empty for the number itself.
    """

    measure: str
    limit: float
    over: str = "hand"

    def __str__(self) -> str:
        over = f" / {self.over}" if self.over else ""
        return f"{self.measure}{over} <= {self.limit:g}"
