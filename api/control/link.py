"""The server's end of a control link: sends the desired state on connect and on change, and receives reports."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec
from mlflow.exceptions import MlflowException
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.background import in_background
from api.control.audit import Issuer
from api.control.link_claim import LinkHeldError
from api.control.report_reading import (
    BadReportError,
    read_console,
    read_report,
    require_later_step,
)
from api.control.sent_instructions import SentInstructions
from api.control.service import ControlService, GrantedLink
from api.errors import ApiError, UnavailableError, close_code_of
from api.middleware.admission import close_reason
from tracking_plugin.control_messages import Command, ConsoleLines, encode
from tracking_plugin.control_secret import LINK_HEADER

logger = logging.getLogger(__name__)

REPLACED = 4409
"""Close code: another connection for the same run has been opened."""

_CLOSED_IN_ORDER = (1000, 1001)
"""Close codes of a program that has finished. One that was killed sends none."""

_CLOSING_TIMEOUT_S = 1.0
_USUAL_ENDS = (asyncio.CancelledError, WebSocketDisconnect)


class LinkConsole(Protocol):
    """Takes what a program prints over one link."""

    async def add(self, lines: ConsoleLines) -> None: ...

    async def end(self) -> None:
        """No more lines come over the link."""
        ...


ConsoleOf = Callable[[str, str | None], Awaitable[LinkConsole | None]]
"""What takes the lines that a run of a workspace prints; None if the server has them already."""


class ControlLinks:
    """The links of this process: the newest one of each run."""

    def __init__(self, control: ControlService, console_of: ConsoleOf) -> None:
        self._control = control
        self._console_of = console_of
        self._open: dict[str, asyncio.Task[None]] = {}

    async def serve(
        self, socket: WebSocket, run_id: str, workspace: str | None, issuer: Issuer
    ) -> None:
        """Serve an accepted connection until its end."""
        secret = socket.headers.get(LINK_HEADER, "")
        with self._control.watching(run_id) as changed:
            try:
                granted = await self._connect(run_id, workspace, secret, issuer)
                console = await self._console_of(run_id, workspace)
            except (ApiError, MlflowException) as error:
                await refuse(socket, error)
                return
            link = ControlLink(self._control, socket, run_id, granted.digest, changed, console)
            told = msgspec.UNSET if granted.secret is None else granted.secret
            takes = msgspec.UNSET if console is None else True
            command = msgspec.structs.replace(
                granted.state.command, secret=told, takes_console=takes
            )
            try:
                await self._serve_newest(link, command)
            finally:
                if console is not None:
                    await console.end()

    async def _connect(
        self, run_id: str, workspace: str | None, secret: str, issuer: Issuer
    ) -> GrantedLink:
        try:
            return await self._control.connect(run_id, workspace, secret, issuer)
        except LinkHeldError:
            # A program that has just closed its link may be opening the next one.
            if not await self._has_ended(run_id):
                raise
        return await self._control.connect(run_id, workspace, secret, issuer)

    async def _has_ended(self, run_id: str) -> bool:
        """Whether the run has no link in this process, or it ends within a moment."""
        if (task := self._open.get(run_id)) is None:
            return True
        await asyncio.wait((task,), timeout=_CLOSING_TIMEOUT_S)
        return task.done()

    async def _serve_newest(self, link: "ControlLink", command: Command) -> None:
        """Serve `link` until its end or until another link of the run replaces it."""
        if (before := self._open.get(link.run_id)) is not None:
            before.cancel()
        task = asyncio.create_task(link.serve(command))
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
    """One connection. The WebSocket's own pings detect that the other end is gone."""

    def __init__(
        self,
        control: ControlService,
        socket: WebSocket,
        run_id: str,
        digest: str,
        changed: asyncio.Event,
        console: LinkConsole | None,
    ) -> None:
        """`digest` is that of the secret of the program that holds the link."""
        self._control = control
        self._console = console
        self._digest = digest
        self._changed = changed
        self._highest_step = 0
        self._is_closed_in_order = False
        self._received_number: int | None = None
        self._instructions = SentInstructions(control.instructions, run_id)
        self.socket = socket
        self.run_id = run_id

    async def serve(self, command: Command) -> None:
        """Send `command` and each later one, and receive reports, until the connection ends."""
        await self._exchange(command)
        if self._is_closed_in_order:
            await self._release()

    async def _exchange(self, command: Command) -> None:
        work = (self._send_commands(command), self._receive_reports())
        async with in_background(*work) as (sending, receiving):
            await asyncio.wait((sending, receiving), return_when=asyncio.FIRST_COMPLETED)
            if _has_disconnected(sending):
                # Reports that were sent before the disconnect are still to be received.
                await asyncio.wait((receiving,))
        for task in (sending, receiving):
            error = None if task.cancelled() else task.exception()
            if error is not None and not isinstance(error, _USUAL_ENDS):
                await refuse(self.socket, error)

    async def _send_commands(self, command: Command) -> None:
        """The only sender of commands, so that an older one never follows a newer one."""
        await self.socket.send_text(encode(command))
        command = msgspec.structs.replace(
            command, secret=msgspec.UNSET, takes_console=msgspec.UNSET
        )
        while True:
            await self._changed.wait()
            self._changed.clear()
            number, self._received_number = self._received_number, None
            state = await self._control.find(self.run_id)
            instructions = await self._instructions.changed()
            is_new = number is not None or instructions is not msgspec.UNSET
            if state is not None and (is_new or state.command != command):
                command = state.command
                message = msgspec.structs.replace(command, heard=number, instructions=instructions)
                await self.socket.send_text(encode(message))

    async def _receive_reports(self) -> None:
        while True:
            message = await self.socket.receive()
            if message["type"] != "websocket.receive":
                self._is_closed_in_order = message.get("code") in _CLOSED_IN_ORDER
                return
            text = message.get("text") or message.get("bytes") or ""
            if (lines := read_console(text)) is not None:
                if self._console is not None:
                    await self._console.add(lines)
                continue
            try:
                report = read_report(text)
                require_later_step(report, self._highest_step)
            except BadReportError as error:
                await self.socket.send_json({"error": str(error)})
                continue
            await self._control.report(self.run_id, report, self._digest)
            self._instructions.on_report(report)
            if report.step is not None:
                self._highest_step = report.step
            if report.number is not None:
                self._received_number = report.number
            # Reading the state after each report repairs the loss of a notification.
            self._changed.set()

    async def _release(self) -> None:
        try:
            await self._control.release_link(self.run_id, self._digest)
        except ApiError as error:
            # Until the link counts as dead, only the same program may open it again.
            logger.warning("A control link was not released (%s)", type(error).__name__)


def _has_disconnected(sending: asyncio.Task[None]) -> bool:
    return sending.done() and isinstance(sending.exception(), _USUAL_ENDS)


async def refuse(socket: WebSocket, error: BaseException) -> None:
    """Close with the code of `error`. An unexpected error counts as unavailable: the run reconnects."""
    if not isinstance(error, ApiError):
        logger.warning("A control link broke (%s)", type(error).__name__, exc_info=error)
        error = UnavailableError("The server cannot store reports now: connect again")
    await close(socket, close_code_of(error), close_reason(error))


async def close(socket: WebSocket, code: int, reason: str) -> None:
    try:
        await socket.close(code, reason)
    except (RuntimeError, WebSocketDisconnect):
        # The other side has closed it already.
        return
