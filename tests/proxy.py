"""Proxies in front of a server of this machine, through which tests inject network faults."""

import http.client
import random
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any, Self

from tests.ports import LOOPBACK

_CHUNK_BYTES = 4096


class _Proxy:
    """Serves in a thread while it is entered."""

    def __init__(self, server: ThreadingTCPServer) -> None:
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._end_connections()
        self._server.server_close()
        self._thread.join()

    def _end_connections(self) -> None:
        """Let the handlers of open connections return: `server_close` waits for them."""


class TcpProxy(_Proxy):
    """Forwards the bytes of connections, which a test can cut or stall."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._is_forwarding = threading.Event()
        self._is_forwarding.set()
        self._lock = threading.Lock()
        self._is_closed = False
        self._connections: list[socket.socket] = []
        self.num_connections = 0
        super().__init__(ThreadingTCPServer((LOOPBACK, 0), self._handler()))

    def cut(self) -> None:
        """Close every connection, in the middle of whatever it carries."""
        with self._lock:
            while self._connections:
                _shut_down(self._connections.pop())

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Keep connections open and forward nothing; what is sent meanwhile arrives afterwards."""
        self._is_forwarding.clear()
        try:
            yield
        finally:
            self._is_forwarding.set()

    def _end_connections(self) -> None:
        self._is_forwarding.set()
        with self._lock:
            self._is_closed = True
        self.cut()

    def _handler(self) -> type[BaseRequestHandler]:
        proxy = self

        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                proxy._is_forwarding.wait()
                with socket.create_connection((LOOPBACK, proxy._port)) as server:
                    if proxy._register(self.request, server):
                        proxy._forward_both_ways(self.request, server)

        return Handler

    def _register(self, *connections: socket.socket) -> bool:
        """False once the proxy is closed, because nobody would close these connections then."""
        with self._lock:
            if not self._is_closed:
                self.num_connections += 1
                self._connections += connections
            return not self._is_closed

    def _forward_both_ways(self, client: socket.socket, server: socket.socket) -> None:
        responses = threading.Thread(target=self._forward, args=(server, client))
        responses.start()
        self._forward(client, server)
        responses.join()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        # OSError: the connection has been cut.
        with suppress(OSError):
            while received := source.recv(_CHUNK_BYTES):
                self._is_forwarding.wait()
                target.sendall(received)
        _shut_down(target)


def _shut_down(connection: socket.socket) -> None:
    # OSError: the other side has closed it already.
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class Fault(StrEnum):
    SERVER_ERROR = "answers 500"
    NO_CONNECTIONS = "answers 400, as MLflow does when its database pool is empty"
    TOO_FAST = "answers 429"
    LOST_ANSWER = "forwards the request, then drops the connection"
    LOST_REQUEST = "drops the connection"


_RESPONSES = {
    Fault.SERVER_ERROR: (500, b'{"error_code": "INTERNAL_ERROR", "message": "out of luck"}'),
    Fault.NO_CONNECTIONS: (400, b'{"error_code": "BAD_REQUEST", "message": "QueuePool limit"}'),
    Fault.TOO_FAST: (429, b"slow down"),
}


class FlakyHttpProxy(_Proxy):
    """Applies a fault to a seeded random half of the HTTP requests."""

    def __init__(self, port: int, seed: int) -> None:
        self.faults: Counter[Fault] = Counter()
        self._random = random.Random(seed)
        self._port = port
        server = ThreadingHTTPServer((LOOPBACK, 0), self._handler())
        # Clients keep connections open; their handlers are not waited for.
        server.daemon_threads = True
        super().__init__(server)

    def _next_fault(self) -> Fault | None:
        if self._random.random() < 0.5:
            return None
        fault = self._random.choice(list(Fault))
        self.faults[fault] += 1
        return fault

    def _forward(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes]:
        server = http.client.HTTPConnection(LOOPBACK, self._port, timeout=30)
        try:
            server.request(method, path, body, headers)
            response = server.getresponse()
            return response.status, response.read()
        finally:
            server.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                fault = proxy._next_fault()
                if fault in _RESPONSES:
                    self._respond(*_RESPONSES[fault])
                    return
                if fault is not Fault.LOST_REQUEST:
                    status, content = proxy._forward(
                        self.command, self.path, dict(self.headers), body
                    )
                if fault is None:
                    self._respond(status, content)
                self.close_connection = True

            do_GET = do_PUT = do_POST  # noqa: N815

            def _respond(self, status: int, content: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments: Any) -> None: ...

        return Handler
