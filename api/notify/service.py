"""Notifications put together: opened with the server, ended with it; nothing where no service is named."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from api.notify.notifier import Notifier, Pace
from api.notify.outbox import Outbox
from api.notify.reassignment import reassign
from api.notify.targets import Target, scheme_of
from api.runs.reader import RunReader
from api.settings import Settings
from api.storage.database import Database
from api.storage.lease import Lease


@dataclass(frozen=True, kw_only=True)
class NotifyService:
    """What alerts and routes use."""

    outbox: Outbox
    targets: Sequence[Target]

    def name_of(self, key: str) -> str:
        """What people call a service; one that is gone by its kind."""
        names = {target.key: target.name for target in self.targets}
        return names.get(key) or f"{scheme_of(key)}, which is configured no longer"


@asynccontextmanager
async def notify_service_running(
    settings: Settings, targets: Sequence[Target], database: Database, reader: RunReader
) -> AsyncIterator[NotifyService]:
    """While inside, services are told what becomes of alerts."""
    outbox = Outbox(database, targets)
    service = NotifyService(outbox=outbox, targets=targets)
    if not targets:
        yield service
        return
    pace = Pace(
        wait_s=settings.notify_wait_s,
        interval_s=settings.notify_interval_s,
        repeat_s=settings.notify_repeat_s,
    )
    lease = Lease(database, "notifications")
    take_over = partial(reassign, database, targets)
    notifier = Notifier(targets, pace, outbox, reader, lease, take_over, settings.public_url)
    async with notifier.running():
        yield service
