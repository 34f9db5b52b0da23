"""A training's WebSocket connection to its server's control, kept open in a thread of its own."""

import asyncio
import logging
import random
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidProxy,
    InvalidStatus,
    InvalidURI,
)

from tracking_plugin.console import BATCH_INTERVAL_S, ConsoleBuffer
from tracking_plugin.control_address import ControlAddress
from tracking_plugin.control_messages import (
    HEARTBEAT_S,
    Command,
    Report,
    decode_command,
    encode,
)
from tracking_plugin.control_secret import LINK_HEADER
from tracking_plugin.instruction_inbox import InstructionInbox
from tracking_plugin.server_address import without_credentials

logger = logging.getLogger(__name__)

# At DEBUG, the library logs each header and each message, and with them the secret.
_wire_logger = logging.getLogger(f"{__name__}.wire")
_wire_logger.setLevel(logging.INFO)

_DRAIN_INTERVAL_S = 0.02

OPEN_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 2.0
FIRST_RETRY_DELAY_S = 0.5
MAX_RETRY_DELAY_S = 15.0
REFUSED_RETRY_DELAY_S = 60.0
"""After a server without control refused the connection; one with control may replace it later."""

# ImportError: the proxy is one for which no package is installed.
_CONNECTION_ERRORS = (
    OSError,
    ConnectionClosed,
    InvalidHandshake,
    InvalidProxy,
    InvalidURI,
    ImportError,
)
_TEMPORARY_STATUSES = frozenset({408, 423, 429, 502, 503, 504})
"""HTTP statuses of a server that is busy or starting, or of a link that another program holds.

MLflow alone answers a WebSocket with 500.
"""

_APPLICATION_CODES = 4000
"""The server closes with this plus an HTTP status."""


