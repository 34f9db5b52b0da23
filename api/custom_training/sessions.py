"""Reads sessions, which are runs of pipelines in MLflow."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool

from api.custom_training.not_found import SessionNotFoundError
from api.custom_training.results import metrics, model_info, predictions
from api.custom_training.schemas import SessionProgress, SessionResult, SessionStatus
from api.errors import BadRequestError
from api.projects.records import ProjectState
from api.projects.results import read_document
from api.projects.stages import PipelinePosition, ProjectStatus, position
from api.run_failures import RunFailures
from api.runs.reader import RunNotFoundError, RunReader
from api.runs.state import RunState
from api.runs.workspaces import within
from api.timestamps import unix_ms, utc
from tracking_plugin.names import PipelineArtifact, Tag

_DOCUMENTS = (
    *(PipelineArtifact.ANALYSIS, PipelineArtifact.SELECTION, PipelineArtifact.EVALUATION),
    *(PipelineArtifact.LEAKS, PipelineArtifact.DEPLOYMENT, PipelineArtifact.PREDICTIONS),
    PipelineArtifact.TEST_EVALUATION,
    PipelineArtifact.FINETUNING,
)


class TrainingSessions:
    def __init__(self, reader: RunReader, failures: RunFailures) -> None:
        self._reader = reader
        self._failures = failures

    async def progress(self, session_id: str, workspace: str | None) -> SessionProgress:
        """Raises SessionNotFoundError."""
        run, at = await run_in_threadpool(self._look, session_id, workspace)
        return SessionProgress(
            session_id=session_id,
            status=_status(at),
            progress=at.percent,
            current_step=at.message,
            stage=at.stage,
            run_status=at.run_status,
            seconds_left=at.seconds_left,
            updated_at=utc(run.changed_ms),
        )

    async def result(self, session_id: str, workspace: str | None) -> SessionResult:
        """Raises SessionNotFoundError, or BadRequestError before the session is completed."""
        run, at = await run_in_threadpool(self._look, session_id, workspace)
        if _status(at) is SessionStatus.RUNNING:
            raise BadRequestError(f"Training not completed: it is {at.status}. {at.message}")
        documents = await run_in_threadpool(partial(self._documents, session_id, workspace))
        # A training that was stopped keeps the best model that it had.
        if PipelineArtifact.PREDICTIONS not in documents:
            raise BadRequestError(f"Training not completed: it has {at.status}. {at.message}")
        return SessionResult(
            session_id=session_id,
            metrics=metrics(documents),
            predictions=predictions(documents[PipelineArtifact.PREDICTIONS]),
            model_info={
                **model_info(documents),
                "run_id": session_id,
                "project_id": run.tags[Tag.PROJECT],
                "name": run.run_name,
            },
        )

    def _look(self, session_id: str, workspace: str | None) -> tuple[RunState, PipelinePosition]:
        with within(workspace):
            try:
                run = self._reader.state(session_id, 0)
            except RunNotFoundError:
                raise SessionNotFoundError from None
        if Tag.PROJECT not in run.tags or run.deleted:
            raise SessionNotFoundError
        return run, position(ProjectState.STARTED, run, unix_ms())

    def _documents(self, session_id: str, workspace: str | None) -> Mapping[PipelineArtifact, Any]:
        with within(workspace):
            read = partial(read_document, self._reader, self._failures, session_id)
            found = {artifact: read(artifact) for artifact in _DOCUMENTS}
        return {artifact: it for artifact, it in found.items() if it is not None}


def _status(at: PipelinePosition) -> SessionStatus:
    if at.status is ProjectStatus.COMPLETED:
        return SessionStatus.COMPLETED
    return SessionStatus.ERROR if at.status.is_end else SessionStatus.RUNNING
