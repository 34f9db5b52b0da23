"""Wires control, jobs, alerts, projects and the other domains together, from the start of the server to its end."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from api.alerts.rule_file import RuleFile
from api.alerts.service import AlertDependencies, AlertService, alert_service_running
from api.control.heartbeats import HeartbeatMonitor
from api.control.link import ControlLinks
from api.control.service import ControlService
from api.control.store import ControlStore
from api.custom_training.archive import NasaArchive
from api.custom_training.nasa_uploads import NasaUploads
from api.custom_training.pretrained import PretrainedService
from api.custom_training.service import CustomTrainingService
from api.custom_training.sessions import TrainingSessions
from api.diagnosis.service import DiagnosisService, diagnosis_running
from api.jobs.console import ConsoleLogs
from api.jobs.console_files import ConsoleFiles
from api.jobs.controller import JobController
from api.jobs.kinds import job_traits
from api.jobs.logs import JobLogs, log_artifact
from api.jobs.service import JobService
from api.jobs.store import Job, JobStore
from api.notify.service import NotifyService, notify_service_running
from api.notify.targets import Target
from api.predictions.service import PredictionService, predictions_running
from api.projects.galaxy import Galaxy
from api.projects.running import projects_running
from api.projects.service import ProjectService
from api.projects.stream import ProjectStreams
from api.reports.service import ReportService
from api.runs.run_follower import RunFeed
from api.runs.writer import RunWriter
from api.saved_views.store import SavedViewStore
from api.settings import Settings
from api.storage.data_files import LOGS, NASA_TABLES, protect_data
from api.storage.database import Database, database_url
from api.storage.lease import Lease
from api.training_inputs.base_models import BaseModelService
from api.training_inputs.datasets import DatasetService
from api.training_inputs.folder_files import WalkLimits
from api.training_inputs.inspection import InputInspector
from api.training_inputs.resolution import InputResolver


@dataclass(frozen=True, kw_only=True)
class Services:
    """The services of one server process, for its routes."""

    control: ControlService
    control_links: ControlLinks
    job_store: JobStore
    jobs: JobService
    alerts: AlertService
    notifications: NotifyService
    diagnosis: DiagnosisService
    predictions: PredictionService
    projects: ProjectService
    project_streams: ProjectStreams
    galaxy: Galaxy
    custom_training: CustomTrainingService
    pretrained: PretrainedService
    training_sessions: TrainingSessions
    reports: ReportService
    saved_views: SavedViewStore
    datasets: DatasetService
    base_models: BaseModelService
    inputs: InputResolver


@asynccontextmanager
async def services_running(
    settings: Settings, rules: RuleFile, targets: Sequence[Target], feed: RunFeed
) -> AsyncIterator[Services]:
    """While inside, commands reach their runs, jobs are reconciled, and rules are evaluated."""
    database = await asyncio.to_thread(_open_database, settings)
    reader, bus, failures = feed.reader, feed.bus, feed.failures
    writer = RunWriter(bus.publish)
    job_store = JobStore(database)
    control_store = ControlStore(database)
    control = ControlService(
        control_store,
        feed,
        writer,
        find_job=partial(job_traits, job_store),
        obey_timeout_s=settings.obey_timeout_s,
    )

    async def store_log(job: Job, path: Path) -> None:
        await writer.store_artifact(job.run_id, job.workspace, path, log_artifact(job.kind))

    logs = settings.data_dir.absolute() / LOGS
    job_logs = JobLogs(logs, bus, store_log)
    console_files = ConsoleFiles(logs, job_store, control_store, reader)
    console_logs = ConsoleLogs(logs, bus, job_store, console_files.on_opened)
    controller = JobController(
        *(settings, job_store, control, job_logs, Lease(database, "jobs"), failures)
    )
    jobs = JobService(
        job_store, control, job_logs, reader, writer, failures=failures, wake=controller.wake
    )
    inspector = InputInspector(WalkLimits(), trains_here=not settings.ray_address)
    datasets = DatasetService(database, inspector)
    base_models = BaseModelService(database, inspector)
    try:
        async with (
            control.running(controller.wake),
            controller.running(),
            HeartbeatMonitor(control).running(),
            console_files.running(),
            notify_service_running(settings, targets, database, feed) as notifications,
            alert_service_running(
                rules,
                AlertDependencies(database=database, feed=feed, control=control, writer=writer),
                notifications.put,
                silent_after_s=settings.silent_after_s,
            ) as alerts,
            diagnosis_running(settings, database, writer) as diagnosis,
            predictions_running(settings) as predictions,
            projects_running(
                settings, database, feed, jobs=jobs, job_store=job_store, control=control
            ) as projects,
        ):
            tables = NasaUploads(_archive(settings), projects.inspector, projects.folders)
            yield Services(
                control=control,
                control_links=ControlLinks(control, console_logs.of_run),
                job_store=job_store,
                jobs=jobs,
                alerts=alerts,
                notifications=notifications,
                diagnosis=diagnosis,
                predictions=predictions,
                projects=projects.service,
                project_streams=projects.streams,
                galaxy=projects.galaxy,
                custom_training=CustomTrainingService(projects.service, projects.folders, tables),
                pretrained=PretrainedService(
                    projects.service, projects.folders, tables, projects.registry
                ),
                training_sessions=TrainingSessions(reader, failures),
                reports=ReportService(
                    *(reader, writer), alerts=alerts, control=control, projects=projects.service
                ),
                saved_views=SavedViewStore(database),
                datasets=datasets,
                base_models=base_models,
                inputs=InputResolver(datasets, base_models),
            )
    finally:
        database.close()


def _archive(settings: Settings) -> NasaArchive:
    return NasaArchive(
        settings.data_dir.absolute() / NASA_TABLES,
        settings.nasa_tables,
        max_bytes=settings.max_upload_bytes,
    )


def _open_database(settings: Settings) -> Database:
    protect_data(settings.data_dir)
    database = Database(database_url(settings))
    database.migrate()
    return database
