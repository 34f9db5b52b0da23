"""Ports for servers that tests start."""

import socket

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
