"""Wires the parts of this folder together, from the start of the server to its end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from api.background import in_background
from api.control.service import ControlService
from api.jobs.service import JobService
from api.jobs.store import JobStore
from api.projects.deletion import ProjectDeletion
from api.projects.experiments import ProjectExperiments
from api.projects.feed import ProjectFeed
from api.projects.folders import ProjectFolders
from api.projects.galaxy import Galaxy
from api.projects.inspector import Inspector
from api.projects.looks import ProjectLooks
from api.projects.model_registry import ModelRegistry
from api.projects.pipeline import ProjectPipelines
from api.projects.recovery import ProjectRecovery
from api.projects.service import ProjectService
from api.projects.store import ProjectStore
from api.projects.stream import ProjectStreams
from api.runs.run_follower import RunFeed
from api.settings import Settings
from api.storage.database import Database


@dataclass(frozen=True)
class RunningProjects:
    """`folders` and `inspector` are for those who make projects of data from elsewhere."""

    service: ProjectService
    streams: ProjectStreams
    galaxy: Galaxy
    folders: ProjectFolders
    inspector: Inspector
    registry: ModelRegistry


@asynccontextmanager
async def projects_running(
    settings: Settings,
    database: Database,
    run_feed: RunFeed,
    *,
    jobs: JobService,
    job_store: JobStore,
    control: ControlService,
) -> AsyncIterator[RunningProjects]:
    """While inside, projects can be created and followed, and those of a killed process are finished."""
    reader, failures, bus = run_feed.reader, run_feed.failures, run_feed.bus
    store, folders = ProjectStore(database), ProjectFolders(settings.data_dir)
    experiments, registry = ProjectExperiments(bus.publish), ModelRegistry()
    feed = ProjectFeed(bus)
    pipelines = ProjectPipelines(jobs, job_store, folders)
    looks = ProjectLooks(reader, registry, failures)
    deletion = ProjectDeletion(
        *(store, folders, experiments, registry, pipelines, looks, control, feed)
    )
    inspector = Inspector()
    service = ProjectService(
        *(store, folders, inspector, experiments, pipelines, looks, deletion, feed)
    )
    recovery = ProjectRecovery(
        *(service, store, folders, experiments, pipelines, deletion, failures)
    )
    async with feed.running(), in_background(recovery.run()):
        yield RunningProjects(
            service=service,
            streams=ProjectStreams(service, feed),
            galaxy=Galaxy(store, reader, failures),
            folders=folders,
            inspector=inspector,
            registry=registry,
        )
