"""Silence: nothing that runs inside writes to stdout or stderr by any road.

nbgrader takes a single byte on stderr for a failed test, and endless printing fills the feedback. A
student's part may print, warn, log to a handler made earlier, or write to the file descriptors.
"""

from __future__ import annotations

import contextlib
import gc
import io
import os
import sys
import warnings
from collections.abc import Iterator
from typing import Any


class _Sink(io.TextIOBase):
    """Takes everything, keeps nothing."""

    def write(self, text: str) -> int:
        return len(text)

    def writable(self) -> bool:
        return True


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Send stdout and stderr nowhere, ignore warnings, and put everything back afterwards."""
    with contextlib.ExitStack() as stack:
        for stream in (sys.stdout, sys.stderr):
            stack.enter_context(_muted(stream))
        for descriptor in (1, 2):
            stack.enter_context(_to_nowhere(descriptor))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.enter_context(contextlib.redirect_stdout(_Sink()))
        stack.enter_context(contextlib.redirect_stderr(_Sink()))
        try:
            yield
        finally:
            gc.collect()  # objects that complain when they die shall do it in here


@contextlib.contextmanager
def _muted(stream: Any) -> Iterator[None]:
    """Mute the stream object itself, for whoever kept a reference to it, as a logging handler does."""
    _flush(stream)
    try:
        stream.write = len
    except AttributeError:  # a file in C has no such attribute; its descriptor is covered
        yield
        _flush(stream)
        return
    try:
        yield
    finally:
        with contextlib.suppress(AttributeError):
            del stream.write


@contextlib.contextmanager
def _to_nowhere(descriptor: int) -> Iterator[None]:
    """Point a file descriptor at the null device."""
    try:
        kept = os.dup(descriptor)
    except OSError:  # there is none, as under pythonw
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, descriptor)
        yield
    finally:
        os.dup2(kept, descriptor)
        os.close(kept)
        os.close(nowhere)


def _flush(stream: Any) -> None:
    with contextlib.suppress(AttributeError, OSError, ValueError):
        stream.flush()
