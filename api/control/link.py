"""The server's end of a control link: says what is wanted on connect and on change, and hears what is."""

import asyncio
import logging

import msgspec
from mlflow.exceptions import MlflowException
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.background import in_background
from api.control.service import ControlService
from api.errors import ApiError, UnavailableError, close_code_of
from api.middleware.admission import close_reason
from tracking_plugin.control_messages import (
    MAX_MESSAGE_CHARS,
    Command,
    Report,
    decode_report,
    encode,
)

logger = logging.getLogger(__name__)

REPLACED = 4409
"""Another connection has come for the same run."""

_LARGEST_NUMBER = 2**63 - 1
_USUAL_ENDS = (asyncio.CancelledError, WebSocketDisconnect)


class ControlLinks:
    """The links of this process: one for each run, the newest."""

    def __init__(self, control: ControlService) -> None:
        self._control = control
        self._open: dict[str, asyncio.Task[None]] = {}

    async def serve(self, socket: WebSocket, run_id: str, workspace: str | None) -> None:
        """One connection, from its acceptance to its end."""
        with self._control.watching(run_id) as changed:
            try:
                state = await self._control.connect(run_id, workspace)
            except (ApiError, MlflowException) as error:
                await refuse(socket, error)
                return
            link = ControlLink(self._control, socket, run_id, changed)
            await self._as_the_newest(link, state.command)

    async def _as_the_newest(self, link: "ControlLink", command: Command) -> None:
        if (before := self._open.get(link.run_id)) is not None:
            before.cancel()
        task = asyncio.create_task(link.converse(command))
        self._open[link.run_id] = task
        try:
            await asyncio.wait((task,))
        finally:
            task.cancel()
            if self._open.get(link.run_id) is task:
                del self._open[link.run_id]
        if task.cancelled():
            await close(link.socket, REPLACED, "the run has opened another control link")


class ControlLink:
    """One connection; the protocol's own pings tell when nobody is at its other end any more."""

    def __init__(
        self, control: ControlService, socket: WebSocket, run_id: str, changed: asyncio.Event
    ) -> None:
        self._control = control
        self._changed = changed
        self._heard: int | None = None
        self.socket = socket
        self.run_id = run_id

    async def converse(self, command: Command) -> None:
        both = (self._keep_telling(command), self._keep_hearing())
        async with in_background(*both) as (telling, hearing):
            await asyncio.wait((telling, hearing), return_when=asyncio.FIRST_COMPLETED)
            if _has_left(telling):
                # Messages that arrived before the disconnect are still to be read.
                await asyncio.wait((hearing,))
        for task in (telling, hearing):
            error = None if task.cancelled() else task.exception()
            if error is not None and not isinstance(error, _USUAL_ENDS):
                await refuse(self.socket, error)

    async def _keep_telling(self, command: Command) -> None:
        """All that is sent about the state is sent here, so that nothing overtakes what is newer."""
        await self.socket.send_text(encode(command))
        while True:
            await self._changed.wait()
            self._changed.clear()
            heard, self._heard = self._heard, None
            state = await self._control.find(self.run_id)
            if state is not None and (heard is not None or state.command != command):
                command = state.command
                await self.socket.send_text(encode(msgspec.structs.replace(command, heard=heard)))

    async def _keep_hearing(self) -> None:
        while True:
            message = await self.socket.receive()
            if message["type"] != "websocket.receive":
                return
            try:
                report = read_report(message.get("text") or message.get("bytes") or "")
            except BadReportError as error:
                await self.socket.send_json({"error": str(error)})
                continue
            await self._control.report(self.run_id, report)
            if report.number is not None:
                self._heard = report.number
            # Looking again with each report heals whatever change was not heard of.
            self._changed.set()


def _has_left(telling: asyncio.Task[None]) -> bool:
    return telling.done() and isinstance(telling.exception(), _USUAL_ENDS)


async def refuse(socket: WebSocket, error: BaseException) -> None:
    """Close with the code of `error`; a store that is away is one to come back to."""
    if not isinstance(error, ApiError):
        logger.warning("A control link broke (%s)", type(error).__name__, exc_info=error)
        error = UnavailableError("The server cannot keep what it hears: connect again")
    await close(socket, close_code_of(error), close_reason(error))


async def close(socket: WebSocket, code: int, reason: str) -> None:
    try:
        await socket.close(code, reason)
    except (RuntimeError, WebSocketDisconnect):
        # The other side was quicker.
        return


class BadReportError(ValueError):
    """Something else than a report."""


def read_report(text: str | bytes) -> Report:
    """BadReportError."""
    try:
        report = decode_report(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadReportError(f"A report was expected: {error}") from None
    if any(abs(number or 0) > _LARGEST_NUMBER for number in (report.step, report.number)):
        raise BadReportError("A report was expected: its step is no number of 64 bits")
    # PostgreSQL keeps no NUL.
    message = report.message.replace("\0", "")[:MAX_MESSAGE_CHARS]
    return msgspec.structs.replace(report, message=message)
