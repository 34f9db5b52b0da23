"""Our end of the process that hands messages to one service: it hangs for nobody longer than a deadline."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from api.notify.records import Notification
from api.notify.targets import Target

START_DEADLINE_S = 60.0
DEADLINE_S = 60.0
"""For one message. A service's own limits are shorter, and do not count all that may hang."""


class UndeliveredError(Exception):
    """Why a service has not taken a message, or is not known to have."""


class DeliveryProcess:
    """Delivers to one service, one message after the other."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def deliver(self, notification: Notification) -> None:
        """UndeliveredError; after one, nothing more goes to this courier."""
        message = {
            "id": notification.id,
            "run_id": notification.run_id,
            "kind": notification.kind,
            "title": notification.title,
            "body": notification.body,
        }
        await self.ask(message, DEADLINE_S)

    async def ask(self, line: Any, deadline_s: float) -> None:
        """Hand `line` over and wait for the answer; UndeliveredError."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(deadline_s):
                self._process.stdin.write(json.dumps(line).encode() + b"\n")
                await self._process.stdin.drain()
                answer = await self._process.stdout.readline()
        except TimeoutError:
            raise UndeliveredError(
                f"The service did not answer within {deadline_s:.0f} s"
            ) from None
        except OSError:
            answer = b""
        if not answer:
            raise UndeliveredError("The process that delivers ended unexpectedly")
        if error := json.loads(answer):
            raise UndeliveredError(str(error))


@asynccontextmanager
async def courier_to(target: Target) -> AsyncIterator[DeliveryProcess]:
    """UndeliveredError where it cannot start; its process is gone at the end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "api.notify.delivery_worker"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        # What plug-ins print of their doings may hold what the URL keeps secret.
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        courier = DeliveryProcess(process)
        # The URL goes another way than the arguments, which every user of the machine may read.
        await courier.ask(target.url, START_DEADLINE_S)
        yield courier
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
