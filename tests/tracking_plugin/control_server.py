"""A real WebSocket server that stands for Fovea's end of the control link in tests."""

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
    decode_console,
    decode_report,
    encode,
)


class ControlServer:
    """Sends the newest command on connect and on change, and keeps all reports."""

    def __init__(self) -> None:
        self.command = Command(desired=Desired.RUNNING)
        self.reports: list[Report] = []
        self.console: list[str] = []
        self.num_dropped = 0
        self.requests: list[Request] = []
        self.status: int | None = None
        """If set, each connection attempt is answered with this HTTP status."""
        self.close_code: int | None = None
        """If set, each connection is closed with this code as soon as it is open."""
        self.port = 0
        self._open: set[ServerConnection] = set()
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def last_report(self) -> Report | None:
        return self.reports[-1] if self.reports else None

    def set_desired(self, desired: Desired, *, release: bool = False) -> int:
        """Send a new command to all open connections, and return its id."""
        command_id = self.command.command_id + 1
        self.command = Command(desired=desired, release=release, command_id=command_id)
        for connection in tuple(self._open):
            with suppress(ConnectionClosed):
                connection.send(encode(self.command))
        return command_id

    def send_text(self, text: str | bytes) -> None:
        """Send `text`, valid or not, to all open connections."""
        for connection in tuple(self._open):
            connection.send(text)

    def wait_for_report(self, observed: Observed, command_id: int | None = None) -> Report:
        """Wait until the newest report has `observed` and `command_id`, by default the newest id."""

        def expected_report() -> Report | None:
            expected_id = self.command.command_id if command_id is None else command_id
            report = self.last_report
            if report and (report.observed, report.command_id) == (observed, expected_id):
                return report
            return None

        return until(expected_report, f"the report {observed}")

    @property
    def is_connected(self) -> bool:
        return bool(self._open)

    def wait_connected(self) -> None:
        until(lambda: bool(self._open), "a control link")

    def drop_connections(self) -> None:
        """Cut every connection without a close frame."""
        dropped = set(self._open)
        for connection in dropped:
            connection.socket.shutdown(socket.SHUT_RDWR)
        until(lambda: not self._open & dropped, "the end of the connections")

    def start(self) -> None:
        """Listen; after a stop, on the same port as before."""
        self._server = serve(
            self._serve, LOOPBACK, self.port, compression=None, process_request=self._handshake
        )
        self.port = self._server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and drop all connections."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join()
        self._server = None
        self.drop_connections()

    def _handshake(self, connection: ServerConnection, request: Request) -> Response | None:
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
                lines = decode_console(text)
                if isinstance(lines.console, list):
                    self.console += lines.console
                    self.num_dropped += lines.dropped
                else:
                    self._on_report(connection, decode_report(text))
        except (ConnectionClosed, OSError):
            return
        finally:
            self._open.discard(connection)

    def _on_report(self, connection: ServerConnection, report: Report) -> None:
        self.reports.append(report)
        if report.number is not None:
            acknowledgement = msgspec.structs.replace(self.command, heard=report.number)
            connection.send(encode(acknowledgement))


@contextmanager
def control_server() -> Iterator[ControlServer]:
    """A ControlServer that listens inside the `with`."""
    server = ControlServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()
