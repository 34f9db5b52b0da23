"""Creates, shows, answers and deletes projects: the entry point of this folder for the routes."""

from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from uuid import uuid4

from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE

from api.control.audit import Issuer
from api.errors import ConflictError, UnprocessableError
from api.pages import Listed, Page
from api.projects import views
from api.projects.deletion import ProjectDeletion
from api.projects.experiments import ProjectExperiments
from api.projects.feed import ProjectFeed
from api.projects.folders import ProjectFolders
from api.projects.inspection import Inspection, Question
from api.projects.inspector import Inspector
from api.projects.looks import ProjectLooks
from api.projects.missing_model import how_to_diagnose, why_no_model
from api.projects.not_found import ProjectNotFoundError
from api.projects.pipeline import ProjectPipelines
from api.projects.received import FILE_FIELD, ReceivedProject, received_project, require_kind
from api.projects.records import (
    GivenAnswer,
    GivenOverride,
    Project,
    ProjectKind,
    ProjectState,
    kind_of,
)
from api.projects.schemas import (
    AnswerRequest,
    OverrideRequest,
    ProjectDeleted,
    ProjectDetail,
    ProjectProgress,
    ProjectResponse,
    ProjectSummary,
)
from api.projects.stages import ProjectStatus
from api.projects.store import ProjectStore
from api.projects.upload import receive_form
from api.storage.database import in_database
from api.timestamps import unix_ms
from tracking_plugin.names import Tag

MAX_OVERRIDES = 100
ANY_COLUMN = "target"
"""The id of the question whose answer may be any column, not only one of its options."""


