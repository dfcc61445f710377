"""Messages between the judge and a student's process: plain data in msgpack, with limits.

Unlike a pickle, such a message cannot run anything when it is read. What does not fit plain data
travels as a pair ``[tag, content]``; a list that is meant as a list is tagged too, so the two can
never be mixed up.
"""

from __future__ import annotations

import socket
import struct
import time
from typing import Any

import msgpack
import numpy as np

MOST = 32 * 2**20  # bytes of one message; larger than any scenario's tensors by far
_HEAD = struct.Struct("!I")
_NUMBERS = frozenset("biufc")  # kinds of arrays that may travel: never objects

NONFINITE = "the message is no plain data"


class Broken(BaseException):
    """The other side is gone, or what it sent is no message.

    Not an Exception, like `TimeIsUp`: a scenario that expects an error must not take it for one.
    """


class TimeIsUp(BaseException):
    """The other side did not answer in time."""


class Wire:
    """One end of the connection.

    Parameters
    ----------
    connection : socket.socket
        A connected stream socket.
    """

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._seen = bytearray()

    def send(self, message: Any) -> None:
        """Send one message.

        Raises
        ------
        Broken
            If the other side is gone, or the message is larger than `MOST`.
        """
        body = msgpack.packb(message, unicode_errors="surrogatepass")
        if len(body) > MOST:
            raise Broken(f"a message of {len(body)} bytes is larger than the limit of {MOST}")
        try:
            self.connection.sendall(_HEAD.pack(len(body)) + body)
        except TimeoutError as error:
            raise TimeIsUp from error
        except OSError as error:
            raise Broken("the other side is gone") from error

    def receive(self, until: float | None = None) -> Any:
        """Wait for one message and return it.

        Parameters
        ----------
        until : float, optional
            Time of `time.monotonic` at which waiting ends.

        Raises
        ------
        Broken
            If the other side is gone or sends what is no message.
        TimeIsUp
            If `until` comes first.
        """
        size = _HEAD.unpack(self._take(_HEAD.size, until))[0]
        if size > MOST:
            raise Broken(f"a message of {size} bytes is larger than the limit of {MOST}")
        body = self._take(size, until)
        try:
            return msgpack.unpackb(body, strict_map_key=False, unicode_errors="surrogatepass")
        except (ValueError, RecursionError, TypeError) as error:
            raise Broken(NONFINITE) from error

    def close(self) -> None:
        """Close this end; the other one reads `Broken`."""
        self.connection.close()

    def _take(self, size: int, until: float | None) -> bytes:
        while len(self._seen) < size:
            if until is not None:
                left = until - time.monotonic()
                if left <= 0:
                    raise TimeIsUp
                self.connection.settimeout(left)
            try:
                block = self.connection.recv(1 << 16)
            except TimeoutError as error:
                raise TimeIsUp from error
            except OSError as error:
                raise Broken("the other side is gone") from error
            if not block:
                raise Broken("the other side is gone")
            self._seen += block
        taken = bytes(self._seen[:size])
        del self._seen[:size]
        return taken


def array_out(array: np.ndarray[Any, Any]) -> list[Any]:
    """Return an array as plain data: dtype, shape and bytes."""
    if array.dtype.kind not in _NUMBERS:
        raise TypeError(f"an array of {array.dtype} does not travel")
    return [array.dtype.str, list(array.shape), np.ascontiguousarray(array).tobytes()]


def array_in(content: Any) -> np.ndarray[Any, Any]:
    """Rebuild what `array_out` wrote.

    Raises
    ------
    Broken
        If it is anything else.
    """
    try:
        kind, shape, data = content
        dtype = np.dtype(str(kind))
        if dtype.kind not in _NUMBERS or not isinstance(data, bytes):
            raise Broken(NONFINITE)
        return np.frombuffer(data, dtype).reshape([int(n) for n in shape]).copy()
    except (TypeError, ValueError, OverflowError) as error:
        raise Broken(NONFINITE) from error
