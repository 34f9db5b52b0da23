"""A TCP proxy whose connections a test cuts."""

import socket
import threading
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Self

from tests.ports import LOOPBACK

_MOST_BYTES = 4096


class CutProxy:
    """Passes bytes on to a port of this machine."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open: list[socket.socket] = []
        self._server = ThreadingTCPServer((LOOPBACK, 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever)
        self.num_connections = 0

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self.cut()
        # Waits for the connections that have been cut.
        self._server.server_close()
        self._thread.join()

    def cut(self) -> None:
        """End every connection, in the middle of whatever it carries."""
        while self._open:
            _end(self._open.pop())

    def _handler(self) -> type[BaseRequestHandler]:
        proxy = self

        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                with socket.create_connection((LOOPBACK, proxy._port)) as server:
                    proxy.num_connections += 1
                    proxy._open += [self.request, server]
                    answers = threading.Thread(target=_pass_on, args=(server, self.request))
                    answers.start()
                    _pass_on(self.request, server)
                    answers.join()

        return Handler


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    try:
        while received := source.recv(_MOST_BYTES):
            target.sendall(received)
    except OSError:
        # It has been cut.
        pass
    _end(target)


def _end(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        # The other side was faster.
        return
