"""Control, jobs and alerts put together: opened with the server's database, ended with the server."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from api.alerts.rule_file import RuleFile
from api.alerts.service import AlertDependencies, AlertService, alert_service_running
from api.bus.protocol import Bus
from api.control.heartbeats import HeartbeatMonitor
from api.control.link import ControlLinks
from api.control.service import ControlService
from api.control.store import ControlStore
from api.jobs.controller import JobController
from api.jobs.logs import LOG_ARTIFACT, JobLogs
from api.jobs.service import JobService
from api.jobs.store import Job, JobStore
from api.notify.service import NotifyService, notify_service_running
from api.notify.targets import Target
from api.runs.reader import RunReader
from api.runs.writer import RunWriter
from api.settings import Settings
from api.storage.database import Database, database_url
from api.storage.lease import Lease


@dataclass(frozen=True, kw_only=True)
class Control:
    """What the routes of one server process use."""

    desk: ControlService
    links: ControlLinks
    jobs: JobStore
    launcher: JobService
    logs: JobLogs
    alerting: AlertService
    notifying: NotifyService


@asynccontextmanager
async def control_running(
    settings: Settings, rules: RuleFile, targets: Sequence[Target], bus: Bus, reader: RunReader
) -> AsyncIterator[Control]:
    """While inside, commands reach their runs, jobs are looked after, and rules are evaluated."""
    database = await asyncio.to_thread(_open_database, settings)
    writer = RunWriter(bus.publish)
    jobs = JobStore(database)
    desk = ControlService(
        ControlStore(database),
        reader,
        writer,
        bus,
        can_start_again=jobs.is_job,
        obey_timeout_s=settings.obey_timeout_s,
    )

    async def store_log(job: Job, path: Path) -> None:
        await writer.store_artifact(job.run_id, job.workspace, path, LOG_ARTIFACT)

    logs = JobLogs(settings.data_dir.absolute() / "logs", bus, store_log)
    keeper = JobController(settings, jobs, desk, logs, Lease(database, "jobs"))
    launcher = JobService(jobs, writer, wake=keeper.wake)
    try:
        async with (
            desk.running(keeper.wake),
            keeper.running(),
            HeartbeatMonitor(desk).running(),
            notify_service_running(settings, targets, database, reader) as notifying,
            alert_service_running(
                rules,
                AlertDependencies(
                    database=database, reader=reader, bus=bus, desk=desk, writer=writer
                ),
                notifying.outbox.put,
                silent_after_s=settings.silent_after_s,
            ) as alerting,
        ):
            yield Control(
                desk=desk,
                links=ControlLinks(desk),
                jobs=jobs,
                launcher=launcher,
                logs=logs,
                alerting=alerting,
                notifying=notifying,
            )
    finally:
        database.close()


def _open_database(settings: Settings) -> Database:
    database = Database(database_url(settings))
    database.migrate()
    return database
