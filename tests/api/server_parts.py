"""The parts of a server that hold state for runs, in one process over a real store, without HTTP."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from mlflow.entities import Metric, RunStatus, RunTag
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from api.alerts.records import RecordedChange
from api.alerts.rule_file import RuleFile
from api.alerts.selections import AlertQuery
from api.alerts.service import AlertDependencies, AlertService, alert_service_running
from api.alerts.state_machine import AlertState
from api.bus.memory_bus import MemoryBus
from api.control.service import ControlService
from api.control.store import ControlStore
from api.live.hub import Hub
from api.pages import Page
from api.run_failures import RunFailures
from api.runs.experiment_events import ExperimentEvents
from api.runs.reader import RunReader
from api.runs.run_follower import RunFeed
from api.runs.writer import RunWriter
from api.storage.database import Database
from api.timestamps import unix_ms
from tests.api.logged_runs import empty_database
from tests.turns import turns
from tracking_plugin.events import LoggedPoint, MetricsLogged, RunCreated, RunUpdated


@dataclass(frozen=True, kw_only=True)
class ServerParts:
    """Writes go to the store and, as the wiretap does it, to the bus."""

    store: SqlAlchemyStore
    bus: MemoryBus
    reader: RunReader
    control: ControlService
    control_store: ControlStore
    alerts: AlertService
    hub: Hub
    experiments: ExperimentEvents
    failures: RunFailures
    changes: list[RecordedChange]

    def create_experiment(self) -> str:
        return str(self.store.create_experiment(uuid.uuid4().hex, None, []))

    def create_run(
        self, experiment_id: str = "0", *, parent: str | None = None, start_ms: int | None = None
    ) -> str:
        tags = [] if parent is None else [RunTag("mlflow.parentRunId", parent)]
        started_ms = unix_ms() if start_ms is None else start_ms
        run_id = str(self.store.create_run(experiment_id, "", started_ms, tags, "").info.run_id)
        self.bus.publish(
            RunCreated(run_id=run_id, accepted_ms=unix_ms(), experiment_id=experiment_id)
        )
        return run_id

    def create_unseen_run(self, *, start_ms: int) -> str:
        """Past the server."""
        return str(self.store.create_run("0", "", start_ms, [], "").info.run_id)

    def log(
        self,
        run_id: str,
        values: dict[str, float],
        *,
        step: int = 1,
        timestamp_ms: int | None = None,
    ) -> None:
        at_ms = unix_ms() if timestamp_ms is None else timestamp_ms
        points = [LoggedPoint(name, value, step, at_ms) for name, value in values.items()]
        metrics = [Metric(it.name, it.value, it.timestamp_ms, it.step) for it in points]
        self.store.log_batch(run_id, metrics, [], [])
        self.bus.publish(MetricsLogged(run_id=run_id, accepted_ms=unix_ms(), points=points))

    def set_status(self, run_id: str, status: str) -> None:
        """Past the server."""
        self.store.update_run_info(run_id, RunStatus.from_string(status), unix_ms(), None)

    def end(self, run_id: str, status: str) -> None:
        self.set_status(run_id, status)
        self.bus.publish(
            RunUpdated(run_id=run_id, accepted_ms=unix_ms(), status=status, end_time_ms=unix_ms())
        )

    async def open_rules(self, run_id: str) -> set[str]:
        query = AlertQuery(run_id=run_id, state=AlertState.FIRING)
        listed = await self.alerts.listed(None, query, Page(limit=100))
        return {alert.rule for alert in listed.entries}

    async def until_open(self, run_id: str, *rules: str) -> None:
        async def are_open() -> bool:
            return set(rules) <= await self.open_rules(run_id)

        await until_true(are_open, f"the alerts {rules}")


async def until_true(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    try:
        async with asyncio.timeout(60):
            while not await condition():  # noqa: ASYNC110 - it asks the database
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"{what}: not within 60 s") from None


@asynccontextmanager
async def server_parts(
    folder: Path,
    *,
    silent_after_s: float = 1800,
    reader_of: Callable[[SqlAlchemyStore], RunReader] = lambda store: RunReader(lambda: store),
) -> AsyncIterator[ServerParts]:
    uri = f"sqlite:///{empty_database(folder)}"
    store = SqlAlchemyStore(uri, str(folder / "artifacts"))
    database = Database(uri)
    database.migrate()
    bus, reader, failures = MemoryBus(retention=1000), reader_of(store), RunFailures()
    feed = RunFeed(bus=bus, reader=reader, failures=failures)
    writer = RunWriter(bus.publish, lambda: store)
    control_store = ControlStore(database)
    control = ControlService(
        control_store, feed, writer, find_job=lambda _: None, obey_timeout_s=60
    )
    changes: list[RecordedChange] = []

    async def settled() -> None:
        await asyncio.sleep(0)

    hub = Hub(bus, reader, failures, retention=1000, settle=settled)
    async with AsyncExitStack() as stack:
        stack.callback(store.engine.dispose)
        stack.callback(database.close)
        await stack.enter_async_context(bus.running())
        await stack.enter_async_context(hub.running())
        await stack.enter_async_context(control.running(lambda _: None))
        alerts = await stack.enter_async_context(
            alert_service_running(
                RuleFile(),
                AlertDependencies(database=database, feed=feed, control=control, writer=writer),
                lambda _, change: changes.append(change),
                silent_after_s=silent_after_s,
            )
        )
        # From here on, all parts follow the bus.
        await turns()
        yield ServerParts(
            store=store,
            bus=bus,
            reader=reader,
            control=control,
            control_store=control_store,
            alerts=alerts,
            hub=hub,
            experiments=ExperimentEvents(bus.publish, reader),
            failures=failures,
            changes=changes,
        )
