"""The network, and other ways to talk to somebody."""

from __future__ import annotations

from tests.hostile.case import harms

FAMILY = "network"

CASES = (
    harms(
        "tcp",
        "a connection",
        """
        import socket
        tried(lambda: socket.create_connection(('127.0.0.1', 80), 1))
        """,
    ),
    harms(
        "udp",
        "a datagram",
        """
        import socket
        tried(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 53)))
        """,
    ),
    harms(
        "names",
        "a name looked up",
        """
        import socket
        tried(lambda: socket.getaddrinfo('example.org', 80))
        """,
    ),
    harms(
        "web",
        "a page fetched",
        """
        import urllib.request
        tried(lambda: urllib.request.urlopen('http://example.org', timeout=1))
        """,
    ),
    harms(
        "listening",
        "wait for a connection",
        """
        import socket
        tried(lambda: socket.create_server(('127.0.0.1', 0)))
        """,
    ),
    harms(
        "unix-sockets",
        "the sockets of other programs",
        """
        import socket
        tried(lambda: socket.socket(socket.AF_UNIX).connect('/run/docker.sock'))
        """,
    ),
    harms(
        "raw-sockets",
        "raw packets",
        """
        import socket
        tried(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
        tried(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0))
        """,
    ),
    harms(
        "pipes-to-oneself",
        "asyncio, which is allowed",
        """
        import asyncio
        assert asyncio.run(asyncio.sleep(0, 3)) == 3
        """,
    ),
    harms(
        "shared-memory",
        "memory that others could read",
        """
        from multiprocessing import shared_memory
        tried(lambda: shared_memory.SharedMemory('x', create=True, size=9))
        """,
    ),
)
