"""All of the alerts together: opened with the server, ended with it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from api.alerts.evaluator import AlertEvaluator
from api.alerts.rule_file import RuleFile
from api.alerts.store import AlertStore, OnRecord
from api.alerts.teller import AlertTeller
from api.control.desk import ControlDesk
from api.database import Database
from api.lease import Lease
from api.push.bus import Bus
from api.reading.runs import RunReader
from api.run_writer import RunWriter


@dataclass(frozen=True, kw_only=True)
class Alerting:
    """What the routes use."""

    store: AlertStore
    teller: AlertTeller


@asynccontextmanager
async def alerting_running(
    file: RuleFile,
    database: Database,
    reader: RunReader,
    bus: Bus,
    desk: ControlDesk,
    writer: RunWriter,
    on_record: OnRecord,
) -> AsyncIterator[Alerting]:
    """While inside, rules are evaluated."""
    store = AlertStore(database, on_record)
    teller = AlertTeller(store, desk, writer, bus)
    evaluator = AlertEvaluator(file, store, reader, bus, Lease(database, "alerts"), teller.tell)
    async with evaluator.running():
        yield Alerting(store=store, teller=teller)
