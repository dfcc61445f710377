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
LONGEST = 2**16  # items of one list; a list of some thousand nodes has seven thousand
_HEAD = struct.Struct("!I")
_SPAN = struct.Struct("@ll")  # the system's own: seconds, and millionths of one
_BLOCK = 1 << 14  # bytes taken at a time; most messages have less than a hundred
_EXACT = 0.05  # seconds by which a wait may end too late
# The arrays that may travel, never of objects. What comes is looked up here only: NumPy would take any text for
# the description of some record.
_KINDS = frozenset(
    np.dtype(name).str for name in ["?", "b", "h", "i", "q", "B", "H", "I", "Q", "e", "f", "d", "F", "D"]
)

NO_DATA = "the message is no plain data"


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
    most : int
        Bytes that one message may have.
    budget : int, optional
        Bytes that may come in all; by default there is no end.
    """

    def __init__(self, connection: socket.socket, most: int = MOST, budget: int | None = None) -> None:
        self.connection, self.most, self.budget = connection, most, budget
        self._packed = msgpack.Packer(unicode_errors="surrogatepass").pack  # to make one takes longer than to use it
        self._seen = b""
        self._waiting: list[bytes] = []  # what is to be sent with the next message
        self._until: float | None = None  # what the system was told last, and when
        self._told = 0.0

    def put(self, message: Any) -> None:
        """Have one message sent with the next one, or before this side waits; errors are those of `send`."""
        body = self._packed(message)
        if len(body) > MOST:
            raise Broken(f"a message of {len(body)} bytes is larger than the limit of {MOST}")
        self._waiting.append(_HEAD.pack(len(body)) + body)

    def send(self, message: Any) -> None:
        """Send one message.

        Raises
        ------
        Broken
            If the other side is gone, or the message is larger than `MOST`.
        """
        self.put(message)
        self.flush()

    def flush(self) -> None:
        """Send what waits; errors are those of `send`."""
        waiting, self._waiting = self._waiting, []
        try:
            self.connection.sendall(waiting[0] if len(waiting) == 1 else b"".join(waiting))
        except BlockingIOError as error:
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
        # Also where the message is here already: who sends without being asked could keep this side busy.
        if until is not None:
            self._wait_no_longer_than(until)
        seen = self._seen or self._more(until, told=True)
        while len(seen) < _HEAD.size:
            seen += self._more(until)
        size = _HEAD.unpack_from(seen)[0]
        if size > self.most:
            raise Broken(f"a message of {size} bytes is larger than the limit of {self.most}")
        if self.budget is not None:
            self.budget -= size
            if self.budget < 0:
                raise Broken("the other side sends too much")
        end = _HEAD.size + size
        if len(seen) < end:
            seen = self._whole(seen, end, until)
        self._seen, body = seen[end:], seen[_HEAD.size : end]
        try:
            # Lists are all that is sent: a map's keys could be chosen so that it takes for ever to build.
            return msgpack.unpackb(
                body, max_array_len=LONGEST, max_map_len=0, max_ext_len=0, unicode_errors="surrogatepass"
            )
        except (ValueError, RecursionError, TypeError, OverflowError) as error:
            raise Broken(NO_DATA) from error

    def skip(self, message: bytes, most: int) -> int:
        """Pass over messages that are here already, as long as they are this one; return how many.

        Parameters
        ----------
        message : bytes
            As `packed` returns it.
        most : int
            How many at most.
        """
        count, size = 0, len(message)
        while count < most and self._seen.startswith(message, count * size):
            count += 1
        self._seen = self._seen[count * size :]
        if self.budget is not None:
            self.budget -= count * (size - _HEAD.size)
        return count

    def close(self) -> None:
        """Close this end; the other one reads `Broken`."""
        self.connection.close()

    def _wait_no_longer_than(self, until: float) -> None:
        """Have the system end waiting at a time.

        It is told a span, which holds for each call, so it has to be told again as time goes by. Python's own
        timeouts take two more system calls for every message, and a submission has thousands.
        """
        now = time.monotonic()
        if now >= until:
            raise TimeIsUp
        if until != self._until or now - self._told > _EXACT:
            seconds, rest = divmod(max(until - now, 0.001), 1.0)
            span = _SPAN.pack(int(seconds), int(rest * 1e6))
            for what in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
                self.connection.setsockopt(socket.SOL_SOCKET, what, span)
            self._until, self._told = until, now

    def _whole(self, seen: bytes, size: int, until: float | None) -> bytes:
        """Wait until so much has come."""
        blocks, length = [seen], len(seen)
        while length < size:
            blocks.append(self._more(until))
            length += len(blocks[-1])
        return b"".join(blocks)

    def _more(self, until: float | None, told: bool = False) -> bytes:
        """Wait for whatever comes next; ``told`` says that the system knows already how long."""
        if self._waiting:
            self.flush()
        while True:
            if until is not None and not told:
                self._wait_no_longer_than(until)
            told = False
            try:
                block = self.connection.recv(_BLOCK)
            except BlockingIOError:  # the system waited long enough; whether that is the end is seen above
                continue
            except OSError as error:
                raise Broken("the other side is gone") from error
            if not block:
                raise Broken("the other side is gone")
            return block


def packed(message: Any) -> bytes:
    """Return a message as it travels."""
    body: bytes = msgpack.packb(message, unicode_errors="surrogatepass")
    return _HEAD.pack(len(body)) + body


def array_out(array: np.ndarray[Any, Any]) -> list[Any]:
    """Return an array as plain data: dtype, shape and bytes."""
    kind = array.dtype.str
    if kind not in _KINDS:
        array = array.astype(array.dtype.newbyteorder("="), copy=False)
        kind = array.dtype.str
        if kind not in _KINDS:
            raise TypeError(f"an array of {array.dtype} does not travel")
    return [kind, array.shape, array.tobytes()]


def array_in(content: Any) -> np.ndarray[Any, Any]:
    """Rebuild what `array_out` wrote.

    Raises
    ------
    Broken
        If it is anything else.
    """
    try:
        kind, shape, data = content
        if kind not in _KINDS or not isinstance(data, bytes):
            raise Broken(NO_DATA)
        for size in shape:
            if type(size) is not int or size < 0:
                raise Broken(NO_DATA)
        return np.frombuffer(data, kind).reshape(shape).copy()
    except (TypeError, ValueError, OverflowError) as error:
        raise Broken(NO_DATA) from error
