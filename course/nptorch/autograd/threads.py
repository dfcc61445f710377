"""Switches that change nothing here, because a backward pass runs in the thread that asked for it.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.grad_mode.set_multithreading_enabled
"""

from __future__ import annotations

from course.nptorch.grad_mode import mode


class set_multithreading_enabled:  # noqa: N801 - torch's own name
    """Say whether backward may use several threads, from here on or inside a ``with`` block.

    The setting is kept, and has no effect: the engine uses one.
    """

    def __init__(self, mode: bool) -> None:
        self._before = is_multithreading_enabled()
        _set(mode)

    def __enter__(self) -> None:
        """Leave the mode as the constructor set it."""

    def __exit__(self, *args: object) -> None:
        _set(self._before)


def _set(wanted: bool) -> None:
    mode.multithreading = wanted


def is_multithreading_enabled() -> bool:
    """Return what `set_multithreading_enabled` was told last in this thread; True at first."""
    return mode.multithreading


def is_view_replay_enabled() -> bool:
    """Return False, torch's default; the engine has no switch for it."""
    return False
