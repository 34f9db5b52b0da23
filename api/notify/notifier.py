"""Writes notifications of alerts and reminders, and has them delivered.

Only the process that holds the lease does it.
"""

import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial

from mlflow.exceptions import MlflowException

from api.errors import ApiError, NotFoundError
from api.notify.deliveries import Deliveries
from api.notify.message import RunReference, changes_message, reminder
from api.notify.outbox import Outbox
from api.notify.records import Group
from api.notify.store import NotificationStore
from api.notify.targets import Target
from api.notify.timing import NotificationTiming
from api.runs.run_follower import RunFeed
from api.runs.workspaces import within
from api.storage.database import in_database
from api.storage.lease import Lease
from api.storage.leased_worker import LeasedWorker
from api.timestamps import unix_ms
from tracking_plugin.mlflow_status import ACTIVE_STATUSES

logger = logging.getLogger(__name__)

INTERVAL_S = 1.0
REMINDER_INTERVAL_S = 60.0


class Notifier:
    def __init__(
        self,
        targets: Sequence[Target],
        timing: NotificationTiming,
        outbox: Outbox,
        store: NotificationStore,
        feed: RunFeed,
        lease: Lease,
        reassign: Callable[[], Mapping[str, int]],
        public_url: str,
    ) -> None:
        """`reassign` moves what waits for services that are no longer configured to others."""
        self._timing = timing
        self._outbox = outbox
        self._reader = feed.reader
        self._failures = feed.failures
        self._reassign = reassign
        self._public_url = public_url.rstrip("/")
        self._deliveries = Deliveries(targets, store)
        self._worker = LeasedWorker(
            "Sending notifications",
            self._work,
            interval_s=INTERVAL_S,
            lease=lease,
            on_acquired=self._reassign_waiting,
            on_stopped=self._deliveries.finish,
        )
        self._reminded_ms: dict[Group, int] = {}
        self._reminders_s = float("-inf")
        """When reminders were last written, by the monotonic clock."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with self._worker.running():
            yield

    async def _reassign_waiting(self) -> None:
        for kind, number in (await in_database(self._reassign)).items():
            logger.warning(
                "%d notifications waited for a service (%s) that FOVEA_NOTIFY_URLS no longer names: "
                "they are given up",
                *(number, kind),
            )

    async def _work(self) -> None:
        await self._write_messages()
        await self._deliveries.start_due()
        if time.monotonic() - self._reminders_s > min(
            REMINDER_INTERVAL_S, self._timing.repeat_ms / 1000
        ):
            self._reminders_s = time.monotonic()
            await self._write_reminders()

    async def _write_messages(self) -> None:
        ready = partial(
            self._outbox.ready, unix_ms(), self._timing.wait_ms, self._timing.interval_ms
        )
        groups = await in_database(ready)
        await self._failures.each("Writing a notification", groups, _run_id, self._write_message)

    async def _write_message(self, group: Group) -> None:
        try:
            run, _ = await in_database(partial(self._find_run, group))
        except (ApiError, MlflowException):
            # A message without the run's name is better than a late one.
            run = RunReference(run_id=group.run_id, run_name="")
        compose = partial(changes_message, run)
        await in_database(partial(self._outbox.write, group, compose, unix_ms()))

    async def _write_reminders(self) -> None:
        """Only for active runs: the person who ended a run knows of it."""
        repeat_ms = self._timing.repeat_ms
        unacknowledged = await in_database(
            partial(self._outbox.unacknowledged, unix_ms(), repeat_ms)
        )
        self._reminded_ms = {group: self._reminded_ms.get(group, 0) for group in unacknowledged}
        due = [it for it in unacknowledged if unix_ms() >= self._reminded_ms[it] + repeat_ms]
        await self._failures.each("Writing a reminder", due, _run_id, self._write_reminder)

    async def _write_reminder(self, group: Group) -> None:
        run, is_active = await in_database(partial(self._find_run, group))
        if is_active:
            compose = partial(reminder, run)
            await in_database(partial(self._outbox.remind, group, compose, unix_ms()))
        self._reminded_ms[group] = unix_ms()

    def _find_run(self, group: Group) -> tuple[RunReference, bool]:
        """The run, without a name if it is deleted, and whether it is active."""
        try:
            with within(group.workspace):
                state = self._reader.state(group.run_id, recent_steps=0)
        except NotFoundError:
            return RunReference(run_id=group.run_id, run_name=""), False
        url = f"{self._public_url}/monitor/#/runs/{group.run_id}"
        run = RunReference(
            run_id=group.run_id,
            run_name=state.run_name,
            url=url if self._public_url else None,
        )
        return run, state.mlflow_status in ACTIVE_STATUSES and not state.deleted


def _run_id(group: Group) -> str:
    return group.run_id