class ProjectService:
    """One per process. A change locks the project's folder, so that changes come one after the other."""

    def __init__(
        self,
        store: ProjectStore,
        folders: ProjectFolders,
        inspector: Inspector,
        experiments: ProjectExperiments,
        pipelines: ProjectPipelines,
        looks: ProjectLooks,
        deletion: ProjectDeletion,
        feed: ProjectFeed,
    ) -> None:
        self._store = store
        self._folders = folders
        self._inspector = inspector
        self._experiments = experiments
        self._pipelines = pipelines
        self._looks = looks
        self._deletion = deletion
        self._feed = feed

    @asynccontextmanager
    async def receiving(
        self, content_type: str, body: AsyncIterable[bytes], declared_bytes: int
    ) -> AsyncIterator[ReceivedProject]:
        """The upload of a new project, on disk; its folder is removed if the block raises.

        Raises RequestValidationError for a wrong form, StorageFullError if the disk is full.
        """
        project_id = uuid4().hex
        with self._folders.created(project_id):
            targets = {FILE_FIELD: self._folders.upload(project_id)}
            form = await receive_form(content_type, body, targets, declared_bytes=declared_bytes)
            yield received_project(project_id, form)

    async def inspect(self, received: ReceivedProject) -> Inspection:
        """What the upload is. Raises an ApiError if it cannot be used."""
        found = await self._inspector.inspect(
            received.upload.path,
            received.description,
            received.answers,
            group=received.settings.group,
            date=received.settings.date,
        )
        if found.is_of_images:
            images = self._folders.images(received.project_id)
            await self._inspector.unpack(received.upload.path, images)
        return found

    async def create(
        self,
        received: ReceivedProject,
        found: Inspection,
        workspace: str | None,
        tracking_uri: str,
        issuer: Issuer,
    ) -> ProjectResponse:
        """A project of an inspected upload; its pipeline starts unless there is a question.

        Raises RequestValidationError for a setting that would have no effect on the upload.
        """
        require_kind(received.settings, found)
        name, note = received.name, received.description
        tags = {
            str(Tag.PROJECT): received.project_id,
            MLFLOW_RUN_NOTE: note,
        }
        experiment_id = await self._experiments.create(workspace, name, tags)
        project = Project(
            project_id=received.project_id,
            workspace=workspace,
            experiment_id=experiment_id,
            state=ProjectState.STARTING if found.question is None else ProjectState.WAITING,
            kind=kind_of(found),
            name=name,
            description=note,
            dataset_name=received.dataset_name,
            dataset_digest=received.upload.digest,
            size_bytes=received.upload.size_bytes,
            tracking_uri=tracking_uri,
            inspection=found,
            settings=received.settings,
            answers=tuple(_given(it, answer, issuer) for it, answer in received.answers.items()),
        )
        try:
            await in_database(partial(self._store.add, project))
            if project.state is ProjectState.STARTING:
                project = await self.start(project)
        except BaseException:
            await self._deletion.undo(project)
            raise
        look = await self._looks.at(project)
        return views.created_response(project, look.position)

    async def start(self, project: Project) -> Project:
        """Start the pipeline of a project whose state is STARTING and whose folder is locked."""
        run_id = await self._pipelines.start(project)
        started = project.changed(state=ProjectState.STARTED, run_id=run_id)
        await self._save(started)
        return started

    async def find(self, project_id: str, workspace: str | None) -> Project:
        """Raises ProjectNotFoundError."""
        project = await in_database(partial(self._store.find, project_id[:64]))
        if project is None or project.workspace != workspace:
            raise ProjectNotFoundError(project_id)
        return project

    async def detail(self, project_id: str, workspace: str | None) -> ProjectDetail:
        return await self._looks.detail(await self.find(project_id, workspace))

    async def progress(self, project_id: str, workspace: str | None) -> ProjectProgress:
        project = await self.find(project_id, workspace)
        look = await self._looks.at(project)
        return views.progress(project, look.position)

    async def deployed_model(self, project_id: str, workspace: str | None) -> str:
        """The name of the registered model that predicts rows.

        Raises ProjectNotFoundError, or ConflictError that says why there is no such model.
        """
        project = await self.find(project_id, workspace)
        if project.kind is ProjectKind.IMAGES:
            raise ConflictError(how_to_diagnose(project))
        if not await self._looks.has_model(project):
            look = await self._looks.at(project)
            raise ConflictError(why_no_model(project, look.position))
        return project.model_name

    async def listed(
        self, workspace: str | None, page: Page, status: ProjectStatus | None
    ) -> Listed[ProjectSummary]:
        """Newest first."""
        if status is None:
            found = await in_database(partial(self._store.listed, workspace, page))
        else:
            runs = await in_database(partial(self._store.runs, workspace))
            ids = await self._looks.with_status(runs, status, workspace)
            shown = list(page.of(ids))
            found = Listed(await in_database(partial(self._store.of_ids, shown)), len(ids))
        looks = await self._looks.at_each(found.entries)
        scores = await self._looks.scores(found.entries, looks, workspace)
        summaries = [
            views.summary(project, it.position, it.run, score)
            for project, it, score in zip(found.entries, looks, scores, strict=True)
        ]
        return Listed(summaries, found.total)

    async def answer(
        self, project_id: str, workspace: str | None, request: AnswerRequest, issuer: Issuer
    ) -> ProjectDetail:
        """Record the answer and go on: the next question, or the start of the pipeline.

        An answer to an offer starts the pipeline again. Raises ConflictError if there is no such
        question, and UnprocessableError if the answer is none of its options.
        """
        await self.find(project_id, workspace)
        with self._folders.locked(project_id):
            project = await self.find(project_id, workspace)
            _require_option(_open_question(project, request.id), request.answer)
            earlier = tuple(it for it in project.answers if it.id != request.id)
            answers = (*earlier, _given(request.id, request.answer, issuer))
            found = await self._inspector.inspect(
                self._folders.upload(project_id),
                project.description,
                {it.id: it.answer for it in answers},
                group=project.settings.group,
                date=project.settings.date,
            )
            changed = project.changed(answers=answers, inspection=found)
            await self._go_on(changed, issuer)
        return await self.detail(project_id, workspace)

    async def override(
        self, project_id: str, workspace: str | None, request: OverrideRequest, issuer: Issuer
    ) -> ProjectDetail:
        """Record that a flagged column is trained on, and start the pipeline again as a new run.

        Raises ConflictError if the project has a question or is of images, and UnprocessableError
        if there is no such column.
        """
        await self.find(project_id, workspace)
        with self._folders.locked(project_id):
            project = await self.find(project_id, workspace)
            _require_column(project, request.column)
            given = GivenOverride(
                column=request.column,
                why=request.reason.strip(),
                who=request.who.strip(),
                at_ms=unix_ms(),
            )
            others = tuple(it for it in project.overrides if it.column != given.column)
            if len(others) >= MAX_OVERRIDES:
                raise ConflictError(f"A project may have {MAX_OVERRIDES} overrides, and has them")
            await self._go_on(project.changed(overrides=(*others, given)), issuer)
        return await self.detail(project_id, workspace)

    async def cancel(
        self, project_id: str, workspace: str | None, issuer: Issuer
    ) -> ProjectProgress:
        """Stop the pipeline. Raises ConflictError if it does not run."""
        project = await self.find(project_id, workspace)
        if project.run_id is None:
            raise ConflictError(
                "The pipeline of the project has not begun: there is no run to stop"
            )
        await self._pipelines.cancel(project, issuer)
        return await self.progress(project_id, workspace)

    async def delete(
        self, project_id: str, workspace: str | None, issuer: Issuer, *, stop: bool
    ) -> ProjectDeleted:
        """Delete the project with all that belongs to it.

        Raises ConflictError if its pipeline runs, unless it is to `stop`, or does not stop in time.
        """
        await self.find(project_id, workspace)
        with self._folders.locked(project_id):
            project = await self.find(project_id, workspace)
            await self._deletion.require_ended(project, issuer, stop=stop)
            return await self._deletion.delete(project)

    async def _go_on(self, project: Project, issuer: Issuer) -> None:
        """Ask the next question, or start the pipeline, after a decision of the user."""
        await self._require_experiment(project)
        if project.inspection.question is not None:
            await self._save(project.changed(state=ProjectState.WAITING))
            return
        await self._pipelines.stop(project, issuer)
        starting = project.changed(state=ProjectState.STARTING)
        await self._save(starting)
        await self.start(starting)

    async def _require_experiment(self, project: Project) -> None:
        if not await self._experiments.is_active(project.workspace, project.experiment_id):
            raise ConflictError(
                f"The experiment {project.experiment_id} of this project was deleted in MLflow: "
                "restore it there, or delete the project"
            )

    async def _save(self, project: Project) -> None:
        await in_database(partial(self._store.save, project))
        self._feed.notify(project.project_id)


