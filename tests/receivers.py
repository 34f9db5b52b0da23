"""Real receivers of notifications: web and mail servers on free ports, which may refuse or hang."""

import email
import email.policy
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.ports import LOOPBACK, free_port


@dataclass(frozen=True, kw_only=True)
class Received:
    """A message; a repeated one has the same `id`."""

    id: str
    title: str
    body: str


@dataclass
class Receiver:
    """`received` has all messages so far. A web server answers with `status`, and not while it is paused."""

    url: str
    received: list[Received] = field(default_factory=list)
    status: int = 200
    may_answer: threading.Event = field(default_factory=threading.Event)
    has_unanswered: threading.Event = field(default_factory=threading.Event)
    """Set when a request has arrived since `pause`."""

    def __post_init__(self) -> None:
        self.resume()

    def pause(self) -> None:
        self.has_unanswered.clear()
        self.may_answer.clear()

    def resume(self) -> None:
        self.may_answer.set()

    def wait_while_paused(self) -> None:
        if not self.may_answer.is_set():
            self.has_unanswered.set()
        self.may_answer.wait(60)

    def ids(self) -> list[str]:
        return [message.id for message in self.received]


@contextmanager
def http_receiver(port: int | None = None) -> Iterator[Receiver]:
    """A web server for Apprise's json:// URLs."""
    port = port or free_port()
    receiver = Receiver(url=f"json://{LOOPBACK}:{port}/hook")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if receiver.status == 200:
                receiver.received.append(
                    Received(
                        id=self.headers["Idempotency-Key"],
                        title=sent["title"],
                        body=sent["message"],
                    )
                )
            receiver.wait_while_paused()
            self.send_response(receiver.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep requests out of the tests' output."""

    server = ThreadingHTTPServer((LOOPBACK, port), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.resume()
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def smtp_receiver() -> Iterator[Receiver]:
    port = free_port()
    receiver = Receiver(
        url=f"mailto://{LOOPBACK}:{port}/?from=fovea@clinic.example&to=ward@clinic.example"
    )

    class Handler:
        async def handle_DATA(  # noqa: N802 - aiosmtpd calls it by this name
            self, server: SMTP, session: Session, envelope: Envelope
        ) -> str:
            content = envelope.content
            assert isinstance(content, bytes)
            mail = email.message_from_bytes(content, policy=email.policy.default)
            body = mail.get_body(("plain",))
            assert body is not None
            receiver.received.append(
                Received(
                    id=mail["Idempotency-Key"],
                    title=mail["Subject"],
                    body=body.get_content().replace("\r\n", "\n"),
                )
            )
            return "250 OK"

    controller = Controller(Handler(), hostname=LOOPBACK, port=port)
    controller.start()
    try:
        yield receiver
    finally:
        controller.stop()


@contextmanager
def dribbling_receiver() -> Iterator[str]:
    """The URL of a web server whose answer arrives byte by byte and never ends."""
    ending = threading.Event()
    with socket.create_server((LOOPBACK, 0)) as listener:
        listener.settimeout(0.1)

        def dribble() -> None:
            while not ending.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                with connection:
                    try:
                        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                        while not ending.wait(0.2):
                            connection.sendall(b"x")
                    except OSError:
                        continue

        thread = threading.Thread(target=dribble, daemon=True)
        thread.start()
        yield f"json://{LOOPBACK}:{listener.getsockname()[1]}/hook"
        ending.set()
        thread.join()
