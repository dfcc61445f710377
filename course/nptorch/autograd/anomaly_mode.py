"""``torch.autograd.anomaly_mode``: the switches of anomaly mode.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/autograd.html#anomaly-detection
"""

from __future__ import annotations

import warnings
from types import TracebackType

from course.nptorch.anomaly import is_anomaly_check_nan_enabled, is_anomaly_enabled, set_anomaly_enabled

__all__ = ["detect_anomaly", "set_detect_anomaly"]

SLOW = (
    "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for debugging."
)


class detect_anomaly:  # noqa: N801 - torch's own name
    """Inside, a backward that fails shows the line of the forward pass that it belongs to.

    Both passes belong inside. The lines come as a warning, before the error.

    Parameters
    ----------
    check_nan : bool
        Whether a backward that returns nan fails.
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.prev = is_anomaly_enabled()
        self.check_nan = check_nan
        self.prev_check_nan = is_anomaly_check_nan_enabled()
        warnings.warn(SLOW, stacklevel=2)

    def __enter__(self) -> None:
        set_anomaly_enabled(True, self.check_nan)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        set_anomaly_enabled(self.prev, self.prev_check_nan)


class set_detect_anomaly:  # noqa: N801 - torch's own name
    """Switch anomaly mode on or off from here on, or inside a ``with`` block only.

    Parameters
    ----------
    mode : bool
        Whether it is on.
    check_nan : bool
        Whether a backward that returns nan fails.

    Raises
    ------
    TypeError
        If one of them is no bool.
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self.prev = is_anomaly_enabled()
        self.prev_check_nan = is_anomaly_check_nan_enabled()
        set_anomaly_enabled(mode, check_nan)

    def __enter__(self) -> None:
        """Leave the mode as the constructor set it."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        set_anomaly_enabled(self.prev, self.prev_check_nan)
