"""Uvicorn's HTTP protocol with a limit on what is neither a body nor a complete head.

Uvicorn's parser collects a path, a header or a trailer of any length, in time that grows with the
square of it: 20 MB of one stop the server for ten seconds.
"""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 256 * 1024
"""Above what the application accepts, which answers by a sentence, and above one read of a socket."""

_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class BoundedHttpProtocol(HttpToolsProtocol):
    """Closes a connection that sends more than MAX_HEAD_BYTES without completing a head or a body."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._is_progressing = False
        self._num_head_bytes = 0

    def data_received(self, data: bytes) -> None:
        self._is_progressing = False
        super().data_received(data)
        self._num_head_bytes = 0 if self._is_progressing else self._num_head_bytes + len(data)
        if self._num_head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._is_progressing = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._is_progressing = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_progressing = True
        super().on_message_complete()
