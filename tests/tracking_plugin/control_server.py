"""The server's end of a control link, over real sockets, for a test that plays the server."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import msgspec
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from tests.ports import LOOPBACK
from tests.waiting import until
from tracking_plugin.control_messages import (
    Command,
    Desired,
    Observed,
    Report,
    decode_report,
    encode,
)


class ControlServer:
    """Says the newest command on connect and on change, and keeps what it is told."""

    def __init__(self) -> None:
        self.command = Command(desired=Desired.RUNNING)
        self.reports: list[Report] = []
        self.requests: list[Request] = []
        self.status: int | None = None
        """With which a connection is answered instead of being opened."""
        self.close_code: int | None = None
        """With which a connection is closed as soon as it is open."""
        self.port = 0
        self._open: set[ServerConnection] = set()
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def last(self) -> Report | None:
        return self.reports[-1] if self.reports else None

    def want(self, desired: Desired, *, release: bool = False) -> int:
        """A new command; its id."""
        command_id = self.command.command_id + 1
        self.command = Command(desired=desired, release=release, command_id=command_id)
        for connection in tuple(self._open):
            with suppress(ConnectionClosed):
                connection.send(encode(self.command))
        return command_id

    def say(self, text: str | bytes) -> None:
        """Anything at all, to whoever is connected."""
        for connection in tuple(self._open):
            connection.send(text)

    def wait_for(self, observed: Observed, command_id: int | None = None) -> Report:
        """The newest report of a run, once it says that it is `observed` by that command."""

        def said() -> Report | None:
            wanted = self.command.command_id if command_id is None else command_id
            report = self.last
            is_it = report and (report.observed, report.command_id) == (observed, wanted)
            return report if is_it else None

        return until(said, f"the report {observed}")

    def wait_connected(self) -> None:
        until(lambda: bool(self._open), "a control link")

    def cut(self) -> None:
        """End every connection without a word."""
        cut = set(self._open)
        for connection in cut:
            connection.socket.shutdown(socket.SHUT_RDWR)
        until(lambda: not self._open & cut, "the end of the connections")

    def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        self._server = serve(
            self._serve, LOOPBACK, self.port, compression=None, process_request=self._answer
        )
        self.port = self._server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def stop(self) -> None:
        """Listen no longer, and end what is open."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join()
        self._server = None
        self.cut()

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        self.requests.append(request)
        return None if self.status is None else connection.respond(self.status, "")

    def _serve(self, connection: ServerConnection) -> None:
        if self.close_code is not None:
            connection.close(self.close_code, "not now")
            return
        self._open.add(connection)
        try:
            connection.send(encode(self.command))
            for text in connection:
                self._hear(connection, decode_report(text))
        except (ConnectionClosed, OSError):
            return
        finally:
            self._open.discard(connection)

    def _hear(self, connection: ServerConnection, report: Report) -> None:
        self.reports.append(report)
        if report.number is not None:
            heard = msgspec.structs.replace(self.command, heard=report.number)
            connection.send(encode(heard))


@contextmanager
def control_server() -> Iterator[ControlServer]:
    """A server that listens while inside."""
    server = ControlServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()
