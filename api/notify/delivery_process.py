"""Starts a delivery worker for one service, and sends it messages with a deadline for each."""

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
"""For one message. The time limits of a service are shorter, but do not cover everything that may hang."""


class UndeliveredError(Exception):
    """A service has not accepted a message, or may not have."""


class DeliveryProcess:
    """A running delivery worker."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def deliver(self, notification: Notification) -> None:
        """Raises UndeliveredError; the process cannot be used after that."""
        message = {
            "id": notification.id,
            "run_id": notification.run_id,
            "kind": notification.kind,
            "title": notification.title,
            "body": notification.body,
        }
        await self.send(message, DEADLINE_S)

    async def send(self, line: Any, deadline_s: float) -> None:
        """Write `line` and wait for the answer. Raises UndeliveredError."""
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
            raise UndeliveredError("The delivery process ended unexpectedly")
        if error := json.loads(answer):
            raise UndeliveredError(str(error))


@asynccontextmanager
async def delivery_process(target: Target) -> AsyncIterator[DeliveryProcess]:
    """A worker for `target`, which has ended on exit. Raises UndeliveredError if it cannot start."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "api.notify.delivery_worker"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        # The output of plug-ins may contain the secrets in the URL.
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        delivery = DeliveryProcess(process)
        # Not as an argument: every user of the machine can read those.
        await delivery.send(target.url, START_DEADLINE_S)
        yield delivery
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
