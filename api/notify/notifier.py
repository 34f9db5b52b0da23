"""Writes what is to be told, hands it to the services, and does not let go before they have taken it.

Of a server's processes one does it, the holder of the lease.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

from mlflow.exceptions import MlflowException

from api.errors import ApiError, NotFoundError, UnavailableError
from api.notify.delivery_process import UndeliveredError, courier_to
from api.notify.message import About, news_message, reminder
from api.notify.outbox import Outbox
from api.notify.records import Group, Notification
from api.notify.targets import Target
from api.runs.reader import RunReader
from api.runs.workspaces import within
from api.storage.database import in_database
from api.storage.lease import Lease
from api.timestamps import unix_ms
from tracking_plugin.mlflow_status import ACTIVE_STATUSES

logger = logging.getLogger(__name__)

TICK_S = 1.0
REMINDER_TICK_S = 60.0
STOP_GRACE_S = 5.0
"""Shorter than what is always left of the lease, so that no other server sends the same meanwhile."""

_FIRST_RETRY_S = 2.0
_LONGEST_RETRY_S = 300.0


@dataclass(frozen=True, kw_only=True)
class Pace:
    """When messages are written."""

    wait_s: float
    """Of a run's first alert, for others."""
    interval_s: float
    """Between two messages about a run."""
    repeat_s: float
    """After which open alerts are told again."""


class Notifier:
    """Each service is served on its own: one that hangs or refuses delays no other."""

    def __init__(
        self,
        targets: Sequence[Target],
        pace: Pace,
        outbox: Outbox,
        reader: RunReader,
        lease: Lease,
        take_over: Callable[[], Mapping[str, int]],
        public_url: str,
    ) -> None:
        self._targets = {target.key: target for target in targets}
        self._pace = pace
        self._outbox = outbox
        self._reader = reader
        self._lease = lease
        self._take_over = take_over
        self._public_url = public_url.rstrip("/")
        self._deliveries: dict[str, asyncio.Task[None]] = {}
        self._reminded_ms: dict[Group, int] = {}
        self._is_stopping = False
        self._taken: set[str] = set()
        """Messages that a service has, although the database could not be told so yet."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        working = asyncio.create_task(self._work())
        try:
            yield
        finally:
            self._is_stopping = True
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            await self._finish_deliveries()
            with suppress(UnavailableError):
                await self._lease.give_up()

    async def _work(self) -> None:
        looked_s, is_ours = float("-inf"), False
        while True:
            try:
                was_ours, is_ours = is_ours, await self._lease.held()
                if is_ours:
                    if not was_ours:
                        await self.reassign()
                    await self._tell()
                    if time.monotonic() - looked_s > min(REMINDER_TICK_S, self._pace.repeat_s):
                        looked_s = time.monotonic()
                        await self._remind()
            except (ApiError, MlflowException) as error:
                logger.warning("Notifications wait for a store (%s)", type(error).__name__)
            except Exception:
                logger.exception("Notifying failed: the next try is in a moment")
            await asyncio.sleep(TICK_S)

    async def reassign(self) -> None:
        """What the holder before us put on record for services that it knew."""
        for kind, number in (await in_database(self._take_over)).items():
            logger.warning(
                "%d notifications waited for a service (%s) that FOVEA_NOTIFY_URLS names no longer: "
                "they are given up",
                *(number, kind),
            )

    async def _tell(self) -> None:
        wait_ms, interval_ms = int(self._pace.wait_s * 1000), int(self._pace.interval_s * 1000)
        ready = partial(self._outbox.ready, unix_ms(), wait_ms, interval_ms)
        for group in await in_database(ready):
            try:
                about, _ = await in_database(partial(self._about, group))
            except (ApiError, MlflowException):
                # The news is worth more than the run's name.
                about = About(run_id=group.run_id, run_name="")
            compose = partial(news_message, about)
            await in_database(partial(self._outbox.write, group, compose, unix_ms()))
        for key, waiting in (await in_database(partial(self._outbox.due, unix_ms()))).items():
            if key not in self._deliveries:
                delivery = asyncio.create_task(self._deliver(self._targets[key], waiting))
                self._deliveries[key] = delivery
                delivery.add_done_callback(partial(self._forget, key))

    def _forget(self, key: str, _: asyncio.Task[None]) -> None:
        del self._deliveries[key]

    async def _remind(self) -> None:
        """Of runs that go on: whoever has ended a run knows of it."""
        repeat_ms = int(self._pace.repeat_s * 1000)
        unacknowledged = await in_database(
            partial(self._outbox.unacknowledged, unix_ms(), repeat_ms)
        )
        self._reminded_ms = {group: self._reminded_ms.get(group, 0) for group in unacknowledged}
        for group in unacknowledged:
            if unix_ms() < self._reminded_ms[group] + repeat_ms:
                continue
            about, is_active = await in_database(partial(self._about, group))
            if is_active:
                compose = partial(reminder, about)
                await in_database(partial(self._outbox.remind, group, compose, unix_ms()))
            self._reminded_ms[group] = unix_ms()

    def _about(self, group: Group) -> tuple[About, bool]:
        """The run of a group, and whether it goes on; a run that is deleted has no name any more."""
        try:
            with within(group.workspace):
                state = self._reader.state(group.run_id, recent_steps=0)
        except NotFoundError:
            return About(run_id=group.run_id, run_name=""), False
        url = f"{self._public_url}/monitor/#/runs/{group.run_id}"
        about = About(
            run_id=group.run_id,
            run_name=state.run_name,
            url=url if self._public_url else None,
        )
        return about, state.mlflow_status in ACTIVE_STATUSES and not state.deleted

    async def _deliver(self, target: Target, waiting: Sequence[Notification]) -> None:
        try:
            await self._hand_over(target, waiting)
        except UnavailableError:
            logger.warning("Notifications wait for the database")
        except Exception:
            logger.exception(
                "A notification to %s failed: the next try is in a moment", target.name
            )

    async def _hand_over(self, target: Target, waiting: Sequence[Notification]) -> None:
        """As long as the service takes what waits for it."""
        current = waiting[0]
        try:
            async with courier_to(target) as courier:
                for current in waiting:
                    if self._is_stopping:
                        return
                    if current.id not in self._taken:
                        await courier.deliver(current)
                        self._taken.add(current.id)
                    recording = in_database(partial(self._outbox.sent, current, unix_ms()))
                    await asyncio.shield(recording)
                    self._taken.discard(current.id)
        except UndeliveredError as error:
            await self._put_off(target, current, str(error))

    async def _put_off(self, target: Target, notification: Notification, error: str) -> None:
        pause_s = min(_LONGEST_RETRY_S, _FIRST_RETRY_S * 2 ** min(notification.attempts, 16))
        logger.warning(
            "%s has not taken a notification, attempt %d: %s; the next is in %.0f s",
            *(target.name, notification.attempts + 1, error, pause_s),
        )
        again_ms = unix_ms() + int(pause_s * 1000)
        await in_database(partial(self._outbox.failed, notification, error, again_ms))

    async def _finish_deliveries(self) -> None:
        """What is on its way is given a moment to arrive: cut off, it would be sent once more."""
        if running := list(self._deliveries.values()):
            _, left = await asyncio.wait(running, timeout=STOP_GRACE_S)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
