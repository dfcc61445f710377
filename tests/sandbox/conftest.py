"""What the attempts are made on: a secret, a file to spoil, and somebody who listens."""

from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.txt"
    path.write_text("the answer")
    return path


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    path = tmp_path / "gradebook.db"
    path.write_text("grades")
    return path


@pytest.fixture(scope="session")
def address() -> Iterator[dict[str, object]]:
    """Somebody who takes connections of all kinds, and sends back what comes by UDP."""
    with tempfile.TemporaryDirectory(prefix="walls-") as folder:
        tcp = socket.create_server(("127.0.0.1", 0), backlog=64)
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        unix, abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        unix.bind(f"{folder}/socket")
        name = f"walls-{udp.getsockname()[1]}"
        abstract.bind("\0" + name)
        datagram = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        datagram.bind(f"{folder}/datagram")
        for listener in (unix, abstract):
            listener.listen(64)
        threading.Thread(target=_echo, args=(udp,), daemon=True).start()
        yield {
            "tcp": tcp.getsockname(),
            "udp": udp.getsockname(),
            "unix": f"{folder}/socket",
            "abstract": name,
            "datagram": f"{folder}/datagram",
        }
        for listener in (tcp, udp, unix, abstract, datagram):
            listener.close()


def _echo(link: socket.socket) -> None:
    while True:
        try:
            data, sender = link.recvfrom(16)
            link.sendto(data, sender)
        except OSError:  # closed: the tests are over
            return
