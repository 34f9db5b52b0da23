"""Has registered models predict tables, or learn further from them, as jobs.

Their sessions are those of trainings.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from uuid import uuid4

from pydantic import ValidationError

from api.custom_training.form import TESTING_FILE, TRAINING_FILE
from api.custom_training.nasa_uploads import NasaUploads
from api.custom_training.prediction_form import MODEL, PredictionForm, prediction_form
from api.custom_training.session_start import SessionStart
from api.jobs.params import refusal
from api.projects.folders import ProjectFolders
from api.projects.inspection import Inspection
from api.projects.model_registry import ModelRegistry
from api.projects.received import ReceivedProject
from api.projects.records import ProjectSettings
from api.projects.service import ProjectService
from api.projects.upload import ReceivedFile, receive_form
from tracking_plugin.printable import printable


@dataclass(frozen=True)
class ReceivedPrediction:
    """A checked form whose files are in the folder of the project that it becomes."""

    project_id: str
    form: PredictionForm


class PretrainedService(SessionStart):
    message = "Prediction started"

    def __init__(
        self,
        projects: ProjectService,
        folders: ProjectFolders,
        tables: NasaUploads,
        registry: ModelRegistry,
    ) -> None:
        super().__init__(projects, folders, tables)
        self._registry = registry

    @asynccontextmanager
    async def receiving(
        self, content_type: str, body: AsyncIterable[bytes], declared_bytes: int
    ) -> AsyncIterator[ReceivedPrediction]:
        """As `CustomTrainingService.receiving`."""
        project_id = uuid4().hex
        with self._folders.created(project_id):
            targets = {
                TRAINING_FILE: self._folders.upload(project_id),
                TESTING_FILE: self._folders.test_data(project_id),
            }
            form = await receive_form(content_type, body, targets, declared_bytes=declared_bytes)
            yield ReceivedPrediction(project_id, prediction_form(form))

    async def prepare(
        self, received: ReceivedPrediction, workspace: str | None
    ) -> tuple[ReceivedProject, Inspection]:
        """Find the model and the table. Raises an ApiError if one of them cannot be had."""
        form = received.form
        name, wanted = printable(form.model.name, 150), form.model
        if await self._registry.named_version(workspace, wanted) is None:
            which = f"version {wanted.version}" if wanted.alias is None else f"alias {wanted.alias}"
            message = f"the registry has no model {wanted.name[:64]!r} with the {which}"
            raise refusal(("body", MODEL), message)
        file = form.training_file or await self._predicted_table(received)
        verb = "predicts" if form.training_file is None else "learns from"
        project = ReceivedProject(
            project_id=received.project_id,
            upload=file,
            description=f"{name} {verb} {printable(file.name, 40)}",
            name=f"{name} {verb} {printable(file.name, 40)}",
            dataset_name=printable(file.name, 200) or "upload",
            settings=_settings(form),
        )
        # The model says what is predicted, so there is nothing to find out about the table.
        return project, Inspection(file_type="table")

    def _message(self, project: ReceivedProject) -> str:
        return "Fine-tuning started" if project.settings.finetune else self.message

    async def _predicted_table(self, received: ReceivedPrediction) -> ReceivedFile:
        """The only table of the session, as the upload of its project."""
        second = self._folders.test_data(received.project_id)
        file = received.form.testing_file
        if file is None:
            await asyncio.to_thread(second.unlink, missing_ok=True)
            return await self._tables.fetched(received.project_id, received.form.tables)
        path = await asyncio.to_thread(second.replace, self._folders.upload(received.project_id))
        return replace(file, path=path)


def _settings(form: PredictionForm) -> ProjectSettings:
    fields = form.fields
    if form.training_file is None:
        return ProjectSettings(pretrained=fields.model_name)
    try:
        return ProjectSettings(
            finetune=fields.model_name,
            finetuned_alias=fields.alias or None,
            hyperparameters=fields.hyperparameters,
            group=fields.group or None,
            budget_s=fields.budget_s,
            register_as=fields.register_as or form.model.name,
        )
    except ValidationError:
        # All others are checked already: the model was registered by another program.
        message = "a new version cannot have this name: give another one as register_as"
        raise refusal(("body", MODEL), message) from None
