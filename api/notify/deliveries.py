"""Delivers due notifications, and retries those that a service does not accept."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

from api.background import cancel
from api.errors import UnavailableError
from api.notify.delivery_process import UndeliveredError, delivery_process
from api.notify.records import Notification
from api.notify.store import NotificationStore
from api.notify.targets import Target
from api.storage.database import in_database
from api.timestamps import unix_ms

logger = logging.getLogger(__name__)

STOP_GRACE_S = 5.0
"""Shorter than the lease still lasts at any time, so that no other server sends the same meanwhile."""

FIRST_RETRY_S = 2.0
MAX_RETRY_S = 300.0


class Deliveries:
    """One task for each service: a service that hangs or refuses does not delay the others."""

    def __init__(self, targets: Sequence[Target], store: NotificationStore) -> None:
        self._targets = {target.key: target for target in targets}
        self._store = store
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._is_stopping = False
        self._accepted_ids: set[str] = set()
        """Notifications that a service has accepted, but that the database has still as due."""

    async def start_due(self) -> None:
        """Start to deliver to each service that has due notifications, unless it is busy."""
        due = await in_database(partial(self._store.due, unix_ms()))
        for key, waiting in due.items():
            if key not in self._tasks:
                task = asyncio.create_task(self._deliver(self._targets[key], waiting))
                self._tasks[key] = task
                task.add_done_callback(partial(self._forget, key))

    async def finish(self) -> None:
        """Give running deliveries time to end: a delivery that is cut off would be repeated."""
        self._is_stopping = True
        if running := list(self._tasks.values()):
            _, unfinished = await asyncio.wait(running, timeout=STOP_GRACE_S)
            await cancel(*unfinished)

    def _forget(self, key: str, _: asyncio.Task[None]) -> None:
        del self._tasks[key]

    async def _deliver(self, target: Target, waiting: Sequence[Notification]) -> None:
        try:
            await self._deliver_in_order(target, waiting)
        except UnavailableError:
            logger.warning("Notifications wait for the database")
        except Exception:
            logger.exception("A notification to %s failed; it is retried soon", target.name)

    async def _deliver_in_order(self, target: Target, waiting: Sequence[Notification]) -> None:
        """Stops at the first notification that the service does not accept."""
        current = waiting[0]
        try:
            async with delivery_process(target) as process:
                for current in waiting:
                    if self._is_stopping:
                        return
                    if current.id not in self._accepted_ids:
                        await process.deliver(current)
                        self._accepted_ids.add(current.id)
                    recording = in_database(partial(self._store.mark_sent, current, unix_ms()))
                    await asyncio.shield(recording)
                    self._accepted_ids.discard(current.id)
        except UndeliveredError as error:
            await self._schedule_retry(target, current, str(error))

    async def _schedule_retry(self, target: Target, notification: Notification, error: str) -> None:
        pause_s = min(MAX_RETRY_S, FIRST_RETRY_S * 2 ** min(notification.attempts, 16))
        logger.warning(
            "%s did not accept a notification (attempt %d): %s; the next attempt is in %.0f s",
            *(target.name, notification.attempts + 1, error, pause_s),
        )
        next_attempt_ms = unix_ms() + int(pause_s * 1000)
        await in_database(partial(self._store.mark_failed, notification, error, next_attempt_ms))
