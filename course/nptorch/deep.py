"""Backward passes inside backward passes, deeper than Python's stack allows.

torch goes on in another thread there, and so does the engine.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from course.nptorch.grad_mode import mode

DEEPEST = 20  # passes within passes that one thread takes; each takes some twenty calls of Python


def elsewhere(function: Callable[..., Any], *args: Any) -> None:
    """Call a function in a new thread that has the modes of this one, and wait for it.

    Raises
    ------
    BaseException
        Whatever the function raises.
    """
    modes = dict(vars(mode))
    raised: list[BaseException] = []

    def run() -> None:
        vars(mode).update(modes)
        try:
            function(*args)
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]
