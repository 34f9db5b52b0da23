"""A minimal, fast WebSocket client (RFC 6455) that only counts messages."""

import base64
import os
import socket
from urllib.parse import urlsplit

_TEXT = 0x1
_PING = 0x9
_LENGTHS = {126: 2, 127: 8}
"""Value of the length byte to the number of length bytes that follow it."""

DEADLINE_S = 30.0


def begin_handshake(url: str, receive_buffer_bytes: int | None = None) -> socket.socket:
    """Connect and send the handshake's request; `finish_handshake` must follow."""
    parts = urlsplit(url)
    connection = socket.socket()
    if receive_buffer_bytes is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
    connection.settimeout(DEADLINE_S)
    connection.connect((parts.hostname, parts.port))
    key = base64.b64encode(os.urandom(16)).decode()
    connection.sendall(
        f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        f"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    return connection


def finish_handshake(connection: socket.socket) -> bytes:
    """Wait until the server has accepted, and return the bytes after its response."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _receive(connection)
    head, _, rest = received.partition(b"\r\n\r\n")
    assert b" 101 " in head.split(b"\r\n", 1)[0], head
    return rest


def _receive(connection: socket.socket) -> bytes:
    received = connection.recv(65536)
    assert received, "the server closed the connection during the handshake"
    return received


class FrameCounter:
    """Counts the text messages that arrive on one connection."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def add(self, received: bytes) -> tuple[int, bytes]:
        """The number of newly completed text messages, and the pongs to send."""
        data = self._rest + received if self._rest else received
        start, num_texts, pongs = 0, 0, b""
        while (end := _frame_end(data, start)) is not None:
            opcode = data[start] & 0x0F
            if opcode == _TEXT:
                num_texts += 1
            elif opcode == _PING:
                pongs += _pong(data[start + 2 : end])
            start = end
        self._rest = data[start:]
        return num_texts, pongs


def _frame_end(data: bytes, start: int) -> int | None:
    """None if the frame is incomplete."""
    if len(data) < start + 2:
        return None
    length, body = data[start + 1], start + 2
    if length in _LENGTHS:
        body += _LENGTHS[length]
        length = int.from_bytes(data[start + 2 : body])
    return body + length if len(data) >= body + length else None


def _pong(payload: bytes) -> bytes:
    """Masked, as clients must, with zeros, which leave the payload unchanged."""
    return bytes([0x8A, 0x80 | len(payload)]) + bytes(4) + payload
