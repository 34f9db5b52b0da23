"""The alerts of a server: started and ended with it, and used by the routes."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from api.alerts.builtin import SILENCE, is_replaced
from api.alerts.evaluator import AlertEvaluator
from api.alerts.inactivity import InactivityAlerts
from api.alerts.last_writes import LastWriteStore
from api.alerts.publisher import AlertPublisher
from api.alerts.records import Alert, RecordedChange
from api.alerts.rule_file import RuleFile
from api.alerts.selections import AlertNotFoundError, AlertQuery
from api.alerts.store import AlertStore, ChangeHook
from api.control.service import ControlService
from api.control.store import ControlStore
from api.pages import Listed, Page
from api.runs.run_follower import RunFeed
from api.runs.writer import RunWriter
from api.storage.database import Database, in_database
from api.storage.lease import Lease
from api.timestamps import unix_ms


class AlertService:
    """Lists and acknowledges alerts."""

    def __init__(self, store: AlertStore, publisher: AlertPublisher) -> None:
        self._store = store
        self._publisher = publisher

    async def listed(self, workspace: str | None, query: AlertQuery, page: Page) -> Listed[Alert]:
        """Newest change first."""
        return await in_database(partial(self._store.listed, workspace, query, page))

    async def timeline(self, run_id: str, page: Page) -> Listed[RecordedChange]:
        """All changes of a run's alerts, newest first."""
        return await in_database(partial(self._store.timeline, run_id, page))

    async def find(self, workspace: str | None, alert_id: str) -> Alert:
        """Raises AlertNotFoundError if the workspace has no such alert."""
        alert = await in_database(partial(self._store.find, alert_id))
        if alert.workspace != workspace:
            raise AlertNotFoundError(alert_id)
        return alert

    async def acknowledge(
        self, workspace: str | None, alert_id: str, *, who: str, note: str
    ) -> Alert:
        """Raises AlertNotFoundError, or ConflictError if the alert is acknowledged already."""
        await self.find(workspace, alert_id)
        acknowledge = partial(self._store.acknowledge, alert_id, who, note, unix_ms())
        recorded = await in_database(acknowledge)
        await self._publisher.publish([recorded])
        return recorded.alert


@dataclass(frozen=True, kw_only=True)
class AlertDependencies:
    """The parts of the server that alerts read from and write to."""

    database: Database
    feed: RunFeed
    control: ControlService
    writer: RunWriter


@asynccontextmanager
async def alert_service_running(
    file: RuleFile, dependencies: AlertDependencies, on_change: ChangeHook, *, silent_after_s: float
) -> AsyncIterator[AlertService]:
    """Evaluate the rules while inside."""
    database, feed = dependencies.database, dependencies.feed
    store = AlertStore(database, on_change)
    publisher = AlertPublisher(store, dependencies.control, dependencies.writer, feed)
    last_writes = LastWriteStore(database)
    async with AsyncExitStack() as stack:
        evaluator = AlertEvaluator(
            *(file, store, last_writes, feed, Lease(database, "alerts"), publisher.publish)
        )
        await stack.enter_async_context(evaluator.running())
        if not is_replaced(file, SILENCE):
            inactivity = InactivityAlerts(
                *(store, last_writes, ControlStore(database), feed, Lease(database, "silence")),
                publisher.publish,
                silent_after_s=silent_after_s,
            )
            await stack.enter_async_context(inactivity.running())
        yield AlertService(store, publisher)
