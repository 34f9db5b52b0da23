"""An HTTP proxy in front of a real server that spoils a seeded random half of the requests."""

import http.client
import random
import threading
from collections import Counter
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class Fault(StrEnum):
    SERVER_ERROR = "answers 500"
    NO_CONNECTIONS = "answers 400, as MLflow does when its database pool is empty"
    TOO_FAST = "answers 429"
    LOST_ANSWER = "forwards the request, then drops the connection"
    LOST_REQUEST = "drops the connection"


ANSWERS = {
    Fault.SERVER_ERROR: (500, b'{"error_code": "INTERNAL_ERROR", "message": "out of luck"}'),
    Fault.NO_CONNECTIONS: (400, b'{"error_code": "BAD_REQUEST", "message": "QueuePool limit"}'),
    Fault.TOO_FAST: (429, b"slow down"),
}


class FlakyProxy:
    def __init__(self, upstream_port: int, seed: int) -> None:
        self.faults: Counter[Fault] = Counter()
        self._random = random.Random(seed)
        self._upstream_port = upstream_port
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def next_fault(self) -> Fault | None:
        if self._random.random() < 0.5:
            return None
        fault = self._random.choice(list(Fault))
        self.faults[fault] += 1
        return fault

    def forward(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes]:
        upstream = http.client.HTTPConnection("127.0.0.1", self._upstream_port, timeout=30)
        try:
            upstream.request(method, path, body, headers)
            response = upstream.getresponse()
            return response.status, response.read()
        finally:
            upstream.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                fault = proxy.next_fault()
                if fault in ANSWERS:
                    self._answer(*ANSWERS[fault])
                    return
                if fault is not Fault.LOST_REQUEST:
                    status, content = proxy.forward(
                        self.command, self.path, dict(self.headers), body
                    )
                if fault is None:
                    self._answer(status, content)
                self.close_connection = True

            do_GET = do_PUT = do_POST  # noqa: N815

            def _answer(self, status: int, content: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments: Any) -> None: ...

        return Handler
