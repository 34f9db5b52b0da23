"""The connection of a training to its server's control: kept up in a thread, whatever happens to the server."""

import asyncio
import logging
import random
import threading
from collections.abc import Callable
from contextlib import suppress

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from tracking_plugin.control_address import ControlAddress
from tracking_plugin.control_messages import Command, Report, decode_command, encode

logger = logging.getLogger(__name__)

HEARTBEAT_S = 10.0
OPEN_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 2.0
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 15.0
REFUSED_PAUSE_S = 60.0
"""Before the next look at a server that has no control: it may be about to be replaced by one that has."""

_LOSSES = (OSError, TimeoutError, ConnectionClosed, InvalidHandshake)
_PASSING = frozenset({429, 502, 503, 504})
"""HTTP statuses of a server that is there but busy, or about to be."""

_APPLICATION_CODES = 4000
"""Close codes from here on are HTTP statuses and this."""


class ControlLink:
    """Tells the newest report, and hears of each command; `on_command` is called in its thread."""

    def __init__(self, address: ControlAddress, on_command: Callable[[Command], None]) -> None:
        self._address = address
        self._on_command = on_command
        self._report: Report | None = None
        self._loop = asyncio.new_event_loop()
        self._has_news = asyncio.Event()
        self._is_answered = asyncio.Event()
        self._is_answered.set()
        self._is_closing = asyncio.Event()
        self._is_heard = False
        self._has_warned = False
        self._thread = threading.Thread(target=self._run, name="fovea-control", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def tell(self, report: Report) -> None:
        """Send `report` as soon as there is a connection, unless a newer one comes before that."""
        self._report = report
        self._call(self._hurry)

    def at(self, step: int | None) -> None:
        """The step that the next heartbeat names."""
        if self._report is not None:
            self._report = msgspec.structs.replace(self._report, step=step)

    def close(self) -> None:
        """Have the last report heard, if that takes no more than a moment, and end the thread."""
        self._call(self._is_closing.set)
        self._thread.join(3 * CLOSE_TIMEOUT_S)

    def _hurry(self) -> None:
        self._is_answered.clear()
        self._has_news.set()

    def _call(self, function: Callable[[], object]) -> None:
        # RuntimeError: the thread has ended in this very moment.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._until_closed())
        except Exception:
            logger.exception("The control link failed: the training goes on without it")
        finally:
            self._loop.close()

    async def _until_closed(self) -> None:
        keeping = asyncio.ensure_future(self._keep_connected())
        await self._is_closing.wait()
        # Where the server is known to be away, waiting for it is in vain.
        is_away = self._has_warned
        with suppress(TimeoutError):
            async with asyncio.timeout(0 if is_away else CLOSE_TIMEOUT_S):
                await self._is_answered.wait()
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)

    async def _keep_connected(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            self._is_heard = False
            error = await self._until_lost()
            self._warn(_reason(error))
            if self._is_heard:
                pause_s = FIRST_PAUSE_S
            # Spread, so that not all runs come back to a restarted server at once.
            spread = random.uniform(0.5, 1.0)  # noqa: S311 - no secret
            await asyncio.sleep(spread * (REFUSED_PAUSE_S if _is_refusal(error) else pause_s))
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _until_lost(self) -> Exception | None:
        """Connect and converse; what ended that, None for a close without a complaint."""
        try:
            async with connect(
                self._address.url,
                additional_headers=self._address.headers,
                ssl=self._address.tls,
                open_timeout=OPEN_TIMEOUT_S,
                close_timeout=CLOSE_TIMEOUT_S,
                ping_interval=HEARTBEAT_S,
                ping_timeout=2 * HEARTBEAT_S,
                compression=None,
            ) as connection:
                await self._converse(connection)
        except _LOSSES as error:
            return error
        except Exception as error:
            logger.exception("The control link failed: it is tried again")
            return error
        return None

    async def _converse(self, connection: ClientConnection) -> None:
        telling = asyncio.ensure_future(self._keep_telling(connection))
        try:
            async for text in connection:
                self._hear(text)
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)

    def _hear(self, text: str | bytes) -> None:
        try:
            command = decode_command(text)
        except msgspec.MsgspecError as error:
            logger.warning("The server's word on control is not understood: %s", error)
            return
        self._is_heard = True
        if self._report is not None and command.heard == self._report.number:
            self._is_answered.set()
        if self._has_warned:
            logger.info("Control from %s is back", self._address.server)
            self._has_warned = False
        self._on_command(command)

    async def _keep_telling(self, connection: ClientConnection) -> None:
        while True:
            self._has_news.clear()
            if self._report is not None:
                await connection.send(encode(self._report))
            with suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_S):
                    await self._has_news.wait()

    def _warn(self, reason: str) -> None:
        """Once an outage: a training that nobody controls is as good as any other."""
        logger.log(
            logging.DEBUG if self._has_warned else logging.WARNING,
            "No control from %s (%s): the training goes on, and can be controlled once there is",
            self._address.server,
            reason,
        )
        self._has_warned = True


def _is_refusal(error: Exception | None) -> bool:
    """Whether the server is there, and would give the same answer again."""
    if isinstance(error, InvalidStatus):
        return error.response.status_code not in _PASSING
    code = _close_code(error)
    return code >= _APPLICATION_CODES and code - _APPLICATION_CODES not in _PASSING


def _reason(error: Exception | None) -> str:
    if isinstance(error, InvalidStatus):
        return f"it answered with HTTP status {error.response.status_code}"
    if isinstance(error, ConnectionClosed) and error.rcvd is not None:
        return f"closed with {error.rcvd}"
    return "closed" if error is None else type(error).__name__


def _close_code(error: Exception | None) -> int:
    is_told = isinstance(error, ConnectionClosed) and error.rcvd is not None
    return error.rcvd.code if is_told else 0  # type: ignore[union-attr] # told by the line above