class ControlLink:
    """Sends the newest report, and calls `on_command` in its own thread for each command."""

    def __init__(
        self,
        address: ControlAddress,
        on_command: Callable[[Command], None],
        secret: str = "",
        inbox: InstructionInbox | None = None,
        console: ConsoleBuffer | None = None,
    ) -> None:
        """`secret` is that of this process's job; without one, the server sends one.

        The lines of `console` are sent to a server that takes them.
        """
        self._address = address
        self._console = console or ConsoleBuffer()
        self._takes_console = False
        self._inbox = inbox or InstructionInbox()
        self._secret = secret
        self._on_command = on_command
        self._report: Report | None = None
        self._loop = asyncio.new_event_loop()
        self._has_new_report = asyncio.Event()
        self._is_acknowledged = asyncio.Event()
        self._is_acknowledged.set()
        self._is_closing = asyncio.Event()
        self._is_first_attempt_over = threading.Event()
        self._has_received_command = False
        self._has_warned = False
        self._thread = threading.Thread(target=self._run, name="fovea-control", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wait_for_first_command(self) -> None:
        """Wait until the server has sent a command, or the first attempt to connect has failed."""
        self._is_first_attempt_over.wait(OPEN_TIMEOUT_S)
        # Wait only once for a server that accepts the connection and sends nothing.
        self._is_first_attempt_over.set()

    def send(self, report: Report) -> None:
        """Send `report` once connected, unless a newer report replaces it before that."""
        self._report = report
        self._call_in_thread(self._on_new_report)

    def repeat(self) -> None:
        """Send the newest report again now, with what the inbox has to add to it."""
        self._call_in_thread(self._on_new_report)

    def update_step(self, step: int | None) -> None:
        """Set the step that the next heartbeat carries."""
        if self._report is not None:
            self._report = msgspec.structs.replace(self._report, step=step)

    def close(self) -> None:
        """Wait briefly until the server has the last report and all answers, and end the thread."""
        self._call_in_thread(self._is_closing.set)
        self._thread.join(3 * CLOSE_TIMEOUT_S)

    def _on_new_report(self) -> None:
        self._is_acknowledged.clear()
        self._has_new_report.set()

    def _call_in_thread(self, function: Callable[[], object]) -> None:
        # RuntimeError: the thread has just ended, and closed its loop.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._until_closed())
        except Exception:
            logger.exception("The control link failed: the training continues without it")
        finally:
            self._is_first_attempt_over.set()
            self._loop.close()

    async def _until_closed(self) -> None:
        connecting = asyncio.ensure_future(self._keep_connected())
        await self._is_closing.wait()
        # During an outage no acknowledgement can arrive, so do not wait for one.
        is_disconnected = self._has_warned
        try:
            async with asyncio.timeout(0 if is_disconnected else CLOSE_TIMEOUT_S):
                await self._is_acknowledged.wait()
                await self._until_console_is_sent()
        except TimeoutError:
            if not is_disconnected:
                # The next message says how many lines are not sent.
                self._console.drop_pending()
                await asyncio.sleep(2 * _DRAIN_INTERVAL_S)
        connecting.cancel()
        await asyncio.gather(connecting, return_exceptions=True)

    async def _until_console_is_sent(self) -> None:
        # The lines come from other threads, so there is no event of this loop to wait for.
        while self._takes_console and self._console.has_pending:  # noqa: ASYNC110
            await asyncio.sleep(_DRAIN_INTERVAL_S)

    async def _keep_connected(self) -> None:
        delay_s = FIRST_RETRY_DELAY_S
        while True:
            self._has_received_command = False
            self._takes_console = False
            error = await self._connect_until_lost()
            self._is_first_attempt_over.set()
            self._warn(_reason(error))
            if self._has_received_command:
                delay_s = FIRST_RETRY_DELAY_S
            # Jitter, so that not all runs reconnect to a restarted server at once.
            jitter = random.uniform(0.5, 1.0)  # noqa: S311 - not a secret
            await asyncio.sleep(jitter * (REFUSED_RETRY_DELAY_S if _is_refusal(error) else delay_s))
            delay_s = min(2 * delay_s, MAX_RETRY_DELAY_S)

    async def _connect_until_lost(self) -> Exception | None:
        """Connect, exchange messages, and return the error that ended it; None after a clean close."""
        try:
            async with connect(
                self._address.url,
                additional_headers=self._headers,
                ssl=self._address.tls,
                proxy=self._address.proxy,
                open_timeout=OPEN_TIMEOUT_S,
                close_timeout=CLOSE_TIMEOUT_S,
                ping_interval=HEARTBEAT_S,
                ping_timeout=2 * HEARTBEAT_S,
                compression=None,
                logger=_wire_logger,
            ) as connection:
                await self._exchange_messages(connection)
        except _CONNECTION_ERRORS as error:
            return error
        except Exception as error:
            logger.exception("The control link failed: it will be retried")
            return error
        return None

    @property
    def _headers(self) -> Mapping[str, str]:
        presented = {LINK_HEADER: self._secret} if self._secret else {}
        return {**self._address.headers, **presented}

    async def _exchange_messages(self, connection: ClientConnection) -> None:
        work = (self._send_reports(connection), self._send_console(connection))
        sending = [asyncio.ensure_future(each) for each in work]
        try:
            async for text in connection:
                self._on_message(text)
        finally:
            for task in sending:
                task.cancel()
            await asyncio.gather(*sending, return_exceptions=True)

    def _on_message(self, text: str | bytes) -> None:
        try:
            command = decode_command(text)
        except msgspec.MsgspecError as error:
            logger.warning("A control message of the server could not be decoded: %s", error)
            return
        self._has_received_command = True
        if command.secret is not msgspec.UNSET:
            self._secret = command.secret
        if command.takes_console is not msgspec.UNSET:
            self._takes_console = command.takes_console
        if command.instructions is not msgspec.UNSET:
            self._inbox.on_list(command.instructions)
        if self._report is not None and command.heard == self._report.number:
            self._on_acknowledgement()
        if self._has_warned:
            logger.info("Control from %s is back", self._address.server)
            self._has_warned = False
        self._on_command(command)
        self._is_first_attempt_over.set()

    def _on_acknowledgement(self) -> None:
        if self._inbox.is_settled:
            self._is_acknowledged.set()

    async def _send_reports(self, connection: ClientConnection) -> None:
        """Send each new report at once, and repeat the newest one as a heartbeat."""
        while True:
            self._has_new_report.clear()
            if self._report is not None:
                await connection.send(encode(self._inbox.added_to(self._report)))
            with suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_S):
                    await self._has_new_report.wait()

    async def _send_console(self, connection: ClientConnection) -> None:
        """Send the waiting lines at intervals, and faster once the link is closing."""
        while True:
            if self._takes_console and (lines := self._console.take()) is not None:
                try:
                    await connection.send(encode(lines))
                except (ConnectionClosed, asyncio.CancelledError):
                    self._console.drop(len(lines.console or ()) + lines.dropped)
                    raise
            if self._is_closing.is_set():
                await asyncio.sleep(_DRAIN_INTERVAL_S)
            else:
                with suppress(TimeoutError):
                    async with asyncio.timeout(BATCH_INTERVAL_S):
                        await self._is_closing.wait()

    def _warn(self, reason: str) -> None:
        """Log one warning per outage, and further attempts at DEBUG."""
        logger.log(
            logging.DEBUG if self._has_warned else logging.WARNING,
            "No control from %s (%s): the training continues, and can be controlled again once "
            "the server accepts the connection",
            self._address.server,
            reason,
        )
        self._has_warned = True


def _is_refusal(error: Exception | None) -> bool:
    """Whether the server would refuse the same way if asked again soon."""
    if isinstance(error, InvalidStatus):
        return error.response.status_code not in _TEMPORARY_STATUSES
    if isinstance(error, ssl.SSLCertVerificationError | InvalidURI | InvalidProxy):
        return True
    code = _close_code(error)
    return code >= _APPLICATION_CODES and code - _APPLICATION_CODES not in _TEMPORARY_STATUSES


def _reason(error: Exception | None) -> str:
    if isinstance(error, InvalidStatus):
        return f"it answered with HTTP status {error.response.status_code}"
    if isinstance(error, ConnectionClosed) and error.rcvd is not None:
        return f"closed with {error.rcvd}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"its certificate is not trusted: {error.verify_message}; MLFLOW_TRACKING_SERVER_CERT_PATH "
            "names a file of trusted ones"
        )
    if isinstance(error, InvalidURI | InvalidProxy | ImportError):
        return without_credentials(str(error))
    return "closed" if error is None else type(error).__name__


def _close_code(error: Exception | None) -> int:
    if isinstance(error, ConnectionClosed) and error.rcvd is not None:
        return error.rcvd.code
    return 0