def _given(question_id: str, answer: str, issuer: Issuer) -> GivenAnswer:
    return GivenAnswer(id=question_id, answer=answer, who=issuer.who, at_ms=unix_ms())


def _open_question(project: Project, question_id: str) -> Question:
    """The question of that id that can be answered now."""
    waiting = project.inspection.question
    if project.state is ProjectState.WAITING and waiting is not None:
        if waiting.id == question_id:
            return waiting
        raise ConflictError(f"The open question has the id {waiting.id!r}: answer that one")
    offer = next((it for it in project.inspection.offers if it.id == question_id), None)
    if offer is None or project.state is not ProjectState.STARTED:
        raise ConflictError("The project has no open question of this id")
    return offer


def _require_option(question: Question, answer: str) -> None:
    if answer not in question.options and question.id != ANY_COLUMN:
        options = ", ".join(repr(option) for option in question.options[:50])
        raise UnprocessableError(f"One of {options} was expected as the answer")


def _require_column(project: Project, column: str) -> None:
    if project.state is not ProjectState.STARTED or project.kind is not ProjectKind.TABLE:
        raise ConflictError("Only a project of a table whose pipeline was started has overrides")
    found = project.inspection
    is_target = found.target is not None and found.target.column == column
    names = {it.get("name") for it in found.columns}
    is_known = column in names or len(found.columns) < (found.num_columns or 0)
    if is_target or not is_known:
        raise UnprocessableError(
            "The name of a column of the table that is not the target was expected"
        )
