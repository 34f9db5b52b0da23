"""A TCP proxy in a network that can be cut: connections stay open, and nothing comes through."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Self

from tests.ports import LOOPBACK

_MOST_BYTES = 4096


class StalledProxy:
    """Passes bytes on to a port of this machine; those that come during a cut, once it is over."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._is_whole = threading.Event()
        self._is_whole.set()
        self._open: list[socket.socket] = []
        self._server = ThreadingTCPServer((LOOPBACK, 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_whole.set()
        self._server.shutdown()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()
        self._thread.join()

    @contextmanager
    def cut(self) -> Iterator[None]:
        self._is_whole.clear()
        try:
            yield
        finally:
            self._is_whole.set()

    def _handler(self) -> type[BaseRequestHandler]:
        proxy = self

        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                proxy._is_whole.wait()
                with socket.create_connection((LOOPBACK, proxy._port)) as server:
                    proxy._open += [self.request, server]
                    answers = threading.Thread(
                        target=proxy._pass_on, args=(server, self.request), daemon=True
                    )
                    answers.start()
                    proxy._pass_on(self.request, server)
                    answers.join()

        return Handler

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while received := source.recv(_MOST_BYTES):
                self._is_whole.wait()
                target.sendall(received)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
