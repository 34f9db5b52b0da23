"""All of the alerts together: opened with the server, ended with it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from api.alerts.builtin import SILENCE, is_replaced
from api.alerts.evaluator import AlertEvaluator
from api.alerts.inactivity import InactivityAlerts
from api.alerts.publisher import AlertPublisher
from api.alerts.rule_file import RuleFile
from api.alerts.store import AlertStore, OnRecord
from api.bus.protocol import Bus
from api.control.service import ControlService
from api.control.store import ControlStore
from api.runs.reader import RunReader
from api.runs.writer import RunWriter
from api.storage.database import Database
from api.storage.lease import Lease


@dataclass(frozen=True, kw_only=True)
class AlertService:
    """What the routes use."""

    store: AlertStore
    publisher: AlertPublisher


@dataclass(frozen=True, kw_only=True)
class AlertDependencies:
    """What alerts come of, and whom they concern."""

    database: Database
    reader: RunReader
    bus: Bus
    control: ControlService
    writer: RunWriter


@asynccontextmanager
async def alert_service_running(
    file: RuleFile, around: AlertDependencies, on_record: OnRecord, *, silent_after_s: float
) -> AsyncIterator[AlertService]:
    """While inside, rules are evaluated."""
    database, reader, bus = around.database, around.reader, around.bus
    store = AlertStore(database, on_record)
    publisher = AlertPublisher(store, around.control, around.writer, bus)
    async with AsyncExitStack() as stack:
        evaluator = AlertEvaluator(
            file, store, reader, bus, Lease(database, "alerts"), publisher.publish
        )
        await stack.enter_async_context(evaluator.running())
        if not is_replaced(file, SILENCE):
            silence = InactivityAlerts(
                *(store, ControlStore(database), reader, bus, Lease(database, "silence")),
                publisher.publish,
                after_s=silent_after_s,
            )
            await stack.enter_async_context(silence.running())
        yield AlertService(store=store, publisher=publisher)
