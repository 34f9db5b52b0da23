"""The notifications of a server: started and ended with it, and used by alerts and routes."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from sqlalchemy import Connection

from api.alerts.records import RecordedChange
from api.notify.notifier import Notifier
from api.notify.outbox import Outbox
from api.notify.reassignment import reassign
from api.notify.records import Notification
from api.notify.store import NotificationStore
from api.notify.targets import Target, scheme_of
from api.notify.timing import NotificationTiming
from api.pages import Listed, Page
from api.runs.run_follower import RunFeed
from api.settings import Settings
from api.storage.database import Database, in_database
from api.storage.lease import Lease


class NotifyService:
    """Accepts changes of alerts, and lists notifications."""

    def __init__(self, outbox: Outbox, store: NotificationStore, targets: Sequence[Target]) -> None:
        self._outbox = outbox
        self._store = store
        self._names = {target.key: target.name for target in targets}

    def put(self, connection: Connection, recorded: RecordedChange) -> None:
        """Notify the services of this change if the transaction of `connection` commits."""
        self._outbox.put(connection, recorded)

    async def listed(
        self, workspace: str | None, run_id: str | None, page: Page
    ) -> Listed[Notification]:
        """Newest first."""
        return await in_database(partial(self._store.listed, workspace, run_id, page))

    def name_of(self, key: str) -> str:
        """The name of a service, or the kind of one that is no longer configured."""
        return self._names.get(key) or f"{scheme_of(key)}, which is configured no longer"


@asynccontextmanager
async def notify_service_running(
    settings: Settings, targets: Sequence[Target], database: Database, feed: RunFeed
) -> AsyncIterator[NotifyService]:
    """Send notifications while inside, if there are any targets."""
    outbox, store = Outbox(database, targets), NotificationStore(database, targets)
    service = NotifyService(outbox, store, targets)
    if not targets:
        yield service
        return
    notifier = Notifier(
        targets,
        NotificationTiming.of(settings),
        outbox,
        store,
        feed,
        Lease(database, "notifications"),
        partial(reassign, database, targets),
        settings.public_url,
    )
    async with notifier.running():
        yield service
