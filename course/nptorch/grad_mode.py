"""Whether operations are recorded now: one flag per thread.

The context managers that change the flag (`no_grad` and its family) are parts of lesson 4.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/notes/autograd.html#locally-disabling-gradient-computation
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any


class GradMode(threading.local):
    """The flags of the current thread; every thread starts with recording on."""

    enabled = True
    inference = False
    saving: tuple[Any, ...] = ()  # pairs of hooks of saved_tensors_hooks, innermost last
    saving_refused: str | None = None  # what disable_saved_tensors_hooks wants said
    multithreading = True  # only remembered
    in_rule = False  # inside a rule that is recorded: there, torch has numbers as plain facts
    rule = ""  # the name of the node whose rule is recorded
    watcher: Any = None  # who looks on in this thread; the engine itself never asks


mode = GradMode()

#: One entry for each open block of `saved_tensors_hooks`, in whatever thread. While it is empty, nobody has to look
#: into ``mode.saving``: reading what belongs to a thread takes longer than a small piece of arithmetic.
HOOKED: list[Any] = []


def is_grad_enabled() -> bool:
    """Return whether operations are recorded in this thread."""
    return mode.enabled


def is_inference_mode_enabled() -> bool:
    """Return whether this thread is inside `inference_mode`."""
    return mode.inference


class as_it_was:  # noqa: N801 - used as a statement
    """What is switched on inside, and not off again, is off afterwards: so a backward pass leaves the modes alone."""

    __slots__ = ("_inference", "_open")

    def __enter__(self) -> None:
        self._inference, self._open = mode.inference, len(mode.saving)

    def __exit__(self, *error: object) -> None:
        mode.inference = self._inference
        while len(mode.saving) > self._open:
            mode.saving = mode.saving[:-1]
            HOOKED.pop()


class recording:  # noqa: N801 - used as a statement
    """The engine's own switch: ``with recording(False): ...``.

    It works whether or not lesson 4's parts are plugged in, so that the engine's insides
    (printing, hooks, the backward walk) never depend on a student's `no_grad`.
    """

    __slots__ = ("_before", "_wanted")

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted

    def __enter__(self) -> None:
        self._before = mode.enabled
        mode.enabled = self._wanted

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Any:
        mode.enabled = self._before
